"""``auditor check``: audit repositories, write reports, gate."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.run_flags import add_run_flags, request_of, run_settings, tree_of

if TYPE_CHECKING:
    from auditor.audit import Run
    from auditor.options import Settings

FORMATS = ("terminal", "json", "sarif", "junit", "github", "gitlab", "markdown", "html")
EPILOG = """--format and --output may be given several times; each --output belongs to the --format before it.

example:
  auditor check . --format terminal --format sarif --output audit.sarif --fail-on critical
"""


class _Output(argparse.Action):
    """Collects ``--format F`` and ``--output FILE`` in the order given, as ``[format, file]`` pairs."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:  # type: ignore[no-untyped-def]
        pairs: list[list[str]] = getattr(namespace, "outputs", None) or []
        if option_string == "--format":
            pairs.append([values, "-"])
        elif not pairs:
            parser.error("--output FILE comes after the --format it belongs to")
        else:
            pairs[-1][1] = values
        namespace.outputs = pairs


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add_run_flags(parser)
    add("--format", action=_Output, choices=FORMATS, help="how to show the result (default: terminal)")
    add("--output", action=_Output, metavar="FILE", help="where to write it (default: standard output)")
    add("--changed-since", metavar="REF", default="", help="audit REF too; only what is new since then gates")
    add("--baseline", metavar="FILE", type=Path, help="only what this file does not know gates")
    add(
        "--fail-on",
        choices=("critical", "high", "medium", "low", "never"),
        help="gravest open severity (high)",
    )
    add("--min-score", type=_percent, metavar="N", help="fail below this score")
    add("--min-coverage", type=_percent, metavar="N", help="fail when less than N %% could be assessed")
    add("--sarif-verdicts", choices=("findings", "all"), default="findings", help="what SARIF results hold")
    add("--verbose", action="store_true", help="show every finding in full")


def _percent(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return number


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


def run(options: argparse.Namespace) -> int:
    """Audit, write every output, and give the exit code."""
    from datetime import UTC, datetime

    from auditor import governance

    outputs = getattr(options, "outputs", None) or [["terminal", "-"]]
    everything = options.sarif_verdicts == "all" or any(name == "json" for name, _ in outputs)
    tree = tree_of(options.paths)
    governed = governance.govern(request_of(options, tree))
    result = governance.run(
        governed,
        tree,
        settings_of(options, governed.settings),
        scope=",".join(options.paths),
        now=datetime.now(UTC),
        all_verdicts=everything,
    )
    write(result, outputs, options)
    return result.report.gate.exit_code


def write(result: Run, outputs: list[list[str]], options: argparse.Namespace) -> None:
    """Render each format to its file or to standard output."""
    from auditor.reporters import render
    from auditor.reporters.interface import RenderOptions

    for name, file in outputs:
        terminal = file == "-" and name == "terminal" and sys.stdout.isatty()
        chosen = RenderOptions(
            color=terminal and "NO_COLOR" not in os.environ,
            width=shutil.get_terminal_size((100, 40)).columns if terminal else 100,
            verbose=options.verbose,
            sarif_verdicts=options.sarif_verdicts,
        )
        data = render(name, result.report, chosen)
        if file == "-":
            sys.stdout.buffer.write(data)
        else:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_bytes(data)
