"""Unpack a zip or tar that a stranger made: nothing leaves the folder, and nothing grows without bound."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from worker.faults import PermanentFault
from worker.imaging.limits import Limits

_CHUNK = 1 << 20
_LARGEST_READ = 16 << 20
"""tarfile reads a member's extended header in one piece; no honest one is this large."""
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, lzma.LZMAError, ValueError, RuntimeError)
_SKIPPED = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


def is_archive(path: Path) -> bool:
    """Judged by content: a zip, or a tar (plain, gzip, bzip2, xz)."""
    if zipfile.is_zipfile(path):
        return True
    try:
        with _decompressed(path) as stream:
            return _is_tar_header(stream.read(512))
    except _BROKEN:
        return False


def unpack(path: Path, folder: Path, limits: Limits) -> list[Path]:
    """The archive's regular files, written into ``folder`` under numbered names, in the archive's order.

    PermanentFault: a member leads out of the archive, is a link or a device, is encrypted, or the archive is
    broken, holds too many files, or unpacks to too many bytes (counted as they come, not as declared).
    """
    budget = _Budget(limits, path.name)
    try:
        if zipfile.is_zipfile(path):
            return [_write(member, folder, budget) for member in _zip_members(path)]
        return [_write(member, folder, budget) for member in _tar_members(path)]
    except PermanentFault:
        raise
    except _BROKEN as error:
        raise _fault("archive-broken", f"the archive cannot be unpacked: {error}", path.name) from error


class _Budget:
    """What the archive may still unpack."""

    def __init__(self, limits: Limits, name: str) -> None:
        self._limits, self.name, self.files, self._bytes = limits, name, 0, 0

    def count_file(self) -> int:
        self.files += 1
        if self.files > self._limits.archive_files:
            raise _fault("archive-too-many", f"more than {self._limits.archive_files} files", self.name)
        return self.files

    def count_bytes(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._limits.archive_bytes:
            raise _fault(
                "archive-too-large", f"unpacks to more than {self._limits.archive_bytes} bytes", self.name
            )


_Member = tuple[str, IO[bytes]]


def _write(member: _Member, folder: Path, budget: _Budget) -> Path:
    name, stream = member
    tail = re.sub(r"[^A-Za-z0-9._-]", "_", PurePosixPath(name).name)[-80:]
    target = folder / f"{budget.count_file():06d}-{tail}"
    with stream, target.open("xb") as out:
        while chunk := stream.read(_CHUNK):
            budget.count_bytes(len(chunk))
            out.write(chunk)
    return target


def _zip_members(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir() or _is_skipped(info.filename):
                continue
            _check_name(info.filename)
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise _fault("archive-link", "a member is a symbolic link", info.filename)
            if info.flag_bits & 1:
                raise _fault("archive-encrypted", "a member is encrypted", info.filename)
            yield info.filename, archive.open(info)


def _tar_members(path: Path) -> Iterator[_Member]:
    with _decompressed(path) as raw, tarfile.open(fileobj=_Guarded(raw), mode="r:") as archive:  # type: ignore[call-overload]
        for info in archive:
            if info.isdir() or _is_skipped(info.name):
                continue
            _check_name(info.name)
            if not info.isreg():
                raise _fault("archive-link", "a member is a link or a device", info.name)
            stream = archive.extractfile(info)
            if stream is not None:
                yield info.name, stream


class _Guarded:
    """A stream that refuses to be read in pieces that would fill the memory."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def read(self, count: int = -1) -> bytes:
        if count < 0 or count > _LARGEST_READ:
            raise ValueError(f"a header claims {count} bytes")
        return self._raw.read(count)

    def seek(self, position: int, whence: int = 0) -> int:
        return self._raw.seek(position, whence)

    def tell(self) -> int:
        return self._raw.tell()


def _decompressed(path: Path) -> Any:
    with path.open("rb") as stream:
        start = stream.read(6)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(path)
    if start.startswith(b"BZh"):
        return bz2.open(path)
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(path)
    return path.open("rb")


def _is_tar_header(block: bytes) -> bool:
    return len(block) == 512 and block[257:262] == b"ustar"


def _is_skipped(name: str) -> bool:
    return any(part in _SKIPPED for part in PurePosixPath(name).parts)


def _check_name(name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    outside = not parts or ".." in parts or parts[0] == "/" or re.match(r"[A-Za-z]:", name) or "\0" in name
    if outside:
        raise _fault("archive-path", "a member's path leads out of the archive", name)


def _fault(code: str, what: str, where: str) -> PermanentFault:
    return PermanentFault(
        code,
        what,
        where=where[:200],
        repair="send a plain zip or tar of one scan's files, nothing else in it",
    )
