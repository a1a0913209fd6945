"""``auditor fix``: show or write the proved repairs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from auditor.cli.run_flags import STDIN, add_run_flags, request_of, run_settings, tree_of

if TYPE_CHECKING:
    from auditor.audit import Run
    from auditor.repair import Outcome


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = "examples:\n  auditor fix --diff\n  auditor fix --write --policy SEC-003,RES-004\n"
    add_run_flags(parser)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--diff", action="store_true", help="print the edits as a unified diff (default)")
    mode.add_argument("--write", action="store_true", help="write the edits to the files")
    parser.add_argument("--unsafe", action="store_true", help="also fixes that may change behaviour")


def run(options: argparse.Namespace) -> int:
    """Plan, prove, then print or write; 0 when everything asked for was repaired, 1 when something was refused."""
    from datetime import UTC, datetime

    from auditor import governance
    from auditor.errors import UsageError
    from auditor.packs import codes_of
    from auditor.proposals import diff
    from auditor.repair import repair
    from auditor.sources.overlay import OverlayTree

    if STDIN in options.paths:
        raise UsageError("standard input has no files to repair; give a path")
    tree = tree_of(options.paths)
    governed = governance.govern(request_of(options, tree))
    settings = run_settings(options, governed.settings)
    codes = codes_of(settings) if settings.policies else None
    settings.policies, settings.also = (), settings.policies
    scope, now = ",".join(options.paths), datetime.now(UTC)

    def audited(files: Mapping[str, bytes]) -> Run:
        return governance.run(governed, OverlayTree(tree, files), settings, scope=scope, now=now)

    outcome = repair(audited, tree.read, codes=codes, unsafe=options.unsafe)
    for file, data in sorted(outcome.files.items()):
        if options.write:
            (tree.root / file).write_bytes(data)
        else:
            sys.stdout.write(diff(file, tree.read(file), data))
    _summary(outcome, written=options.write)
    return 1 if outcome.refused else 0


def _summary(outcome: Outcome, *, written: bool) -> None:
    verb = "repaired" if written else "can be repaired"
    print(f"{len(outcome.applied)} findings {verb} in {len(outcome.files)} files", file=sys.stderr)
    for fix in outcome.refused:
        title = f"{fix.policy.code} {fix.verdict.resource.title} ({fix.verdict.resource.origin.file})"
        print(f"not repaired: {title}: {fix.refused}", file=sys.stderr)
