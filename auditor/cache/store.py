"""The cache folder: small files, replaced whole, never trusted. Every failure means only that nothing is kept.

The folder belongs to the user and lies outside of what is audited. Runs side by side are no danger: a file is
written under another name and moved into place, and whoever reads sees one version or the other.
"""

from __future__ import annotations

import os
from _thread import get_ident
from pathlib import Path
from time import time

import msgspec
import xxhash

FOLDER = "AUDITOR_CACHE_DIR"
"""Environment variable that names the folder; else ``$XDG_CACHE_HOME/auditor`` or ``~/.cache/auditor``."""
MAX_BYTES = 512 * 1024 * 1024
MAX_AGE_SECONDS = 30 * 24 * 3600
_PART = "results"
_MAGIC = b"auditor-cache-1\n"
_DIGEST_BYTES = 16
_ENCODER = msgspec.msgpack.Encoder()


class Store:
    """Named values in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)
        self._full = False

    @classmethod
    def open(cls, *, outside: Path | None) -> Store | None:
        """The user's store; None where it would lie in the audited tree, or others may write to it."""
        try:
            folder = _folder()
            if outside is not None and folder.resolve().is_relative_to(outside.resolve()):
                return None
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = folder.stat()
        except (OSError, RuntimeError):
            return None
        private = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
        return cls(folder) if private else None

    def read(self, name: str) -> bytes | None:
        """The value called ``name``; None when there is none, or not what was written."""
        path = f"{self._folder}/{name}"
        try:
            with open(path, "rb", buffering=0) as handle:  # noqa: PTH123 - pathlib takes as long as the reading
                head = handle.read(len(_MAGIC) + _DIGEST_BYTES)
                value = handle.readall()
            os.utime(path)
        except OSError:
            return None
        return value if head == _MAGIC + xxhash.xxh3_128_digest(value) else None

    def write(self, name: str, value: bytes) -> None:
        """Keep a value; what has not been read for long makes room."""
        path = f"{self._folder}/{name}"
        draft = f"{path}.{os.getpid()}.{get_ident()}.draft"
        try:
            with open(draft, "wb") as handle:  # noqa: PTH123
                handle.write(_MAGIC + xxhash.xxh3_128_digest(value))
                handle.write(value)
            Path(draft).replace(path)
            if not self._full:
                self._full = True
                self._make_room()
        except OSError:
            return

    def keep(self, name: str, value: object) -> None:
        """Keep plain data; nothing where it holds a file's name that is no UTF-8, which cannot be written down."""
        try:
            data = _ENCODER.encode(value)
        except UnicodeEncodeError:
            return
        self.write(name, data)

    def _make_room(self) -> None:
        """Once a run: remove what is old, and the oldest while there is too much."""
        entries = [(entry, entry.stat(follow_symlinks=False)) for entry in os.scandir(self._folder)]
        room, oldest = MAX_BYTES, time() - MAX_AGE_SECONDS
        for entry, status in sorted(entries, key=lambda pair: -pair[1].st_mtime):
            room -= status.st_size
            if room < 0 or status.st_mtime < oldest:
                Path(entry.path).unlink()


def _folder() -> Path:
    named = os.environ.get(FOLDER)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "auditor" / _PART


def digest(*parts: str | bytes) -> str:
    """A name for what the parts say together; parts cannot run into each other."""
    try:
        data = _ENCODER.encode(parts)
    except UnicodeEncodeError:  # names of files that are no UTF-8
        data = _ENCODER.encode([p.encode("utf-8", "surrogateescape") if type(p) is str else p for p in parts])
    return xxhash.xxh3_128_hexdigest(data)


def fingerprint(data: bytes | msgspec.Raw) -> str:
    """A name for what some bytes say."""
    return xxhash.xxh3_128_hexdigest(data)
