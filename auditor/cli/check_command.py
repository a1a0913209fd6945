"""``auditor check``: audit repositories, write reports, gate."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.audit import Run
    from auditor.options import Settings
    from auditor.sources.interface import Inventory

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
    add(
        "paths",
        nargs="*",
        default=["."],
        metavar="PATH",
        help="directories or files; - reads stdin (default: .)",
    )
    add("--format", action=_Output, choices=FORMATS, help="how to show the result (default: terminal)")
    add("--output", action=_Output, metavar="FILE", help="where to write it (default: standard output)")
    add(
        "--policy",
        action="append",
        default=[],
        metavar="ID,…",
        help="only these policies; peers' rule ids work too",
    )
    add(
        "--fail-on",
        choices=("critical", "high", "medium", "low", "never"),
        help="gravest open severity (high)",
    )
    add("--min-score", type=float, metavar="N", help="fail below this score")
    add("--min-coverage", type=float, metavar="N", help="fail when less than N %% could be assessed")
    add("--no-render", action="store_true", help="judge kustomize and Helm files as they lie there")
    add("--full-parse", action="store_true", help="parse also documents of kinds that no policy asks for")
    add("--sarif-verdicts", choices=("findings", "all"), default="findings", help="what SARIF results hold")
    add("--verbose", action="store_true", help="show every finding in full")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the flags ask for."""
    from auditor.options import Settings

    settings = Settings(render=not options.no_render, full_parse=options.full_parse)
    settings.policies = [name for given in options.policy for name in given.split(",") if name]
    if options.fail_on is not None:
        settings.fail_on = None if options.fail_on == "never" else options.fail_on
    settings.min_score, settings.min_coverage = options.min_score, options.min_coverage
    return settings


def inventory_of(paths: list[str], settings: Settings) -> Inventory:
    """Everything below the paths; UsageError for one that does not exist."""
    from auditor.audit import UsageError
    from auditor.sources.git import GitOptions, GitSource
    from auditor.sources.interface import Inventory
    from auditor.sources.tree import Tree

    whole: Inventory | None = None
    for path in paths:
        if not Path(path).exists():
            raise UsageError(f"{path}: no such file or directory")
        git = GitOptions(settings.render, settings.full_parse, settings.exclude)
        found = GitSource(Tree(Path(path)), git).collect()
        whole = found if whole is None else whole.merged(found)
    return whole or Inventory()


def run(options: argparse.Namespace) -> int:
    """Audit, write every output, and give the exit code."""
    from datetime import UTC, datetime

    from auditor.audit import audit

    settings = settings_of(options)
    outputs = getattr(options, "outputs", None) or [["terminal", "-"]]
    everything = options.sarif_verdicts == "all" or any(name == "json" for name, _ in outputs)
    inventory = inventory_of(options.paths, settings)
    scope = ",".join(options.paths)
    result = audit(inventory, settings, scope=scope, now=datetime.now(UTC), all_verdicts=everything)
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
