"""``auditor history``: the trend of the runs that a folder or an S3 prefix keeps."""

from __future__ import annotations

import argparse

from auditor.cli.outputs import add_format_flags, shown, write_each
from auditor.results import LAST

FORMATS = ("terminal", "json", "html")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = (
        "examples:\n"
        "  auditor check . --history audits               keeps this run there, as JSON and HTML\n"
        "  auditor history audits                         the trend so far\n"
        "  auditor history s3://bucket/audits --format html --output trend.html\n"
    )
    add = parser.add_argument
    add("where", metavar="WHERE", help="a folder or s3://bucket/prefix with JSON reports")
    add(
        "--last",
        type=_positive,
        default=LAST,
        metavar="N",
        help=f"look at the newest N runs (default: {LAST})",
    )
    add_format_flags(parser, FORMATS)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of runs")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """0. UsageError where the place cannot be read, or holds no report at all."""
    from auditor.errors import UsageError
    from auditor.reporters.history import render
    from auditor.results import Undelivered
    from auditor.results.kept import histories
    from auditor.results.store import open_store

    try:
        found = histories(open_store(options.where), options.last)
    except Undelivered as error:
        raise UsageError(f"{error.what}; {error.repair}") from error
    if not any(history.runs or history.left_out for history in found):
        raise UsageError(
            f"{options.where} holds no reports; `auditor check --history {options.where}` keeps them"
        )
    write_each(options, lambda name, file: render(name, found, shown(options, name, file)))
    return 0
