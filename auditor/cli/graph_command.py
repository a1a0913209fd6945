"""``auditor graph``: draw how workloads, scalers, queues, roles and nodes hang together."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from auditor.cli.run_flags import add_run_flags, folder_of, request_of, run_settings, tree_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.report import Graph

FORMATS = ("mermaid", "dot", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = (
        "examples:\n"
        "  auditor graph .                                    every GPU workload, as Mermaid\n"
        "  auditor graph . --workload 'inference/*'           workloads by name, GPU or not\n"
        "  auditor graph . --format dot | dot -Tsvg > joins.svg\n"
    )
    add_run_flags(parser)
    parser.add_argument(
        "--workload",
        metavar="PATTERN",
        default="",
        help="only those of this name, namespace/name or 'Kind namespace/name'; * and ? match (default: GPU ones)",
    )
    parser.add_argument("--format", choices=FORMATS, default="mermaid", help="default: mermaid")


def run(options: argparse.Namespace) -> int:
    """Audit, then draw; UsageError when the pattern names no workload."""
    from datetime import UTC, datetime

    from auditor import governance
    from auditor.audit import with_graphs
    from auditor.redact import redacted
    from auditor.relocate import moved
    from auditor.reporters.graphs import GRAPH_FORMATS

    tree = tree_of(options.paths)
    governed = governance.govern(request_of(options, tree))
    settings, now = run_settings(options, governed.settings), datetime.now(UTC)
    result = governance.run(governed, tree, settings, scope=",".join(options.paths), now=now)
    report = with_graphs(result, settings, now=now, workload=options.workload)
    drawn = redacted(moved(report, folder_of(tree))).graphs
    _say_when_empty(drawn, options.workload)
    text = GRAPH_FORMATS[options.format](drawn)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    return 0


def _say_when_empty(drawn: Sequence[Graph], pattern: str) -> None:
    from auditor.errors import UsageError

    if drawn:
        return
    if pattern:
        raise UsageError(f"no workload is called {pattern!r}; --workload '*' draws them all")
    print("auditor: no workload asks for a GPU; --workload '*' draws the others", file=sys.stderr)
