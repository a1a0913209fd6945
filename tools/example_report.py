"""reports/example: what `make audit` says of platform/ today, with the clock stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path("reports/example")
NAMES = {"markdown": "report.md", "html": "report.html"}
NOW = "2026-11-21T12:00:00+00:00"
_RUN = """\
import datetime, sys

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromisoformat({now!r})

datetime.datetime = Clock
from auditor.cli.entry import main
sys.exit(main())
"""


def reports(root: Path) -> dict[Path, bytes]:
    """The files and their content. The clock decides which waivers hold and which versions are supported."""
    with TemporaryDirectory(prefix="auditor-example-") as scratch:
        outputs = {Path(scratch) / name: FOLDER / name for name in NAMES.values()}
        flags = [
            word
            for form, name in NAMES.items()
            for word in ("--format", form, "--output", f"{scratch}/{name}")
        ]
        arguments = ["check", "platform", "--no-cache", "--fail-on", "never", *flags]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        command = [sys.executable, "-c", _RUN.format(now=NOW), *arguments]
        subprocess.run(command, cwd=root, env=environment, check=True)
        return {target: source.read_bytes() for source, target in outputs.items()}
