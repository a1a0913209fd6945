"""``auditor cost``: what the platform and a scan cost, from Git alone."""

from __future__ import annotations

import argparse
import os
import sys

from auditor.cli.run_flags import add_run_flags, folder_of, governed_settings, tree_of

FORMATS = ("terminal", "json", "markdown")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = (
        "examples:\n"
        "  auditor cost platform                      floor, expected and worst; a scan at three volumes; trade-offs\n"
        "  auditor cost platform --format markdown    the same as tables in Markdown\n"
        "\nWhat a scan takes is declared: p95_seconds, cold_start_seconds, max_seconds, vram_gib, jobs_per_month and\n"
        "monthly_budget_usd (docs/declarations.md). What nobody declared is said, and never guessed."
    )
    add_run_flags(parser)
    parser.add_argument("--format", choices=FORMATS, default="terminal", help="default: terminal")
    parser.set_defaults(changed_since="")


def run(options: argparse.Namespace) -> int:
    """Print the statement; 3 when something of the tree could not be read."""
    from datetime import UTC, datetime

    from auditor.audit import collect, worlds_of
    from auditor.cost.build import statement
    from auditor.cost.show import as_json, as_markdown, as_text

    tree = tree_of(options.paths)
    settings = governed_settings(options, tree)
    inventory = collect(tree, settings)
    made = statement(
        worlds_of(inventory, settings, datetime.now(UTC).date()), folder_of(tree).rstrip("/") or "."
    )
    if options.format == "json":
        text = as_json(made)
    elif options.format == "markdown":
        text = as_markdown(made)
    else:
        terminal = sys.stdout.isatty()
        text = as_text(made, color=terminal and "NO_COLOR" not in os.environ, width=_width(terminal))
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    for problem in inventory.problems:
        print(f"auditor: {problem.file}: {problem.what}: {problem.repair}", file=sys.stderr)
    return 3 if inventory.problems else 0


def _width(terminal: bool) -> int:
    """Columns of the terminal; a pipe has none, and nothing is folded for it."""
    import shutil

    return shutil.get_terminal_size((140, 40)).columns if terminal else 240
