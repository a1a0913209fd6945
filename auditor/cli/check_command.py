"""``auditor check``: audit repositories, write reports, gate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.bar import bar
from auditor.cli.live_flags import add_live_flags, git_paths, is_live, requests_of
from auditor.cli.outputs import NOTE, add_output_flags, outputs_of, write
from auditor.cli.result_flags import Results, add_result_flags
from auditor.cli.run_flags import add_run_flags, folder_of, percent, request_of, run_settings, tree_of

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.audit import Run
    from auditor.options import Settings
    from auditor.report import Report
    from auditor.sources.tree import Tree
    from auditor.spans import Problem

SHOW_FIXES = frozenset({"json", "sarif", "markdown", "html"})
"""Formats that show the edits of a repair."""
DRAWING_FORMATS = frozenset({"html", "json"})
"""Formats that show the joins of workloads; the others do not pay for them."""
DRAWN_WORKLOADS = 20

EPILOG = f"""{NOTE}

example:
  auditor check . --format terminal --format sarif --output audit.sarif --fail-on critical
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add_run_flags(parser)
    add_output_flags(parser)
    add("--changed-since", metavar="REF", default="", help="audit REF too; only what is new since then gates")
    add("--baseline", metavar="FILE", type=Path, help="only what this file does not know gates")
    add(
        "--fail-on",
        choices=("critical", "high", "medium", "low", "never"),
        help="gravest open severity (high)",
    )
    add("--min-score", type=percent, metavar="N", help="fail below this score")
    add("--min-coverage", type=percent, metavar="N", help="fail when less than N %% could be assessed")
    add_result_flags(parser)
    add_live_flags(parser)


def settings_of(options: argparse.Namespace, settings: Settings) -> Settings:
    """The configuration's settings under the flags, which win."""
    settings = run_settings(options, settings)
    if options.fail_on is not None:
        settings.fail_on = None if options.fail_on == "never" else options.fail_on
    if options.min_score is not None:
        settings.min_score = options.min_score
    if options.min_coverage is not None:
        settings.min_coverage = options.min_coverage
    return settings


def _complain(problem: Problem) -> None:
    print(f"auditor: {problem.what}; {problem.repair}", file=sys.stderr)


def _clock(options: argparse.Namespace, now: datetime) -> datetime:
    """The time of the audit: a snapshot alone is judged by the time at which it was taken."""
    if not options.snapshot or options.cluster or options.aws or options.prometheus:
        return now
    from auditor.sources.snapshot import load

    return max(load(file)[1] for file in options.snapshot)


def _completed(run: Run, formats: set[str], settings: Settings, tree: Tree, now: datetime) -> Report:
    """The report with what only some formats show: joins and repairs."""
    report = run.report
    if formats & DRAWING_FORMATS:
        from auditor.audit import with_graphs
        from auditor.guard import one_row

        with one_row(_complain, ".", "the joins could not be drawn"):
            report = with_graphs(run, settings, now=now, limit=DRAWN_WORKLOADS)
    if formats & SHOW_FIXES:
        from auditor.proposals import with_fixes

        only_new = bool(report.base)
        report = with_fixes(report, run.verdicts, run.policies, tree.read, only_new=only_new)
    return report


def run(options: argparse.Namespace) -> int:
    """Audit, write every output, and give the exit code."""
    from datetime import UTC, datetime
    from time import monotonic

    from auditor import governance
    from auditor.relocate import moved

    began, now = monotonic(), datetime.now(UTC)
    requests, options.paths = requests_of(options), git_paths(options)
    results = Results(options, requests)
    formats = {name for name, _ in outputs_of(options)} | results.formats
    everything = options.sarif_verdicts == "all" or "json" in formats
    tree = tree_of(options.paths)
    governed = governance.govern(request_of(options, tree))
    settings = settings_of(options, governed.settings)
    settings.live = is_live(options)
    now = _clock(options, now)
    rows_only = not everything and not settings.live and formats.isdisjoint(DRAWING_FORMATS | SHOW_FIXES)
    with bar():
        result = governance.run(
            governed,
            tree,
            settings,
            scope=",".join(options.paths),
            now=now,
            all_verdicts=everything,
            rows_only=rows_only,
            live=requests,
            save_to=options.save_snapshot,
        )
    report = results.with_history(moved(_completed(result, formats, settings, tree, now), folder_of(tree)))
    seconds = monotonic() - began
    try:
        write(report, options, seconds=seconds)
    finally:  # a broken pipe costs what stands behind it, and nothing else
        code = results.deliver(report, result.inventory, seconds)
    return code
