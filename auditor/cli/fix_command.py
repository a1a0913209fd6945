"""``auditor fix``: show or write the proved repairs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.repair import Outcome


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = "examples:\n  auditor fix --diff\n  auditor fix --write --policy SEC-003,RES-004\n"
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="directory or file (default: .)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--diff", action="store_true", help="print the edits as a unified diff (default)")
    mode.add_argument("--write", action="store_true", help="write the edits to the files")
    parser.add_argument("--policy", action="append", default=[], metavar="ID,…", help="only these policies")
    parser.add_argument("--unsafe", action="store_true", help="also fixes that may change behaviour")


def run(options: argparse.Namespace) -> int:
    """Plan, prove, then print or write; 0 when everything asked for was repaired, 1 when something was refused."""
    from datetime import UTC, datetime

    from auditor.audit import UsageError, audit
    from auditor.options import Settings
    from auditor.repair import repair
    from auditor.sources.git import GitOptions, GitSource
    from auditor.sources.overlay import OverlayTree
    from auditor.sources.tree import Tree

    root = Path(options.path)
    if not root.exists():
        raise UsageError(f"{root}: no such file or directory")
    settings = Settings(policies=[name for given in options.policy for name in given.split(",") if name])
    tree = Tree(root)
    now = datetime.now(UTC)

    def audited(files):  # type: ignore[no-untyped-def]
        inventory = GitSource(OverlayTree(tree, files), GitOptions(exclude=settings.exclude)).collect()
        return audit(inventory, settings, scope=str(root), now=now)

    outcome = repair(audited, tree.read, unsafe=options.unsafe)
    for file, data in sorted(outcome.files.items()):
        if options.write:
            (tree.root / file).write_bytes(data)
        else:
            sys.stdout.write(diff(file, tree.read(file), data))
    _summary(outcome, written=options.write)
    return 1 if outcome.refused else 0


def diff(file: str, before: bytes, after: bytes) -> str:
    """A unified diff that ``git apply`` and ``patch -p1`` take."""
    from difflib import unified_diff

    lines = unified_diff(
        before.decode("utf-8", "replace").splitlines(keepends=True),
        after.decode("utf-8", "replace").splitlines(keepends=True),
        f"a/{file}",
        f"b/{file}",
    )
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
    )


def _summary(outcome: Outcome, *, written: bool) -> None:
    verb = "repaired" if written else "can be repaired"
    print(f"{len(outcome.applied)} findings {verb} in {len(outcome.files)} files", file=sys.stderr)
    for fix in outcome.refused:
        title = f"{fix.policy.code} {fix.verdict.resource.title} ({fix.verdict.resource.origin.file})"
        print(f"not repaired: {title}: {fix.refused}", file=sys.stderr)
