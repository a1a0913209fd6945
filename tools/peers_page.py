"""docs/peers.md: our policies beside other tools' rules, from the claims and the records of the last runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from auditor.policy import Policy
from tests.peers.claims import Claim, claims
from tests.peers.explained import EXPLAINED

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
ORDER = ("exact", "stricter", "looser", "related")

INTRODUCTION = """\
# Beside other tools

Teams that come from another tool find its rules here: `auditor explain CKV_K8S_16` shows our policy for it and
`auditor check --policy CKV_K8S_16` runs it. Each claim says how **ours** relates to **theirs**: *exact* gives
the same verdict on every input, *stricter* fails whatever theirs fails and more, *looser* fails nothing that
theirs passes, *related* asks something close. The note beside each claim says what differs.

Generated from the policies and the records of the last runs: `make generate`.
"""
PROOF = """\
## How the claims are proved

- **checkov and kube-score** are run. A generator writes some 2,900 Kubernetes objects, Terraform roots and
  Dockerfiles that vary each field that the rules read; both sides judge each object, and every claim but
  *related* is held against the pair of verdicts (`tests/unit/test_equivalents_differential.py`). The same runs on
  public repositories: `python -m tests.peers DIR`.
- **The others** do not install with a package manager here. What they publish with their rules, manifests and
  the verdicts on them, is judged by ours (`python -m tests.peers.documented DIR`). Their claims say "not run".
- kube-score's rules that join objects are claimed as looser or related only, and are not compared: each object is
  judged alone.
- An object is compared where both judge it, and also where one side fails it and the other says nothing.
"""


def page(policies: list[Policy]) -> str:
    """The whole page."""
    known = claims(policies)
    record = json.loads((DATA / "peers.json").read_text())
    documented = json.loads((DATA / "documented.json").read_text())
    parts = [
        INTRODUCTION,
        *_coverage(known),
        PROOF,
        *_runs(record, known),
        *_explanations(record),
        *_documented(documented),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def _coverage(known: Iterable[Claim]) -> Iterator[str]:
    """How many rules of each tool are answered, each counted once under its closest relation."""
    questions = json.loads((DATA / "equivalents.json").read_text())
    closest: dict[tuple[str, str], str] = {}
    for claim in known:
        key = claim.tool, claim.rule
        closest[key] = min(closest.get(key, "related"), claim.relation, key=ORDER.index)
    counts = Counter((tool, relation) for (tool, _), relation in closest.items())
    yield "## Rules that have an answer here\n"
    yield f"Each rule counts once, under its closest relation; {len(questions)} questions are common to the tools.\n"
    yield "| tool | rules | exact | stricter | looser | related | common questions |"
    yield "|---|---|---|---|---|---|---|"
    for tool in sorted({tool for tool, _ in closest}):
        numbers = [counts[tool, relation] for relation in ORDER]
        shared = sum(tool in tools for tools in questions.values())
        yield f"| {tool} | {sum(numbers)} | {' | '.join(map(str, numbers))} | {shared} |"
    yield ""


def _runs(record: Mapping[str, Any], known: Iterable[Claim]) -> Iterator[str]:
    """Claim by claim, what public repositories say."""
    standing = {(claim.tool, claim.rule, claim.policy.code, claim.relation) for claim in known}
    tools = " and ".join(f"{tool} {version}" for tool, version in sorted(record["tools"].items()))
    yield "## On public repositories\n"
    yield f"With {tools}. Repositories, commits and Kubernetes objects compared: " + ", ".join(
        f"{each['name']} {each['commit'] or 'at no commit'} ({each['objects']})"
        for each in record["repositories"]
    )
    yield (
        "\n*As claimed* are verdicts that differ the way the relation says; *explained* ones have their reason below. "
        "Claims that met no object there are left out: the generated cases hold them.\n"
    )
    yield "| tool | rule | ours | relation | both pass | both fail | as claimed | explained | unexplained |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in record["rules"]:
        key = row["tool"], row["rule"], row["policy"], row["relation"]
        differ = sum(row["explained"].values())
        if key in standing and row["passed"] + row["failed"] + row["allowed"] + differ + row["unexplained"]:
            yield (
                f"| {key[0]} | `{key[1]}` | {key[2]} | {key[3]} | {row['passed']} | {row['failed']} "
                f"| {row['allowed']} | {differ} | {row['unexplained']} |"
            )
    yield ""


def _explanations(record: Mapping[str, Any]) -> Iterator[str]:
    """Every class of disagreement, in words."""
    times: Counter[str] = Counter()
    for row in record["rules"]:
        times.update(row["explained"])
    yield "## Where claims and tools part\n"
    yield (
        "Every disagreement, on generated and on public objects, is of one of these classes; in brackets, how many "
        "verdicts on public objects.\n"
    )
    for each in EXPLAINED:
        ids = ", ".join(f"`{rule}`" for rule in sorted(each.rules))
        yield f"- **{each.name}** ({times[each.name]}): {each.words} Rules: {ids}."
    yield ""


def _documented(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """How many published verdicts the claims on the other tools were held against."""
    yield "## Published cases of the tools that are not run\n"
    yield "Verdicts that each tool's repository states for its own rules. None contradicts a claim.\n"
    yield "| tool | commit | rules | verdicts |"
    yield "|---|---|---|---|"
    for row in rows:
        yield f"| {row['tool']} | {row['commit']} | {row['rules']} | {row['verdicts']} |"
