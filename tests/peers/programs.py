"""Where the other tools are, and how a run of one may end."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.install import CACHE


class ToolError(Exception):
    """A tool that is missing or that did not answer; the message says what to do."""


def program(name: str, *places: Path) -> str:
    """The executable called ``name``: as tools/install.py puts it, else from the path."""
    for place in places:
        if place.is_file():
            return str(place)
    found = shutil.which(name)
    if found is None:
        raise ToolError(f"{name} is not installed: run `make tools`")
    return found


def checkov() -> str:
    """Checkov's executable."""
    return program("checkov", CACHE / "checkov" / "bin" / "checkov")


def kube_score() -> str:
    """kube-score's executable."""
    return program("kube-score", CACHE / "bin" / "kube-score")


def output(command: Sequence[str], folder: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """The finished process; its exit status is the caller's to judge."""
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as expired:
        raise ToolError(f"{command[0]} took more than {timeout:.0f} s") from expired
