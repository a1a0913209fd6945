"""``auditor baseline``: accept today's findings, so that only new ones gate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from auditor.cli.run_flags import add_run_flags, request_of, run_settings, tree_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommand."""
    parser.epilog = (
        "example:\n  auditor baseline write .\n  auditor check . --baseline auditor-baseline.json\n"
    )
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    text = "write down every open finding; run it again to drop the repaired ones"
    write = commands.add_parser("write", help=text, description=text)
    add_run_flags(write)
    write.add_argument("--output", metavar="FILE", type=Path, help="default: auditor-baseline.json")


def run(options: argparse.Namespace) -> int:
    """Audit and write the file; exit code 3 when something could not be read, for then it is not whole."""
    from datetime import UTC, datetime

    from auditor import governance
    from auditor.baseline import BASELINE_FILE, encode
    from auditor.gate import EXIT_CLEAN, EXIT_INCOMPLETE

    tree = tree_of(options.paths)
    governed = governance.govern(request_of(options, tree))
    settings = run_settings(options, governed.settings)
    settings.fail_on = settings.min_score = settings.min_coverage = None
    result = governance.run(governed, tree, settings, scope=",".join(options.paths), now=datetime.now(UTC))
    file = options.output or Path(BASELINE_FILE)
    data = encode(result.report.findings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    print(f"{file}: {data.count(b'fingerprints')} findings accepted", file=sys.stderr)
    incomplete = result.report.gate.exit_code == EXIT_INCOMPLETE
    if incomplete:
        print(f"incomplete: {'; '.join(result.report.gate.reasons)}", file=sys.stderr)
    return EXIT_INCOMPLETE if incomplete else EXIT_CLEAN
