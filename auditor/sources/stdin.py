"""Standard input as a tree of one file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from auditor.sources.tree import MAX_FILE_BYTES, Tree, Unreadable

STDIN = "<stdin>"


class StdinTree(Tree):
    """What was piped in, under the name ``<stdin>``."""

    def __init__(self, stream: BinaryIO, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        super().__init__(Path(), max_bytes=max_bytes)
        self._data = stream.read(max_bytes + 1)
        self._files = [STDIN]

    def _bytes(self, path: str) -> bytes:
        if path != STDIN:
            raise Unreadable("standard input holds one file", f"ask for {STDIN}")
        if len(self._data) > self._max_bytes:
            raise Unreadable(
                f"more than the {self._max_bytes // 1_000_000} MB that are read", "pipe in less at a time"
            )
        return self._data
