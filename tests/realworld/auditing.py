"""One measured run of the command on one repository."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from auditor import report
from auditor.report import Report

HERE = Path(__file__).parents[2]


class Measured(NamedTuple):
    """A finished run of ``auditor check``."""

    name: str
    root: Path
    report: Report
    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time, renderers included."""
    peak: int
    """KiB of resident memory of the largest process."""


def check(root: Path, *flags: str) -> Measured:
    """Audit ``root`` in a process of its own, from its own folder, without a gate. RuntimeError if it breaks."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.json"
        command = [sys.executable, "-m", "auditor", "check", ".", "--no-config", "--fail-on", "never"]
        command += ["--format", "json", "--output", str(output), *flags]
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if not output.exists():
            raise RuntimeError(f"{root}: auditor check ended with {process.returncode} and wrote no report")
        found = report.decode(output.read_bytes())
    return Measured(root.name, root, found, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
