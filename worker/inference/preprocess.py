"""nnU-Net's default preprocessing of one scan: transpose, crop to what is not zero, normalise, resample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from worker.inference import resampling
from worker.inference.model import Model


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """The network's input."""

    data: NDArray[np.float32]
    """``(channels, z, y, x)`` in the model's axis order and spacing."""
    properties: Mapping[str, Any]
    """What export needs to find the way back, under nnU-Net's own names."""


def preprocess(
    channels: NDArray[np.float32], spacing: Sequence[float], model: Model, device: torch.device
) -> Preprocessed:
    """``channels`` (c, z, y, x) is used up. ``spacing`` in mm, z y x; ``device`` does the resampling."""
    forward = model.plans.transpose_forward
    data = channels.transpose([0, *(axis + 1 for axis in forward)])
    properties: dict[str, Any] = {"spacing": list(spacing), "shape_before_cropping": data.shape[1:]}
    data, outside, box = _crop(data, masked=any(model.configuration.use_mask_for_norm))
    properties["bbox_used_for_cropping"] = box
    properties["shape_after_cropping_and_before_resampling"] = data.shape[1:]
    normalizer = model.configuration.preprocessor_class(verbose=False)
    intensities = model.plans.foreground_intensity_properties_per_channel
    data = normalizer._normalize(data, outside, model.configuration, intensities)
    old_spacing = [spacing[axis] for axis in forward]
    shape = resampled_shape(data.shape[1:], old_spacing, model)
    return Preprocessed(_resample(data, shape, old_spacing, model, device), properties)


def resampled_shape(shape: Sequence[int], spacing: Sequence[float], model: Model) -> tuple[int, int, int]:
    """The voxels of the network's grid, for a volume in the model's axis order."""
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import compute_new_shape

    new = compute_new_shape(shape, spacing, model.configuration.spacing)
    return int(new[0]), int(new[1]), int(new[2])


def resamples_by_matrices(spacing: Sequence[float], model: Model) -> bool:
    """Whether our own way gives nnU-Net's result: order 3 along all three axes at once."""
    from nnunetv2.preprocessing.resampling.default_resampling import determine_do_sep_z_and_axis

    function = model.configuration.resampling_fn_data
    settings = function.keywords
    if function.func.__name__ != "resample_data_or_seg_to_shape" or settings.get("is_seg", False):
        return False
    force = settings.get("force_separate_z", False)
    separate, _ = determine_do_sep_z_and_axis(force, spacing, model.configuration.spacing)
    return not separate and settings.get("order", 3) == resampling.ORDER


def _resample(
    data: NDArray[np.float32],
    shape: tuple[int, int, int],
    spacing: Sequence[float],
    model: Model,
    device: torch.device,
) -> NDArray[np.float32]:
    if resamples_by_matrices(spacing, model):
        return np.stack([resampling.resize_on(channel, shape, device) for channel in data])
    resample = model.configuration.resampling_fn_data
    resampled: NDArray[np.float32] = np.asarray(
        resample(data, shape, spacing, model.configuration.spacing), dtype=np.float32
    )
    return resampled


def _crop(
    data: NDArray[np.float32], *, masked: bool
) -> tuple[NDArray[np.float32], NDArray[np.int8], list[list[int]]]:
    """Crop to the bounding box of what is not zero; with it the mask that normalisation may ask for.

    Filling holes never moves a bounding box, so nnU-Net's slow fill is only done for a masked normalisation.
    """
    if masked:
        from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero

        cropped, outside, box = crop_to_nonzero(data)
        return cropped, outside, [[int(low), int(high)] for low, high in box]
    box = _bounding_box(data)
    crop = tuple(slice(low, high) for low, high in box)
    cropped = data[(slice(None), *crop)]
    return cropped, np.broadcast_to(np.int8(0), (1, *cropped.shape[1:])), box


def _bounding_box(data: NDArray[np.float32]) -> list[list[int]]:
    occupied = (data != 0).any(axis=0)
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        indices = np.flatnonzero(occupied.any(axis=others))
        box.append([int(indices[0]), int(indices[-1]) + 1])
    return box
