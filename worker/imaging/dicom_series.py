"""A DICOM series as a volume: the one series chosen, its slices sorted, and refused in words when they do not fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.faults import PermanentFault
from worker.imaging import dicom_pixels
from worker.imaging.dicom_files import REQUIRED, DicomFile, numbers, require, tag_fault
from worker.imaging.limits import Limits
from worker.imaging.scan import DicomSource, Geometry, Scan, check_values

_UNEVEN = 0.02
"""Slice distances may differ by this share: positions are written with a few decimals."""
_TILT_DEGREES = 0.5
_ORTHOGONAL = 1e-3


def read(files: Sequence[DicomFile], limits: Limits) -> Scan:
    """The scan that ``files`` hold. PermanentFault when they hold none, several, or one with a gap or a tilt."""
    from worker.imaging import dicom_multiframe

    series = choose(files, limits)
    if dicom_multiframe.is_multiframe(series[0].header):
        return dicom_multiframe.read(series, limits)
    return _read_slices(series, limits)


def choose(files: Sequence[DicomFile], limits: Limits) -> list[DicomFile]:
    """The files of the one series that is a volume. Reports, scouts and pictures beside it are left out."""
    series: Mapping[str, list[DicomFile]] = _by_series(files)
    candidates = [members for members in series.values() if _is_volume(members)]
    volumes = [members for members in candidates if _has_position(members)] or candidates
    if not volumes:
        found = ", ".join(_describe(members) for members in series.values())
        raise PermanentFault(
            "dicom-no-volume",
            f"no series of slices with positions among {found or 'no DICOM files'}",
            where=files[0].name if files else "",
            repair="send the axial image series of the scan",
        )
    if len(volumes) > 1:
        found = ", ".join(_describe(members) for members in volumes)
        raise PermanentFault(
            "dicom-several-series",
            f"{len(volumes)} series could be meant: {found}",
            where="SeriesInstanceUID (0020,000e)",
            repair="send one series for each scan",
        )
    (chosen,) = volumes
    modality = str(chosen[0].header.Modality)
    if modality not in limits.modalities:
        raise tag_fault(
            "Modality",
            f"is {modality[:16]}; this model takes {', '.join(sorted(limits.modalities))}",
            chosen[0].name,
        )
    return chosen


def orientation(values: Sequence[float], where: str) -> NDArray[np.float64]:
    """``(3, 3)``: columns are the directions of growing column index, row index and slice."""
    row, column = np.asarray(values[:3]), np.asarray(values[3:])
    lengths = np.abs([np.linalg.norm(row) - 1, np.linalg.norm(column) - 1, row @ column])
    if lengths.max() > _ORTHOGONAL:
        raise tag_fault("ImageOrientationPatient", "does not hold two perpendicular unit vectors", where)
    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    column = column - (row @ column) * row
    column = column / np.linalg.norm(column)
    return np.stack([row, column, np.cross(row, column)], axis=1)


class Stack(NamedTuple):
    """Slices in the order of growing distance along the normal."""

    order: tuple[int, ...]
    spacing: float
    origin: tuple[float, float, float]


def stack(positions: NDArray[np.float64], axes: NDArray[np.float64], names: Sequence[str]) -> Stack:
    """Sort slices by ``positions`` (n, 3; mm). PermanentFault for a gap, a double, uneven steps or a tilt."""
    along = positions @ axes[:, 2]
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    usual = float(np.median(steps))
    if len(order) < 2:
        raise PermanentFault(
            "not-a-volume", "the series has a single slice", where=names[0], repair="send all slices"
        )
    if steps.min() < 1e-3:
        twice = names[int(order[int(steps.argmin()) + 1])]
        raise _stack_fault(
            "dicom-double-slice", "two slices lie at the same position (several phases, or sent twice)", twice
        )
    worst = int(np.abs(steps - usual).argmax())
    if abs(steps[worst] - usual) > max(_UNEVEN * usual, 2e-3):
        missing = round(float(steps[worst]) / usual) - 1
        what = f"{missing} missing" if missing > 0 else "uneven"
        raise _stack_fault(
            "dicom-gap",
            f"slices are {usual:.3f} mm apart, but {steps[worst]:.3f} mm after this one ({what})",
            names[int(order[worst])],
        )
    first, last = positions[order[0]], positions[order[-1]]
    _refuse_tilt(last - first, axes[:, 2], names[int(order[0])])
    spacing = float(along[order[-1]] - along[order[0]]) / (len(order) - 1)
    origin = (float(first[0]), float(first[1]), float(first[2]))
    return Stack(tuple(int(index) for index in order), spacing, origin)


def geometry(
    stacked: Stack, axes: NDArray[np.float64], size: tuple[int, int], pixel: Sequence[float], where: str
) -> Geometry:
    """``size``: rows, columns; ``pixel``: PixelSpacing (between rows, between columns; mm)."""
    found = Geometry(
        shape=(len(stacked.order), size[0], size[1]),
        spacing=(float(pixel[1]), float(pixel[0]), stacked.spacing),
        origin=stacked.origin,
        direction=tuple(float(value) for value in axes.flatten()),
    )
    found.check(where)
    return found


def _read_slices(files: Sequence[DicomFile], limits: Limits) -> Scan:
    for file in files:
        for keyword in (*REQUIRED, "FrameOfReferenceUID"):
            require(file.header, keyword, file.name)
    first = files[0]
    size = dicom_pixels.check_header(first)
    directions = numbers(first.header, "ImageOrientationPatient", 6, first.name)
    pixel = numbers(first.header, "PixelSpacing", 2, first.name)
    for file in files[1:]:
        _same_plane(file, size, directions, pixel)
    axes = orientation(directions, first.name)
    positions = np.asarray([numbers(file.header, "ImagePositionPatient", 3, file.name) for file in files])
    stacked = stack(positions, axes, [file.name for file in files])
    found = geometry(stacked, axes, size, pixel, first.name)
    limits.check_memory(found.voxels * 12, "reading the series", first.name)
    ordered = [files[index] for index in stacked.order]
    volume = np.empty(found.shape, dtype=np.float32)
    for plane, file in zip(volume, ordered, strict=True):
        slope, intercept = dicom_pixels.rescale(file.header, file.name)
        plane[:] = dicom_pixels.decode(file, size) * slope + intercept
    check_values(volume, "PixelData (7fe0,0010)")
    return Scan(volume[None], found, "dicom", DicomSource([file.header for file in ordered]))


def _same_plane(
    file: DicomFile, size: tuple[int, int], directions: Sequence[float], pixel: Sequence[float]
) -> None:
    if dicom_pixels.check_header(file) != size:
        raise tag_fault("Rows", "or Columns differ from the other slices'", file.name)
    if not np.allclose(numbers(file.header, "ImageOrientationPatient", 6, file.name), directions, atol=1e-3):
        raise tag_fault("ImageOrientationPatient", "differs from the other slices'", file.name)
    if not np.allclose(numbers(file.header, "PixelSpacing", 2, file.name), pixel, rtol=1e-3):
        raise tag_fault("PixelSpacing", "differs from the other slices'", file.name)


def _refuse_tilt(path: NDArray[np.float64], normal: NDArray[np.float64], where: str) -> None:
    cosine = float(path @ normal / np.linalg.norm(path))
    degrees = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    if degrees > _TILT_DEGREES:
        raise tag_fault(
            "GantryDetectorTilt", f"is not compensated: the slices are sheared by {degrees:.1f}°", where
        )


def _by_series(files: Sequence[DicomFile]) -> dict[str, list[DicomFile]]:
    series: dict[str, list[DicomFile]] = defaultdict(list)
    for file in files:
        require(file.header, "SOPClassUID", file.name)
        series[str(require(file.header, "SeriesInstanceUID", file.name))].append(file)
    return dict(series)


def _is_volume(members: Sequence[DicomFile]) -> bool:
    """Whether a series can be a volume at all: grey images in space, no scout view."""
    from worker.imaging import dicom_multiframe

    header = members[0].header
    if "LOCALIZER" in [str(value) for value in header.get("ImageType") or []] or header.get("Rows") is None:
        return False
    if dicom_multiframe.is_multiframe(header):
        return True
    return len(members) > 1 and str(header.get("Modality", "")) not in {"SEG", "RTDOSE"}


def _has_position(members: Sequence[DicomFile]) -> bool:
    header = members[0].header
    return "ImagePositionPatient" in header or "PerFrameFunctionalGroupsSequence" in header


def _describe(members: Sequence[DicomFile]) -> str:
    header: Any = members[0].header
    number, modality = header.get("SeriesNumber"), str(header.get("Modality", "") or "no modality")
    return f"series {number if number is not None else '?'} ({modality[:16]}, {len(members)} files)"


def _stack_fault(code: str, what: str, where: str) -> PermanentFault:
    return PermanentFault(
        code,
        f"{what}, by ImagePositionPatient (0020,0032)",
        where=where,
        repair="send the complete series, once, as it was reconstructed",
    )
