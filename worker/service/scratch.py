"""Folders for scans in work, and the removal of those that a killed process left behind."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import IO


class Scratch:
    """One folder of this process, locked as long as it lives, so that others can tell it from a leftover."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        for leftover in root.glob("run-*"):
            _remove_if_dead(leftover)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=root))
        self._lock: IO[str] = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def new(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="scan-", dir=self.folder))

    def discard(self, folder: Path | None) -> None:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _remove_if_dead(folder: Path) -> None:
    try:
        with (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except FileNotFoundError:
        _remove_if_empty(folder)
    except OSError:
        return  # its process lives


def _remove_if_empty(folder: Path) -> None:
    """Killed before it made its lock: nothing is in it."""
    try:
        folder.rmdir()
    except OSError:
        return
