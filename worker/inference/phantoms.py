"""CBCT-like phantoms: a head of soft tissue with a jaw, teeth and noise. No patient ever lay in this scanner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HOUNSFIELD = (-1000.0, 60.0, 1000.0, 2200.0)
"""Air, soft tissue, bone, teeth: indexed by label."""


def volume(
    shape: Sequence[int], spacing: Sequence[float], *, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A scan in Hounsfield units and its labels (0 air, 1 soft tissue, 2 bone, 3 teeth), both z y x."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    labels = _anatomy(shape, random)
    scan = np.asarray(HOUNSFIELD, dtype=np.float32)[labels]
    blur = [min(0.4 / step, 2.0) for step in spacing]
    scan = gaussian_filter(scan, blur)
    scan += random.normal(0, 45, size=scan.shape).astype(np.float32)
    return np.clip(scan, -1000, 3071).astype(np.float32), labels


def _anatomy(shape: Sequence[int], random: np.random.Generator) -> NDArray[np.uint8]:
    """Fractions of the field of view, so that any shape holds a whole head."""
    z, y, x = np.ogrid[tuple(slice(-1, 1, complex(0, max(n, 2))) for n in shape)]
    tilt = random.uniform(-0.08, 0.08)
    y = y + tilt * z
    labels = np.zeros(tuple(shape), dtype=np.uint8)
    labels[(x / 0.86) ** 2 + (y / 0.92) ** 2 + (z / 1.3) ** 2 < 1] = 1
    labels[(x / 0.16) ** 2 + ((y - 0.1) / 0.2) ** 2 < 1] = 0
    arch = np.sqrt((x / 0.62) ** 2 + ((y - 0.25) / 0.95) ** 2)
    front = y < 0.3 + random.uniform(-0.03, 0.03)
    labels[(np.abs(arch - 1) < 0.14) & front & (z > -0.75) & (z < -0.05)] = 2
    labels[(np.abs(arch - 0.95) < 0.12) & front & (z > 0.3) & (z < 0.8)] = 2
    labels[(x / 0.2) ** 2 + ((y - 0.75) / 0.16) ** 2 < 1] = 2
    around = np.arctan2(x / 0.62, -(y - 0.25) / 0.95) + 0 * z
    crowns = np.cos(around * 14 + random.uniform(-0.3, 0.3)) > -0.3
    height = 0.16 + random.uniform(-0.03, 0.03)
    labels[(np.abs(arch - 0.97) < 0.1) & front & (np.abs(z - 0.1) < height) & crowns] = 3
    return labels


def write(
    folder: Path,
    count: int,
    *,
    shape: Sequence[int] = (128, 128, 128),
    spacing: Sequence[float] = (0.3, 0.3, 0.3),
    seed: int = 0,
    channels: int = 1,
    ending: str = ".nii.gz",
) -> list[Path]:
    """``count`` scans named as nnU-Net wants them (``phantom_000_0000.nii.gz``); one path for each file.

    ``shape`` (voxels) and ``spacing`` (mm) are z y x.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(count):
        for channel in range(channels):
            scan, _ = volume(shape, spacing, seed=seed + 100 * channel + index)
            path = folder / f"phantom_{index:03d}_{channel:04d}{ending}"
            _save(scan, spacing, path)
            paths.append(path)
    return paths


def _save(scan: NDArray[np.float32], spacing: Sequence[float], path: Path) -> None:
    import SimpleITK

    image: Any = SimpleITK.GetImageFromArray(np.rint(scan).astype(np.int16))
    image.SetSpacing([float(step) for step in reversed(spacing)])
    image.SetOrigin([-step * n / 2 for step, n in zip(reversed(spacing), reversed(scan.shape), strict=True)])
    SimpleITK.WriteImage(image, str(path), True, 1)
