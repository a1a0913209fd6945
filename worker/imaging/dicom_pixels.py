"""The voxels of a DICOM object: decoded from whatever transfer syntax, and rescaled to the modality's units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.faults import PermanentFault
from worker.imaging.dicom_files import DicomFile, numbers, require, tag_fault, unreadable


def check_header(file: DicomFile) -> tuple[int, int]:
    """Rows and columns. PermanentFault for colour, a modality LUT, or a tag that decoding needs."""
    header = file.header
    samples = require(header, "SamplesPerPixel", file.name)
    if samples != 1 or not str(require(header, "PhotometricInterpretation", file.name)).startswith(
        "MONOCHROME"
    ):
        raise tag_fault("PhotometricInterpretation", "names colour; grey values are expected", file.name)
    if "ModalityLUTSequence" in header:
        raise tag_fault(
            "ModalityLUTSequence", "is used; RescaleSlope and RescaleIntercept are expected", file.name
        )
    for keyword in ("BitsAllocated", "BitsStored", "PixelRepresentation"):
        require(header, keyword, file.name)
    rows, columns = require(header, "Rows", file.name), require(header, "Columns", file.name)
    return int(rows), int(columns)


def decode(file: DicomFile, shape: tuple[int, ...]) -> NDArray[Any]:
    """The stored numbers, ``shape`` = (rows, columns) or (frames, rows, columns). Not yet rescaled.

    pydicom decodes what its plugins can; SimpleITK's GDCM the rest, such as JPEG lossless.
    """
    from pydicom.pixels.utils import pixel_array

    try:
        stored: NDArray[Any] = pixel_array(file.path)
    except (NotImplementedError, RuntimeError) as error:
        stored = _by_gdcm(file, error)
    except Exception as error:  # a broken stream ends in whatever its decoder raises
        raise _pixels_fault(file, str(error)) from error
    if stored.size != int(np.prod(shape)):
        raise _pixels_fault(file, f"{stored.shape} pixels where Rows and Columns promise {shape}")
    return stored.reshape(shape)


def rescale(header: Any, where: str) -> tuple[float, float]:
    """RescaleSlope and RescaleIntercept; 1 and 0 when the object has neither."""
    if header.get("RescaleSlope") is None and header.get("RescaleIntercept") is None:
        return 1.0, 0.0
    (slope,) = numbers(header, "RescaleSlope", 1, where)
    (intercept,) = numbers(header, "RescaleIntercept", 1, where)
    if slope == 0:
        raise tag_fault("RescaleSlope", "is 0", where)
    return slope, intercept


def _by_gdcm(file: DicomFile, first: Exception) -> NDArray[Any]:
    import SimpleITK

    slope, intercept = rescale(file.header, file.name)
    reader: Any = SimpleITK.ImageFileReader()  # type: ignore[no-untyped-call, unused-ignore]
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(Path(file.path)))
    try:
        rescaled = SimpleITK.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        raise _pixels_fault(file, str(first)) from error
    # GDCM has applied the rescale already: undo it, so that all ways give stored numbers.
    return np.rint((rescaled.astype(np.float64) - intercept) / slope)


def _pixels_fault(file: DicomFile, why: str) -> PermanentFault:
    try:
        syntax = file.header.file_meta.TransferSyntaxUID.name
    except AttributeError:
        return unreadable(file.name, why[:200])
    return PermanentFault(
        "dicom-pixels",
        f"PixelData (7fe0,0010) cannot be decoded ({syntax}): {why.splitlines()[0][:200] if why else 'no reason'}",
        where=file.name,
        repair="export the scan again, uncompressed (Explicit VR Little Endian)",
    )
