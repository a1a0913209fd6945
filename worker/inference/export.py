"""From logits on the network's grid to a mask on the scan's own grid: nnU-Net's result, without C volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from worker.inference.model import Model

_NEAR = 2.0**-9
"""Numbers further apart than this share of the larger one stay apart when they are rounded to half precision."""
_SMALLEST_HALF = 2.0**-24
_SLAB_VOXELS = {"cpu": 1 << 16, "cuda": 1 << 24}
"""Voxels at a time: what a processor's cache holds, and what fills a GPU without filling its memory."""


def segment(logits: torch.Tensor, model: Model, properties: Mapping[str, Any]) -> NDArray[Any]:
    """The mask (z, y, x as the scan was read; uint8, or uint16 from 255 labels on).

    ``logits``: half, ``(heads, z, y, x)`` on any device; ``properties``: what preprocessing noted down.
    """
    if not uses_running_maximum(model, properties):
        fallback: NDArray[Any] = _by_nnunet(logits, model, properties)
        return fallback
    shape = [int(n) for n in properties["shape_after_cropping_and_before_resampling"]]
    try:
        labels = running_argmax(logits, shape)
    except torch.OutOfMemoryError:
        labels = running_argmax(logits.cpu(), shape)
    whole = np.zeros(properties["shape_before_cropping"], dtype=_label_type(model))
    crop = tuple(slice(low, high) for low, high in properties["bbox_used_for_cropping"])
    whole[crop] = labels.cpu().numpy()
    return whole.transpose(model.plans.transpose_backward)


def uses_running_maximum(model: Model, properties: Mapping[str, Any]) -> bool:
    """Whether our own way gives nnU-Net's result: plain labels, resized linearly along all three axes at once."""
    from nnunetv2.preprocessing.resampling.default_resampling import determine_do_sep_z_and_axis
    from nnunetv2.utilities.label_handling.label_handling import LabelManager

    function = model.configuration.resampling_fn_probabilities
    settings = function.keywords
    if type(model.labels) is not LabelManager or model.labels.has_regions:
        return False
    if function.func.__name__ != "resample_data_or_seg_to_shape" or settings.get("order") != 1:
        return False
    spacing = [properties["spacing"][axis] for axis in model.plans.transpose_forward]
    force = settings.get("force_separate_z", False)
    separate, _ = determine_do_sep_z_and_axis(force, model.configuration.spacing, spacing)
    return not separate and not settings.get("is_seg", False)


def running_argmax(logits: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """The class of the largest logit after a trilinear resize to ``shape``, on the logits' device.

    nnU-Net rounds the resized logits to half precision before it compares them, and the first of equals wins.
    Here one class at a time meets the best so far, unrounded; only where the two are so close that rounding
    could decide are they rounded. Slab by slab, so that both stay in the processor's cache.
    """
    depth, height, width = (int(n) for n in shape)
    kind = torch.uint8 if len(logits) <= 256 else torch.int16
    labels = torch.zeros((depth, height, width), dtype=kind, device=logits.device)
    step = max(1, _SLAB_VOXELS[logits.device.type] // (height * width))
    for start in range(0, depth, step):
        slab = _Slab.of(logits.shape[1], depth, start, min(start + step, depth), logits.device)
        _argmax_of_slab(logits[:, slab.low : slab.high], slab.weights, labels[start : start + step])
    return labels


def _argmax_of_slab(logits: torch.Tensor, weights: torch.Tensor, labels: torch.Tensor) -> None:
    """Write the winning classes of a slab into ``labels`` (planes, height, width)."""
    close = logits.abs().amax().item() * _NEAR + _SMALLEST_HALF
    best = _resized(logits[0], weights, labels.shape)
    for index in range(1, len(logits)):
        rival = _resized(logits[index], weights, labels.shape)
        lead = rival - best
        better = lead > 0
        near = (lead <= close).logical_and_(better).flatten().nonzero()[:, 0]
        if len(near):
            better.view(-1)[near] = _greater_in_half(rival.view(-1)[near], best.view(-1)[near])
        labels.masked_fill_(better, index)
        torch.maximum(best, rival, out=best)


class _Slab(NamedTuple):
    """Some planes of the result, and the planes ``low`` to ``high`` of the logits that they lie between."""

    low: int
    high: int
    weights: torch.Tensor
    """``(planes of the result, planes of the logits)``: two numbers in each row that add up to 1."""

    @classmethod
    def of(cls, old: int, new: int, start: int, stop: int, device: torch.device) -> _Slab:
        """``start`` and ``stop`` count planes of the result, of which there are ``new``."""
        centre = (torch.arange(start, stop, dtype=torch.float64) + 0.5) * (old / new) - 0.5
        centre.clamp_(0, old - 1)
        below = centre.floor().long()
        above = (below + 1).clamp_(max=old - 1)
        low, high = int(below[0]), int(above[-1]) + 1
        weights = torch.zeros(stop - start, high - low, dtype=torch.float64)
        row = torch.arange(stop - start)
        weights[row, below - low] += 1 - (centre - below)
        weights[row, above - low] += centre - below
        return cls(low, high, weights.to(device))


def _resized(logits: torch.Tensor, weights: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """A slab of one class in double precision (in single, a voxel in ten million would round the other way)."""
    between: torch.Tensor = torch.tensordot(weights, logits.double(), dims=1)
    if between.shape == shape:
        return between
    resized: torch.Tensor = torch.nn.functional.interpolate(
        between[None], size=list(shape[1:]), mode="bilinear", align_corners=False
    )[0]
    return resized


def _greater_in_half(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """By numpy: torch goes from double to half by way of float, which rounds twice."""
    rounded = [side.cpu().numpy().astype(np.float16) for side in (left, right)]
    greater: torch.Tensor = torch.from_numpy(rounded[0] > rounded[1])
    return greater.to(left.device)


def segment_with_probabilities(
    logits: torch.Tensor, model: Model, properties: Mapping[str, Any]
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """The mask, and ``(heads, z, y, x)`` probabilities on the scan's grid for an ensemble. By nnU-Net's own code."""
    mask, probabilities = _by_nnunet(logits, model, properties, probabilities=True)
    return mask, probabilities


def _by_nnunet(
    logits: torch.Tensor, model: Model, properties: Mapping[str, Any], *, probabilities: bool = False
) -> Any:
    """Regions, a coarse axis resized apart, another resampling function: nnU-Net's own code, on the CPU."""
    from nnunetv2.inference.export_prediction import (
        convert_predicted_logits_to_segmentation_with_correct_shape,
    )

    return convert_predicted_logits_to_segmentation_with_correct_shape(
        logits.cpu().numpy(),
        model.plans,
        model.configuration,
        model.labels,
        dict(properties),
        return_probabilities=probabilities,
        num_threads_torch=torch.get_num_threads(),
    )


def _label_type(model: Model) -> str:
    return "uint8" if len(model.labels.foreground_labels) < 255 else "uint16"
