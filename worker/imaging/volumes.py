"""NIfTI, NRRD and MetaImage: one file is one volume. The header is judged before a voxel is read."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.faults import PermanentFault
from worker.imaging import nifti_bytes
from worker.imaging.limits import Limits
from worker.imaging.scan import Geometry, Scan, check_values

_HEADER_BYTES = 1 << 16
"""Text headers (NRRD, MetaImage) end long before this."""


class Format(NamedTuple):
    """How SimpleITK is told to read it."""

    kind: str
    reader: str
    ending: str


_NIFTI = Format("nifti", "NiftiImageIO", ".nii")
_NIFTI_GZ = Format("nifti", "NiftiImageIO", ".nii.gz")
_NRRD = Format("nrrd", "NrrdImageIO", ".nrrd")
_METAIMAGE = Format("metaimage", "MetaImageIO", ".mha")


def sniff(path: Path) -> Format | None:
    """The format, judged by content; None when it is none of these. PermanentFault for a broken relative."""
    start = _start(path)
    packed = start.startswith(b"\x1f\x8b")
    if packed:
        start = _unpacked_start(path)
    if start.startswith(b"NRRD0"):
        return _NRRD
    if _is_metaimage(start):
        return _METAIMAGE
    if _is_nifti(start, path.name):
        return _NIFTI_GZ if packed else _NIFTI
    return None


def read(paths: Sequence[Path], limits: Limits) -> Scan:
    """One scan of as many channels as files, all on the same grid. PermanentFault for what cannot be used."""
    images = [_read_one(path, limits, len(paths)) for path in paths]
    kind, geometry, _ = images[0]
    for path, (_, other, _) in zip(paths[1:], images[1:], strict=True):
        if other.shape != geometry.shape or not np.allclose(other.spacing, geometry.spacing, rtol=1e-5):
            raise PermanentFault(
                "channels-differ",
                f"the channels differ in size or spacing: {paths[0].name} and {path.name}",
                where=path.name,
                repair="register all channels of a scan to the same grid",
            )
    return Scan(np.stack([volume for _, _, volume in images]), geometry, kind)


def _read_one(path: Path, limits: Limits, count: int) -> tuple[str, Geometry, NDArray[np.float32]]:
    import SimpleITK

    format_ = sniff(path)
    if format_ is None:
        raise _unreadable(path, "it is neither NIfTI, NRRD nor MetaImage")
    if format_.kind in {"nrrd", "metaimage"}:
        _refuse_detached(path, format_.kind)
    with TemporaryDirectory() as folder:
        named = Path(folder) / f"scan{format_.ending}"
        named.symlink_to(path.resolve())
        reader: Any = SimpleITK.ImageFileReader()  # type: ignore[no-untyped-call, unused-ignore]
        reader.SetImageIO(format_.reader)
        reader.SetFileName(str(named))
        try:
            reader.ReadImageInformation()
            geometry = _geometry(reader, path)
            limits.check_memory(geometry.voxels * 12 * count, "reading the image", path.name)
            if format_.kind == "nifti":
                nifti_bytes.check(path, packed=format_ is _NIFTI_GZ)
            image = reader.Execute()
        except (RuntimeError, MemoryError) as error:
            raise _unreadable(path, _reason(error, folder)) from error
    if image.GetDimension() == 4:
        image = image[:, :, :, 0]
    volume = SimpleITK.GetArrayFromImage(image).astype(np.float32, copy=False)
    check_values(volume, path.name)
    return format_.kind, geometry, volume


def _geometry(reader: Any, path: Path) -> Geometry:
    """From a reader that has read the header only. A fourth axis of length 1 is let through."""
    size = reader.GetSize()
    dimension = len(size)
    if reader.GetNumberOfComponents() != 1:
        raise _unreadable(
            path, f"each voxel has {reader.GetNumberOfComponents()} numbers (colour or vectors)"
        )
    if dimension not in (3, 4) or any(extra != 1 for extra in size[3:]):
        axes = "×".join(map(str, size))
        raise PermanentFault(
            "not-a-volume", f"the image has the axes {axes}", where=path.name, repair="send one 3-D volume"
        )
    direction = np.asarray(reader.GetDirection()).reshape(dimension, dimension)[:3, :3]
    geometry = Geometry(
        shape=(int(size[2]), int(size[1]), int(size[0])),
        spacing=_three(reader.GetSpacing()),
        origin=_three(reader.GetOrigin()),
        direction=tuple(float(value) for value in direction.flatten()),
    )
    geometry.check(path.name)
    return geometry


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _is_nifti(start: bytes, name: str) -> bool:
    if len(start) < 348:
        return False
    length = next(
        (n for n in struct.unpack("<i", start[:4]) + struct.unpack(">i", start[:4]) if n in (348, 540)), 0
    )
    magic = {348: start[344:348], 540: start[4:8]}.get(length, b"")
    if magic in (b"ni1\0", b"ni2\0"):
        raise PermanentFault(
            "nifti-pair",
            "the NIfTI header names a second file (.hdr and .img)",
            where=name,
            repair="send a single .nii or .nii.gz",
        )
    return magic in (b"n+1\0", b"n+2\0")


def _is_metaimage(start: bytes) -> bool:
    keys = {line.split(b"=")[0].strip() for line in start[:4096].split(b"\n")[:3] if b"=" in line}
    return bool(keys & {b"ObjectType", b"NDims"})


def _refuse_detached(path: Path, kind: str) -> None:
    """A header may name another file on this machine as its voxels."""
    header = _start(path)
    if kind == "nrrd":
        lines = header.split(b"\n\n")[0].split(b"\n")
        named = [line for line in lines if line.lower().replace(b" ", b"").startswith(b"datafile:")]
    else:
        lines = [line for line in header.split(b"\n") if line.strip().startswith(b"ElementDataFile")]
        named = [line for line in lines[:1] if line.split(b"=")[-1].strip().upper() != b"LOCAL"]
        if not lines:
            raise _unreadable(path, "the MetaImage header lacks ElementDataFile")
    if named:
        raise PermanentFault(
            "detached-header",
            f"the header keeps its voxels in another file: {named[0].decode(errors='replace').strip()[:120]}",
            where=path.name,
            repair="send header and voxels in one file (.nrrd, .mha)",
        )


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEADER_BYTES)


def _unpacked_start(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read(512)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, f"the gzip stream is broken: {error}") from error


def _reason(error: BaseException, folder: str) -> str:
    """SimpleITK's last line says what; the ones before it say where in its own source."""
    lines = [line.strip() for line in str(error).replace(folder, "").splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]


def _unreadable(path: Path, why: str) -> PermanentFault:
    return PermanentFault(
        "unreadable-image",
        f"the image cannot be read: {why}",
        where=path.name,
        repair="export the scan again",
    )
