"""A picture for a quick look: three orthogonal slices of the scan with the mask over them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.imaging.scan import Geometry

_PANEL = 360
"""Pixels of a panel's longer side."""
_OPACITY = 0.45
_COLOURS = (
    (230, 85, 60), (250, 200, 60), (70, 170, 230), (120, 200, 90),
    (190, 110, 220), (240, 140, 180), (90, 210, 190), (160, 130, 90),
)  # fmt: skip
_TITLES = ("axial", "coronal", "sagittal")
_MARGIN, _LEGEND = 8, 22


class Picture(NamedTuple):
    """A scan made small for its preview: grey values, nothing else is kept of it."""

    grey: NDArray[np.uint8]
    """z, y, x"""


def picture(channel: NDArray[np.float32]) -> Picture:
    """Grey values between the 1st and the 99th percentile of every fourth voxel along each axis."""
    low, high = np.percentile(channel[::4, ::4, ::4], (1, 99))
    scale = 255 / max(float(high - low), 1e-6)
    return Picture(np.clip((channel - low) * scale, 0, 255).astype(np.uint8))


def write(
    shown: Picture, mask: NDArray[Any], geometry: Geometry, path: Path, names: Mapping[int, str]
) -> None:
    """A PNG; ``names``: label values and what the legend calls them."""
    from PIL import Image, ImageDraw

    grey, labels, spacing = _upright(shown.grey, mask, geometry)
    centre = _centre(labels)
    panels = [_panel(grey, labels, spacing, axis, centre[axis]) for axis in range(3)]
    height = max(panel.height for panel in panels) + _LEGEND * 2
    width = sum(panel.width for panel in panels) + _MARGIN * 4
    canvas = Image.new("RGB", (width, height), (18, 18, 20))
    draw = ImageDraw.Draw(canvas)
    left = _MARGIN
    for panel, title in zip(panels, _TITLES, strict=True):
        canvas.paste(panel, (left, _LEGEND))
        draw.text((left, 5), title, fill=(200, 200, 200))
        left += panel.width + _MARGIN
    _legend(
        draw,
        {value: names[value] for value in sorted(names) if (labels == value).any()},
        height - _LEGEND + 4,
    )
    canvas.save(path, format="PNG", compress_level=1)


def _upright(
    grey: NDArray[np.uint8], mask: NDArray[Any], geometry: Geometry
) -> tuple[NDArray[np.uint8], NDArray[Any], tuple[float, float, float]]:
    """Both turned to the nearest patient axes (z up, y back, x to the patient's left), spacing z y x."""
    direction = np.asarray(geometry.direction).reshape(3, 3)
    taken: list[int] = []
    for axis in range(3):
        free = [index for index in range(3) if index not in taken]
        taken.append(max(free, key=lambda index: abs(direction[axis, index])))
    source = [2 - taken[2], 2 - taken[1], 2 - taken[0]]
    turned = [array.transpose(source) for array in (grey, mask)]
    for axis in range(3):
        if direction[axis, taken[axis]] < 0:
            turned = [np.flip(array, 2 - axis) for array in turned]
    spacing = [geometry.spacing[index] for index in taken]
    return turned[0], turned[1], (spacing[2], spacing[1], spacing[0])


def _centre(labels: NDArray[Any]) -> tuple[int, int, int]:
    """Where most of the mask is; the middle of the volume when the mask is empty."""
    middle = []
    for axis, size in enumerate(labels.shape):
        others = tuple(other for other in range(3) if other != axis)
        found = np.count_nonzero(labels, axis=others)
        total = int(found.sum())
        middle.append(int((found * np.arange(size)).sum() // total) if total else size // 2)
    return middle[0], middle[1], middle[2]


def _panel(
    grey: NDArray[np.uint8],
    labels: NDArray[Any],
    spacing: tuple[float, float, float],
    axis: int,
    index: int,
) -> Any:
    """One slice, coloured, in true proportions; coronal and sagittal with the head up."""
    from PIL import Image

    under, over = np.take(grey, index, axis), np.take(labels, index, axis)
    if axis > 0:
        under, over = under[::-1], over[::-1]
    colours = np.asarray([(0, 0, 0), *_COLOURS], dtype=np.float32)
    shown = np.repeat(under[..., None].astype(np.float32), 3, axis=2)
    tinted = np.where(over > 0, 1 + (over.astype(np.int64) - 1) % len(_COLOURS), 0)
    share = np.where(over > 0, _OPACITY, 0.0)[..., None]
    mixed = (shown * (1 - share) + colours[tinted] * share).astype(np.uint8)
    rows, columns = (step for other, step in enumerate(spacing) if other != axis)
    size = (mixed.shape[1] * columns, mixed.shape[0] * rows)
    scale = _PANEL / max(size)
    return Image.fromarray(mixed).resize((max(1, round(size[0] * scale)), max(1, round(size[1] * scale))))


def _legend(draw: Any, names: Mapping[int, str], top: int) -> None:
    left = _MARGIN
    for value, name in names.items():
        draw.rectangle((left, top + 2, left + 10, top + 12), fill=_COLOURS[(value - 1) % len(_COLOURS)])
        draw.text((left + 15, top), name[:40], fill=(220, 220, 220))
        left += 30 + int(draw.textlength(name[:40]))
