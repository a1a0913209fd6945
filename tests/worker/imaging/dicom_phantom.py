"""DICOM series as a scanner would write them, one tag away from every mistake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
Edit = Callable[[Dataset, int], None]


def volume(shape: Sequence[int] = (12, 20, 24), seed: int = 0) -> NDArray[np.int16]:
    """Stored numbers: Hounsfield units plus 1024."""
    random = np.random.default_rng(seed)
    return random.integers(0, 3000, size=tuple(shape)).astype(np.int16)


def write_series(
    folder: Path,
    stored: NDArray[np.int16],
    *,
    edit: Edit | None = None,
    spacing: float = 0.5,
    orientation: Sequence[float] = AXIAL,
    step: Sequence[float] | None = None,
    shuffled: bool = True,
    series: str = "1",
) -> list[Path]:
    """One file for each slice. ``step``: mm from slice to slice (default: along the normal)."""
    folder.mkdir(parents=True, exist_ok=True)
    normal = np.cross(orientation[:3], orientation[3:])
    move = np.asarray(step if step is not None else normal * spacing)
    order = np.random.default_rng(1).permutation(len(stored)) if shuffled else np.arange(len(stored))
    paths = []
    for number, index in enumerate(order):
        dataset = _common(series, CTImageStorage)
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[series, str(index)])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.InstanceNumber = int(index) + 1
        dataset.ImagePositionPatient = [round(float(part), 4) for part in (-5, -4, 10) + move * index]
        dataset.ImageOrientationPatient = list(orientation)
        dataset.PixelSpacing = [0.4, 0.3]
        dataset.SliceThickness = spacing
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"
        _pixels(dataset, stored[index])
        if edit is not None:
            edit(dataset, int(index))
        path = folder / f"{number:03d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_multiframe(
    path: Path, stored: NDArray[np.int16], *, edit: Callable[[Dataset], None] | None = None
) -> Path:
    """An Enhanced CT whose frames lie in falling order."""
    dataset = _common("7", EnhancedCTImageStorage)
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["multiframe"])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.NumberOfFrames = len(stored)
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=list(AXIAL))]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=[0.4, 0.3], SliceThickness=0.5)]
    shared.PixelValueTransformationSequence = [
        _item(RescaleSlope="1", RescaleIntercept="-1024", RescaleType="HU")
    ]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [
        _item(
            PlanePositionSequence=[
                _item(ImagePositionPatient=[-5.0, -4.0, 10 + 0.5 * (len(stored) - 1 - index)])
            ],
            FrameContentSequence=[_item(DimensionIndexValues=[index + 1])],
        )
        for index in range(len(stored))
    ]
    _pixels(dataset, stored[::-1])
    if edit is not None:
        edit(dataset)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _common(series: str, kind: str) -> Any:
    dataset: Any = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = kind
    dataset.SOPClassUID = kind
    dataset.PatientName, dataset.PatientID = "Phantom^Head", "PHANTOM-1"
    dataset.PatientBirthDate, dataset.PatientSex = "", ""
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", series])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame"])
    dataset.StudyID, dataset.StudyDate, dataset.StudyTime = "1", "20260101", "120000"
    dataset.AccessionNumber, dataset.ReferringPhysicianName, dataset.PositionReferenceIndicator = "", "", ""
    dataset.SeriesNumber, dataset.Modality, dataset.Manufacturer = series, "CT", "Phantoms"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    return dataset


def _pixels(dataset: Any, stored: NDArray[np.int16]) -> None:
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.PixelData = np.ascontiguousarray(stored).tobytes()


def _item(**tags: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset
