"""What ITK's NIfTI reader keeps quiet about: it reads a short file as zeros, and NaN as zero."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from worker.faults import PermanentFault

_FLOATS = {16: "f4", 64: "f8"}
_CHUNK = 1 << 22


class _Layout(NamedTuple):
    """Where the voxels lie in the (unpacked) file."""

    offset: int
    voxels: int
    bytes_each: int
    floats: str
    """numpy's name of the voxels' type when it can hold NaN, else empty."""


def check(path: Path, *, packed: bool) -> None:
    """PermanentFault when voxels are missing at the file's end, or are NaN or infinite.

    Integers need no look at all: the file's size, or the size that gzip notes at its end, tells enough.
    """
    try:
        with _open(path, packed=packed) as stream:
            layout = _layout(stream.read(540))
            if not layout.floats and _noted_size(path, packed=packed) == _expected(layout) % 2**32:
                return
            stream.seek(layout.offset)
            _check_voxels(stream, layout, path)
    except (OSError, EOFError, zlib.error, struct.error, ValueError, OverflowError) as error:
        # The last two: an offset that is no number, or leads beyond any file.
        raise _fault("unreadable-image", f"the image cannot be read: {error}", path) from error


def _check_voxels(stream: IO[bytes], layout: _Layout, path: Path) -> None:
    wanted, odd = layout.voxels * layout.bytes_each, 0
    while wanted > 0:
        chunk = stream.read(min(_CHUNK, wanted))
        if not chunk or len(chunk) % layout.bytes_each:
            raise _fault("truncated-image", f"the file ends {wanted} bytes before its voxels do", path)
        wanted -= len(chunk)
        if layout.floats:
            odd += int(np.count_nonzero(~np.isfinite(np.frombuffer(chunk, dtype=layout.floats))))
    if odd:
        raise _fault("not-finite", f"{odd} of {layout.voxels} voxels are NaN or infinite", path)


def _layout(header: bytes) -> _Layout:
    order = "<" if struct.unpack_from("<i", header)[0] in (348, 540) else ">"
    if struct.unpack_from(f"{order}i", header)[0] == 348:
        sizes = struct.unpack_from(f"{order}8h", header, 40)
        kind, bits = struct.unpack_from(f"{order}hh", header, 70)
        offset = int(struct.unpack_from(f"{order}f", header, 108)[0])
    else:
        sizes = struct.unpack_from(f"{order}8q", header, 16)
        kind, bits = struct.unpack_from(f"{order}hh", header, 12)
        offset = struct.unpack_from(f"{order}q", header, 168)[0]
    count = 1
    for size in sizes[1 : 1 + sizes[0]]:
        count *= size
    return _Layout(
        max(offset, 0), count, max(bits // 8, 1), f"{order}{_FLOATS[kind]}" if kind in _FLOATS else ""
    )


def _noted_size(path: Path, *, packed: bool) -> int:
    """Modulo 2³²: what the file is long, or what gzip says that it was."""
    if not packed:
        return path.stat().st_size % 2**32
    with path.open("rb") as stream:
        stream.seek(-4, 2)
        return int.from_bytes(stream.read(4), "little")


def _expected(layout: _Layout) -> int:
    return layout.offset + layout.voxels * layout.bytes_each


def _open(path: Path, *, packed: bool) -> IO[bytes]:
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def _fault(code: str, what: str, path: Path) -> PermanentFault:
    return PermanentFault(
        code, what, where=path.name, repair="export the scan again, whole, without masking or resampling"
    )
