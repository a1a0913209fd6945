"""Resize a volume as skimage's ``resize`` does (``mode="edge"``), by one dense matrix for each axis.

A spline resize is linear and separable. Resizing the unit vectors with ``scipy.ndimage.zoom``, on which skimage
stands, gives the matrix of an axis; three matrix products in double precision replace a prefilter and 64 taps
for every voxel. Only the order of additions differs, about 1e-16 of a voxel's value.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

ORDER = 3
"""The spline order that nnU-Net's plans name for images."""


@lru_cache(maxsize=64)
def axis_matrix(old: int, new: int, order: int = ORDER) -> NDArray[np.float64]:
    """``(new, old)``: what resizing an axis from ``old`` to ``new`` voxels does to each of its unit vectors."""
    from scipy import ndimage

    unit = np.eye(old)
    zoomed = ndimage.zoom(unit, (new / old, 1), order=order, mode="nearest", grid_mode=True)
    return np.ascontiguousarray(zoomed)


def resize(volume: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """``volume`` (z, y, x; float32, any device) resized to ``shape``, clamped to the range that it had."""
    if tuple(volume.shape) == tuple(shape):
        return volume
    low, high = torch.aminmax(volume)
    result = volume.double()
    for axis in sorted(range(3), key=lambda axis: shape[axis] / volume.shape[axis]):
        result = _along(result, axis, int(shape[axis]))
    return result.clamp_(low.item(), high.item()).float()


def _along(volume: torch.Tensor, axis: int, new: int) -> torch.Tensor:
    """One axis resized, without moving the others: a view makes each case one plain or batched product."""
    z, y, x = volume.shape
    matrix = torch.from_numpy(axis_matrix(volume.shape[axis], new)).to(volume.device)
    if axis == 0:
        return (matrix @ volume.reshape(z, y * x)).reshape(new, y, x)
    if axis == 1:
        return torch.matmul(matrix, volume)
    return (volume.reshape(z * y, x) @ matrix.T).reshape(z, y, new)


def resize_on(volume: NDArray[np.float32], shape: Sequence[int], device: torch.device) -> NDArray[np.float32]:
    """``resize`` on ``device``; on the CPU when the device has no room for it."""
    tensor: Any = torch.from_numpy(np.ascontiguousarray(volume))
    if device.type != "cpu":
        try:
            return resize(tensor.to(device), shape).cpu().numpy()
        except torch.OutOfMemoryError:
            pass
    resized: NDArray[np.float32] = resize(tensor, shape).numpy()
    return resized
