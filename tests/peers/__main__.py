"""``python -m tests.peers DIR``: compare on the repositories below DIR and record what was found.

The record (tests/data/peers.json) holds counts, names of repositories and commits, and nothing of theirs;
``make generate`` renders it into docs/peers.md. Objects that differ without an explanation are printed, and
the exit status is then 1.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from auditor.catalog import builtin_folder, load_folder
from tests.peers import checkov, differential
from tests.peers.claims import Claim, directed
from tests.peers.compare import Comparison
from tests.peers.stage import commit, stage
from tools.install import CHECKOV, GO_TOOLS

RECORD = Path(__file__).resolve().parent.parent / "data" / "peers.json"


def main(arguments: Sequence[str]) -> int:
    """Compare, record, complain."""
    corpus = arguments[0] if arguments else os.environ.get("AUDITOR_CORPUS", "")
    if not corpus or not Path(corpus).is_dir():
        print("usage: python -m tests.peers DIR (or AUDITOR_CORPUS=DIR): checked-out repositories below DIR")
        return 2
    repositories = sorted(path for path in Path(corpus).iterdir() if path.is_dir())
    claims = directed(load_folder(builtin_folder()))
    counts, comparisons = _compare(repositories, claims)
    RECORD.write_text(json.dumps(_record(repositories, counts, comparisons), indent=1) + "\n")
    open_ones = [each for comparison in comparisons for each in comparison.unexplained()]
    for each in open_ones:
        print(
            each.rule,
            each.policy,
            *each.subject,
            f"theirs {each.theirs} ours {each.ours} {each.reason}".strip(),
        )
    return 1 if open_ones else 0


def _compare(repositories: list[Path], claims: list[Claim]) -> tuple[dict[str, int], list[Comparison]]:
    parts: list[Comparison] = []
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        files = stage(repositories, folder)
        parts += differential.manifests(folder, files, claims)
    for repository in repositories:
        parts += differential.files(repository, claims, checkov.TERRAFORM)
        parts += differential.files(repository, claims, checkov.DOCKERFILE)
    counts = {repository.name: 0 for repository in repositories}
    for file in files:
        counts[file.split("/")[0]] += 1
    return counts, differential.together(parts)


def _record(
    repositories: list[Path], counts: dict[str, int], comparisons: list[Comparison]
) -> dict[str, Any]:
    return {
        "tools": {"checkov": CHECKOV.split("==")[1], "kube-score": GO_TOOLS["kube-score"].split("@")[1]},
        "repositories": [
            {"name": each.name, "commit": commit(each), "objects": counts[each.name]} for each in repositories
        ],
        "rules": [_row(comparison) for comparison in comparisons],
    }


def _row(comparison: Comparison) -> dict[str, Any]:
    explained = {why.name: len(found) for why, found in comparison.explained().items()}
    return {
        "tool": comparison.claim.tool,
        "rule": comparison.claim.rule,
        "policy": comparison.claim.policy.code,
        "relation": comparison.claim.relation,
        "passed": comparison.passed,
        "failed": comparison.failed,
        "allowed": comparison.allowed,
        "explained": dict(sorted(explained.items())),
        "unexplained": len(comparison.unexplained()),
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
