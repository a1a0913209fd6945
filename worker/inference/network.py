"""The network over a whole scan in overlapping tiles: nnU-Net's arithmetic, with everything kept ready.

Per call nnU-Net loads the state dict again, builds the Gaussian again and empties the CUDA cache three times;
here each fold's network stays on the device, the Gaussian is cached, and the allocator keeps its memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from worker.faults import DeviceOutOfMemory, PermanentFault
from worker.inference.model import Model

_STEP = 0.5
"""Tiles overlap by half, nnU-Net's default."""

Tile = tuple[slice, slice, slice]


class ResidentNetwork:
    """The folds of a model on a device, called once for each scan."""

    def __init__(self, model: Model, device: torch.device, *, tta: bool) -> None:
        """``tta``: average over mirrored tiles along the axes that the model was trained for."""
        self._model, self._device = model, device
        self._networks = [network.to(device).eval() for network in model.networks]
        self._flips = _flips(model.mirror_axes if tta else None)
        self._patch = tuple(int(n) for n in model.configuration.patch_size)
        self._threads = torch.get_num_threads()

    def logits(self, data: NDArray[np.float32], *, smaller_tiles: bool = False) -> torch.Tensor:
        """``(heads, z, y, x)``, half: on the device where they fit, else on the CPU (the same numbers).

        ``smaller_tiles`` needs about an eighth of the memory and gives a slightly different mask.
        DeviceOutOfMemory when not even a tile fits; PermanentFault when the network gives no finite number.
        """
        patch = self.smaller_patch() if smaller_tiles else self._patch
        # A thread that is new takes over the number that another stage has just set for itself.
        torch.set_num_threads(self._threads)
        for target in dict.fromkeys((self._device, torch.device("cpu"))):
            try:
                with torch.inference_mode():
                    return self._all_folds(torch.from_numpy(data), patch, target)
            except (torch.OutOfMemoryError, MemoryError) as error:
                reason = str(error).splitlines()[0] if str(error) else "out of memory"
        raise DeviceOutOfMemory(
            "device-memory", reason, where=f"a tile of {'×'.join(map(str, patch))} voxels"
        )

    def smaller_patch(self) -> tuple[int, ...]:
        """Half the tile along each axis, rounded up to what the network's strides divide."""
        strides = np.prod(np.asarray(self._model.configuration.pool_op_kernel_sizes), axis=0)
        return tuple(
            min(size, max(int(stride), -(-size // 2 // int(stride)) * int(stride)))
            for size, stride in zip(self._patch, strides, strict=True)
        )

    def _all_folds(self, data: torch.Tensor, patch: tuple[int, ...], target: torch.device) -> torch.Tensor:
        total = self._one_fold(self._networks[0], data, patch, target)
        for network in self._networks[1:]:
            total += self._one_fold(network, data, patch, target)
        if len(self._networks) > 1:
            # A divisor on the device is divided by; a Python number would be turned into a reciprocal first.
            total /= torch.tensor(len(self._networks), dtype=total.dtype, device=total.device)
        if not torch.isfinite(total).all():
            raise PermanentFault(
                "network-not-finite",
                "the network gave numbers that are not finite",
                repair="check the scan's intensities: the model expects Hounsfield units for CT",
            )
        return total

    def _one_fold(
        self, network: Any, data: torch.Tensor, patch: tuple[int, ...], target: torch.device
    ) -> torch.Tensor:
        padded, inner = _padded(data.to(target), patch)
        shape = padded.shape[1:]
        heads = self._model.labels.num_segmentation_heads
        total = torch.zeros((heads, *shape), dtype=torch.half, device=target)
        weight = torch.zeros(shape, dtype=torch.half, device=target)
        importance = _importance(patch, target)
        with self._precision():
            for tile in tiles(shape, patch):
                given = padded[(slice(None), *tile)][None].contiguous().to(self._device)
                predicted = self._mirrored(network, given)[0].to(target)
                predicted *= importance
                total[(slice(None), *tile)] += predicted
                weight[tile] += importance
        torch.div(total, weight, out=total)
        return total[(slice(None), *inner)]

    def _mirrored(self, network: Any, given: torch.Tensor) -> torch.Tensor:
        """The mean over all mirror images, summed in nnU-Net's order."""
        predicted: torch.Tensor = network(given)
        for axes in self._flips:
            predicted += torch.flip(network(torch.flip(given, axes)), axes)
        if self._flips:
            predicted /= len(self._flips) + 1
        return predicted

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast("cuda") if self._device.type == "cuda" else nullcontext()


def tiles(shape: Sequence[int], patch: Sequence[int]) -> Iterator[Tile]:
    """The places of the sliding window, the last axis fastest."""
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    starts = compute_steps_for_sliding_window(tuple(shape), tuple(patch), _STEP)
    for z, y, x in itertools.product(*starts):
        yield slice(z, z + patch[0]), slice(y, y + patch[1]), slice(x, x + patch[2])


def _flips(axes: Sequence[int] | None) -> list[tuple[int, ...]]:
    """Every combination of the axes of a ``(batch, channel, z, y, x)`` tensor."""
    spatial = [axis + 2 for axis in axes or ()]
    counts = range(1, len(spatial) + 1)
    return [chosen for count in counts for chosen in itertools.combinations(spatial, count)]


@lru_cache(maxsize=8)
def _importance(patch: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """How much each voxel of a tile counts. A cache of our own: nnU-Net's holds two and is cleared by its calls."""
    from nnunetv2.inference.sliding_window_prediction import compute_gaussian

    gaussian: torch.Tensor = compute_gaussian(
        patch, sigma_scale=1.0 / 8, value_scaling_factor=10, device=device
    )
    return gaussian


def _padded(data: torch.Tensor, patch: Sequence[int]) -> tuple[torch.Tensor, Tile]:
    """Zeros around a scan that is smaller than a tile, and where the scan lies in the result."""
    missing = [max(0, size - n) for size, n in zip(patch, data.shape[1:], strict=True)]
    before = [gap // 2 for gap in missing]
    sides = [side for low, gap in zip(before, missing, strict=True) for side in (gap - low, low)]
    inner = [slice(low, low + n) for low, n in zip(before, data.shape[1:], strict=True)]
    padded = torch.nn.functional.pad(data, sides[::-1]) if any(missing) else data
    return padded, (inner[0], inner[1], inner[2])
