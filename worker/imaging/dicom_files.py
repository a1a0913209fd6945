"""DICOM files on disk: their headers, read with suspicion. Faults name the tag and the file, never a value."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from worker.faults import PermanentFault

_DEFLATED = "1.2.840.10008.1.2.1.99"
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_LONGEST_META = 1 << 20

REQUIRED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality")
"""Without these an object cannot be placed, nor a result refer to it."""


class DicomFile(NamedTuple):
    """A file and its header, without pixels."""

    path: Path
    header: Any

    @property
    def name(self) -> str:
        return self.path.name


def is_dicom(path: Path) -> bool:
    """Whether the file bears DICOM's mark at byte 128."""
    with path.open("rb") as stream:
        stream.seek(128)
        return stream.read(4) == b"DICM"


def read_headers(paths: Sequence[Path]) -> list[DicomFile]:
    """The headers of all DICOM files among ``paths``; a DICOMDIR and files of other kinds are left out."""
    _silence_pydicom()
    files = [_read(path) for path in paths if is_dicom(path)]
    return [file for file in files if str(file.header.get("SOPClassUID", "")) != _MEDIA_DIRECTORY]


def _read(path: Path) -> DicomFile:
    import pydicom

    try:
        _refuse_deflated(path)
        header = pydicom.dcmread(path, stop_before_pixels=True)
        header.file_meta.TransferSyntaxUID  # noqa: B018 - its absence is a fault of this file
        _decode(header)
        return DicomFile(path, header)
    except PermanentFault:
        raise
    except Exception as error:  # pydicom raises nearly anything on a hostile file
        raise unreadable(path.name, f"{type(error).__name__}: {error}"[:200]) from error


@lru_cache(maxsize=1)
def _silence_pydicom() -> None:
    """Its warnings quote the values that they find odd, and a value may be a patient's name."""
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning, module="pydicom")


def _decode(header: Any) -> None:
    """pydicom decodes an element when it is first asked for: ask here, so that no later step meets a surprise."""
    for _ in header.iterall():
        pass


def _refuse_deflated(path: Path) -> None:
    """A deflated file is inflated whole before its first tag can be read: a bomb cannot be told from a scan."""
    import pydicom

    with path.open("rb") as stream:
        stream.seek(132)
        group = stream.read(12)
    length = int.from_bytes(group[8:12], "little") if group[:4] == b"\x02\x00\x00\x00" else 0
    if length > _LONGEST_META:
        raise unreadable(path.name, f"FileMetaInformationGroupLength (0002,0000) claims {length} bytes")
    meta = pydicom.filereader.read_file_meta_info(path)
    if str(meta.get("TransferSyntaxUID", "")) == _DEFLATED:
        raise PermanentFault(
            "transfer-syntax",
            "the file is deflated (TransferSyntaxUID (0002,0010) 1.2.840.10008.1.2.1.99)",
            where=path.name,
            repair="export with Explicit VR Little Endian",
        )


def require(header: Any, keyword: str, where: str) -> Any:
    """The tag's value; PermanentFault naming the tag when it is missing or empty."""
    try:
        value = header.get(keyword)
    except Exception as error:  # a value that its own type cannot hold is found out on access
        raise tag_fault(keyword, f"cannot be read ({type(error).__name__})", where) from error
    if value is None:
        raise tag_fault(keyword, "is missing", where)
    if value == "" or (hasattr(value, "__len__") and len(value) == 0):
        raise tag_fault(keyword, "is empty", where)
    return value


def numbers(header: Any, keyword: str, count: int, where: str) -> tuple[float, ...]:
    """``count`` finite numbers of a tag; PermanentFault naming the tag otherwise."""
    import math

    value = require(header, keyword, where)
    try:
        parts = tuple(float(part) for part in (value if count > 1 else [value]))
    except (TypeError, ValueError) as error:
        raise tag_fault(keyword, "holds no numbers", where) from error
    if len(parts) != count or not all(math.isfinite(part) for part in parts):
        raise tag_fault(keyword, f"should hold {count} finite numbers", where)
    return parts


def tag_fault(keyword: str, what: str, where: str) -> PermanentFault:
    """A fault that names a tag by keyword and number."""
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword) or 0
    number = f"({tag >> 16:04x},{tag & 0xFFFF:04x})"
    return PermanentFault(
        "dicom-tag",
        f"{keyword} {number} {what}",
        where=where,
        repair="check the export or the anonymisation: this tag must stay",
    )


def unreadable(where: str, why: str) -> PermanentFault:
    return PermanentFault(
        "dicom-unreadable",
        f"the DICOM file cannot be read: {why}",
        where=where,
        repair="export the scan again",
    )
