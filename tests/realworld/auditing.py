"""One measured run of the command on one repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from auditor import report
from auditor.report import Report

HERE = Path(__file__).parents[2]
LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(process, 0)
wall = time.perf_counter() - started
print(json.dumps([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]))
"""
"""A process inherits the peak of the one that starts it, so a small one stands between."""


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
    code: int
    """The exit code."""


def check(root: Path, *flags: str) -> Measured:
    """Audit ``root`` in a process of its own, from its own folder, without a gate. RuntimeError if it breaks."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.json"
        command = [sys.executable, "-m", "auditor", "check", ".", "--no-config", "--fail-on", "never"]
        command += ["--format", "json", "--output", str(output), *flags]
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        done = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCHER, *command],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        wall, cpu, peak, code = json.loads(done.stdout)
        if not output.exists():
            raise RuntimeError(f"{root}: auditor check ended with {code} and wrote no report")
        found = report.decode(output.read_bytes())
    return Measured(root.name, root, found, wall, cpu, peak, code)
