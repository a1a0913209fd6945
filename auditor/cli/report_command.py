"""``auditor report``: show, join and compare results that were saved as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.outputs import NOTE, add_output_flags, write

if TYPE_CHECKING:
    from auditor.report import Report

EPILOG = f"""{NOTE}

examples:
  auditor report convert audit.json --format html --output audit.html
  auditor report merge team-a.json team-b.json --format json --output all.json
  auditor report compare before.json after.json
"""
ACTIONS = {
    "convert": "show a saved result in another format",
    "merge": "join results of several scopes into one",
    "compare": "show what changed between two results",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    parser.epilog = EPILOG
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in ACTIONS.items():
        sub = commands.add_parser(name, help=text, description=text)
        if name == "compare":
            sub.add_argument("old", type=Path, metavar="OLD.json")
            sub.add_argument("new", type=Path, metavar="NEW.json")
        else:
            sub.add_argument("files", nargs=1 if name == "convert" else "+", type=Path, metavar="FILE.json")
        add_output_flags(sub)


def run(options: argparse.Namespace) -> int:
    """0; for ``compare`` 1 when the newer result has new findings."""
    from auditor.errors import UsageError
    from auditor.reporters.compare import CannotMerge, against, merge

    if options.action == "compare":
        report = against(_read(options.old), _read(options.new), options.old.name)
        write(report, options)
        return 1 if report.change is not None and report.change.new else 0
    reports = [_read(file) for file in options.files]
    try:
        write(reports[0] if options.action == "convert" else merge(reports), options)
    except CannotMerge as error:
        raise UsageError(str(error)) from error
    return 0


def _read(file: Path) -> Report:
    from msgspec import DecodeError

    from auditor.errors import UsageError
    from auditor.report import decode

    try:
        return decode(file.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}; name a result of `auditor check --format json`"
        ) from error
    except DecodeError as error:
        raise UsageError(f"{file}: not a saved result ({error}); write one with --format json") from error
