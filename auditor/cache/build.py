"""Which auditor this is: what one build keeps, another must not use."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from auditor import __version__
from auditor.cache.store import digest


@cache
def build() -> str:
    """Changes with the version, the Python, and every source file of the package (a checkout is edited)."""
    parts = [__version__, sys.implementation.cache_tag or sys.version]
    stack = [os.fspath(Path(__file__).resolve().parent.parent)]
    while stack:
        for entry in sorted(os.scandir(stack.pop()), key=lambda each: each.name):
            if entry.is_dir():
                stack.append(entry.path)
            elif entry.name.endswith((".py", ".json")):
                status = entry.stat()
                parts.append(f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}")
    return digest(*parts)
