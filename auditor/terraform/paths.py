"""Paths of a repository, and which of them are Terraform's. Imports nothing, so that asking is cheap."""

from __future__ import annotations

import posixpath

SUFFIXES = (".tf", ".tf.json")


def is_terraform(path: str) -> bool:
    return path.endswith(SUFFIXES)


def inside(directory: str, path: str) -> str | None:
    """``path`` as seen from ``directory``, relative to the repository; None when it leaves it."""
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path:
        return None
    joined = posixpath.normpath(posixpath.join(directory or ".", path))
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined
