"""Enhanced CT and X-ray 3D objects: one file holds every slice, its geometry in functional groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from worker.faults import PermanentFault
from worker.imaging import dicom_pixels
from worker.imaging.dicom_files import REQUIRED, DicomFile, numbers, require, tag_fault
from worker.imaging.dicom_series import geometry, orientation, stack
from worker.imaging.limits import Limits
from worker.imaging.scan import DicomSource, Scan, check_values


def is_multiframe(header: Any) -> bool:
    """Whether the object holds several frames in functional groups, or claims several frames at all."""
    try:
        return int(header.get("NumberOfFrames") or 1) > 1
    except (TypeError, ValueError):
        return False


def read(files: Sequence[DicomFile], limits: Limits) -> Scan:
    """The volume of a single multi-frame object. PermanentFault for several, or for frames that do not stack."""
    if len(files) > 1:
        raise PermanentFault(
            "dicom-several-volumes",
            f"the series holds {len(files)} multi-frame objects",
            where=files[1].name,
            repair="send one object for each scan",
        )
    file = files[0]
    header = file.header
    for keyword in (*REQUIRED, "FrameOfReferenceUID", "PerFrameFunctionalGroupsSequence"):
        require(header, keyword, file.name)
    size = dicom_pixels.check_header(file)
    groups = list(header.PerFrameFunctionalGroupsSequence)
    if len(groups) != int(header.NumberOfFrames):
        raise tag_fault("PerFrameFunctionalGroupsSequence", "has not one item for each frame", file.name)
    limits.check_memory(len(groups) * size[0] * size[1] * 12, "reading the frames", file.name)
    frames = _Groups(file, groups)
    axes = orientation(frames.constant("PlaneOrientationSequence", "ImageOrientationPatient", 6), file.name)
    pixel = frames.constant("PixelMeasuresSequence", "PixelSpacing", 2)
    positions = np.asarray(frames.each("PlanePositionSequence", "ImagePositionPatient", 3))
    stacked = stack(positions, axes, [f"{file.name}, frame {index + 1}" for index in range(len(groups))])
    found = geometry(stacked, axes, size, pixel, file.name)
    stored = dicom_pixels.decode(file, (len(groups), *size))
    volume = np.empty(found.shape, dtype=np.float32)
    for plane, index in zip(volume, stacked.order, strict=True):
        slope, intercept = frames.rescale(index)
        plane[:] = stored[index] * slope + intercept
    check_values(volume, "PixelData (7fe0,0010)")
    return Scan(volume[None], found, "dicom", DicomSource([header], stacked.order))


class _Groups:
    """The functional groups of an object: those shared by all frames, and each frame's own."""

    def __init__(self, file: DicomFile, frames: Sequence[Any]) -> None:
        self._file, self._frames = file, frames
        shared = file.header.get("SharedFunctionalGroupsSequence")
        self._shared = shared[0] if shared else None

    def _item(self, index: int, sequence: str) -> Any:
        for group in (self._frames[index], self._shared):
            found = group.get(sequence) if group is not None else None
            if found:
                return found[0]
        return None

    def each(self, sequence: str, keyword: str, count: int) -> list[tuple[float, ...]]:
        """A tag of ``count`` numbers for every frame."""
        values = []
        for index in range(len(self._frames)):
            item = self._item(index, sequence)
            if item is None:
                raise tag_fault(sequence, f"is missing for frame {index + 1}", self._file.name)
            values.append(numbers(item, keyword, count, self._file.name))
        return values

    def constant(self, sequence: str, keyword: str, count: int) -> tuple[float, ...]:
        """A tag that must be the same in every frame."""
        values = self.each(sequence, keyword, count)
        if not np.allclose(values, values[0], atol=1e-3):
            raise tag_fault(keyword, "differs between frames", self._file.name)
        return values[0]

    def rescale(self, index: int) -> tuple[float, float]:
        """Slope and intercept of a frame, its own or the object's."""
        item = self._item(index, "PixelValueTransformationSequence")
        return dicom_pixels.rescale(self._file.header if item is None else item, self._file.name)
