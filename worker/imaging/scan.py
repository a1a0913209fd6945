"""A scan as it was read: numbers, where they lie in the patient, and what a DICOM result must refer to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.faults import PermanentFault

_SPACING_MM = (0.01, 25.0)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the voxels lie, in millimetres of the patient (LPS, as DICOM and SimpleITK count)."""

    shape: tuple[int, int, int]
    """z, y, x"""
    spacing: tuple[float, float, float]
    """x, y, z"""
    origin: tuple[float, float, float]
    direction: tuple[float, ...]
    """Nine numbers, row by row."""

    @property
    def voxels(self) -> int:
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def voxel_ml(self) -> float:
        return self.spacing[0] * self.spacing[1] * self.spacing[2] / 1000

    def check(self, where: str) -> None:
        """PermanentFault for an axis without voxels, or a spacing that no scanner has."""
        if min(self.shape) < 2:
            size = "×".join(map(str, self.shape))
            raise PermanentFault(
                "not-a-volume", f"the image has {size} voxels (z×y×x)", where=where, repair="send a 3-D scan"
            )
        low, high = _SPACING_MM
        if not all(low <= step <= high for step in self.spacing):
            steps = " × ".join(f"{step:g}" for step in self.spacing)
            raise PermanentFault(
                "spacing-implausible",
                f"voxels of {steps} mm (x×y×z): outside {low:g} to {high:g} mm",
                where=where,
                repair="check the unit of the spacing: millimetres are expected",
            )


@dataclass(frozen=True, slots=True)
class DicomSource:
    """The headers (without pixels) that a DICOM-SEG refers to."""

    datasets: Sequence[Any]
    """One for each slice in the volume's order, or the single multi-frame object."""
    frame_order: tuple[int, ...] = ()
    """For a multi-frame object: which of its frames, counted from 0, each slice of the volume is."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What the readers give."""

    channels: NDArray[np.float32]
    """``(channels, z, y, x)``"""
    geometry: Geometry
    kind: str
    """nifti, nrrd, metaimage or dicom"""
    dicom: DicomSource | None = None


def check_values(volume: NDArray[np.float32], where: str) -> None:
    """PermanentFault for NaN, infinity, or a volume that holds one value only."""
    finite = np.isfinite(volume)
    if not finite.all():
        count = int(volume.size - np.count_nonzero(finite))
        raise PermanentFault(
            "not-finite",
            f"{count} of {volume.size} voxels are NaN or infinite",
            where=where,
            repair="export the scan again without masking or resampling",
        )
    if volume.min() == volume.max():
        raise PermanentFault(
            "empty-volume",
            f"every voxel has the value {float(volume.flat[0]):g}",
            where=where,
            repair="export the scan again: it holds no image",
        )
