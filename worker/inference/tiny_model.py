"""A small but genuine nnU-Net v2 model folder, for the demo, the tests and the benchmark.

The network has random weights. ``fitted`` gives it simple features and fits its last layer to a phantom in closed
form (ridge regression), which costs a second and gives masks that a person can judge by eye.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TISSUES: Mapping[str, int] = {"background": 0, "soft_tissue": 1, "bone": 2, "teeth": 3}
"""The labels of the phantoms."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What sort of model: the defaults are an isotropic CBCT model with one fold and one channel."""

    spacing: tuple[float, float, float] = (0.4, 0.4, 0.4)
    """Millimetres, z y x."""
    patch: tuple[int, int, int] = (64, 64, 64)
    features: tuple[int, ...] = (8, 16, 32, 64)
    labels: Mapping[str, int | Sequence[int]] = field(default_factory=lambda: dict(TISSUES))
    """A list of several values is a region: then ``regions_class_order`` is written too."""
    folds: int = 1
    channels: tuple[str, ...] = ("CT",)
    transpose: tuple[int, int, int] = (0, 1, 2)
    mask_for_normalization: bool = False
    seed: int = 0
    fitted: bool = False
    """Fit the last layer to a phantom (one channel and plain labels only)."""


def make(folder: Path, recipe: Recipe | None = None) -> Path:
    """Write plans.json, dataset.json and fold_N/checkpoint_final.pth into ``folder``; return it.

    Without a recipe: the demo's model, fitted to the phantoms.
    """
    import torch

    recipe = recipe or Recipe(fitted=True)
    plans, dataset = plans_of(recipe), dataset_of(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plans.json").write_text(json.dumps(plans, indent=1))
    (folder / "dataset.json").write_text(json.dumps(dataset, indent=1))
    for fold in range(recipe.folds):
        network = _network(plans, dataset, recipe.seed + fold)
        if recipe.fitted:
            _see_intensities(network)
            _fit(network, plans, recipe)
        checkpoint = {
            "network_weights": network.state_dict(),
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": "3d_fullres", "fold": fold},
            "inference_allowed_mirroring_axes": (0, 1, 2),
            "current_epoch": 1,
        }
        (folder / f"fold_{fold}").mkdir(exist_ok=True)
        torch.save(checkpoint, folder / f"fold_{fold}" / "checkpoint_final.pth")
    return folder


def dataset_of(recipe: Recipe) -> dict[str, Any]:
    """``dataset.json``."""
    dataset: dict[str, Any] = {
        "name": "Dataset901_Phantom",
        "channel_names": {str(i): name for i, name in enumerate(recipe.channels)},
        "labels": {
            name: value if isinstance(value, int) else list(value) for name, value in recipe.labels.items()
        },
        "numTraining": 1,
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": "SimpleITKIO",
    }
    if any(not isinstance(value, int) for value in recipe.labels.values()):
        dataset["regions_class_order"] = list(range(1, len(recipe.labels)))
    return dataset


def plans_of(recipe: Recipe) -> dict[str, Any]:
    """``plans.json`` with the single configuration 3d_fullres, in today's nnU-Net format."""
    intensities = {
        "max": 3071.0, "mean": 600.0, "median": 500.0, "min": -1000.0,
        "percentile_00_5": -800.0, "percentile_99_5": 2500.0, "std": 500.0,
    }  # fmt: skip
    backward = [recipe.transpose.index(axis) for axis in range(3)]
    return {
        "dataset_name": "Dataset901_Phantom",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": list(recipe.spacing),
        "original_median_shape_after_transp": [128, 128, 128],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": list(recipe.transpose),
        "transpose_backward": backward,
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {
            str(i): intensities for i in range(len(recipe.channels))
        },
        "configurations": {"3d_fullres": _configuration(recipe)},
    }


def _configuration(recipe: Recipe) -> dict[str, Any]:
    data = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
    resampling = "resample_data_or_seg_to_shape"
    return {
        "data_identifier": "nnUNetPlans_3d_fullres",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": list(recipe.patch),
        "median_image_size_in_voxels": [128.0] * 3,
        "spacing": list(recipe.spacing),
        "normalization_schemes": [
            "CTNormalization" if name == "CT" else "ZScoreNormalization" for name in recipe.channels
        ],
        "use_mask_for_norm": [recipe.mask_for_normalization] * len(recipe.channels),
        "resampling_fn_data": resampling,
        "resampling_fn_data_kwargs": data,
        "resampling_fn_seg": resampling,
        "resampling_fn_seg_kwargs": {**data, "is_seg": True, "order": 1},
        "resampling_fn_probabilities": resampling,
        "resampling_fn_probabilities_kwargs": {**data, "order": 1},
        "batch_dice": False,
        "architecture": _architecture(recipe.features),
    }


def _architecture(features: Sequence[int]) -> dict[str, Any]:
    stages = len(features)
    return {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": {
            "n_stages": stages,
            "features_per_stage": list(features),
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [[3, 3, 3]] * stages,
            "strides": [[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
            "n_conv_per_stage": [2] * stages,
            "n_conv_per_stage_decoder": [2] * (stages - 1),
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-05, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def _network(plans: dict[str, Any], dataset: dict[str, Any], seed: int) -> Any:
    import torch

    from worker.inference.model import build_network

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_network(plans, dataset, "3d_fullres", "nnUNetTrainer")


def _see_intensities(network: Any) -> None:
    """Full-resolution features that are hinges of the smoothed image at several thresholds, not noise."""
    import torch

    first, second = network.encoder.stages[0][0].convs
    merge, last = network.decoder.stages[-1].convs
    width = first.conv.out_channels
    same = torch.eye(width)
    with torch.no_grad():
        first.conv.weight.fill_(1 / first.conv.weight[0].numel())
        first.norm.bias.copy_(torch.linspace(-2, 2, width))
        for layer, weights in (
            (second, same),
            (merge, torch.cat([torch.zeros_like(same), same], dim=1)),
            (last, same),
        ):
            layer.conv.weight.zero_()
            layer.conv.weight[:, :, 1, 1, 1] = weights
            layer.norm.bias.fill_(_PAST_THE_KINK)


_PAST_THE_KINK = 8.0
"""Deviations above 0: there a leaky ReLU lets a normalised feature pass as it is."""


def _fit(network: Any, plans: dict[str, Any], recipe: Recipe) -> None:
    """Replace the last 1×1×1 convolution by the ridge regression of the labels on its random inputs."""
    import torch

    last = network.decoder.seg_layers[-1]
    seen: list[Any] = []
    hook = last.register_forward_hook(lambda _layer, given, _out: seen.append(given[0]))
    width = last.in_channels + 1
    gram = torch.zeros(width, width, dtype=torch.float64)
    target = torch.zeros(width, len(recipe.labels), dtype=torch.float64)
    for image, truth in _training_tiles(plans, recipe):
        with torch.inference_mode():
            network.eval()(image[None, None])
        features = seen.pop()[0].flatten(1).T.double()
        features = torch.cat([features, torch.ones_like(features[:, :1])], dim=1)
        wanted = torch.nn.functional.one_hot(truth.flatten(), len(recipe.labels)).double()
        share = (1 / wanted.sum(0).clamp(min=1))[truth.flatten()][:, None]
        gram += features.T @ (features * share)
        target += features.T @ (wanted * share)
    hook.remove()
    solution = torch.linalg.solve(gram + 1e-6 * gram.diagonal().mean() * torch.eye(width), target)
    with torch.no_grad():
        last.weight.copy_(_CONFIDENCE * solution[:-1].T.float()[:, :, None, None, None])
        last.bias.copy_(_CONFIDENCE * solution[-1].float())


_CONFIDENCE = 10.0
"""Turns regressed 0…1 into logits."""


def _training_tiles(plans: dict[str, Any], recipe: Recipe) -> Iterator[tuple[Any, Any]]:
    """The eight corners of a phantom of one and a half tiles, normalised, with their labels."""
    import itertools

    import torch

    from worker.inference import phantoms

    shape = [size * 3 // 2 for size in recipe.patch]
    scan, truth = phantoms.volume(shape, recipe.spacing, seed=recipe.seed + 1000)
    channel = plans["foreground_intensity_properties_per_channel"]["0"]
    image = torch.from_numpy(scan).clamp(channel["percentile_00_5"], channel["percentile_99_5"])
    image = (image - channel["mean"]) / channel["std"]
    labels = torch.from_numpy(truth).long()
    for corner in itertools.product(*((0, n - size) for n, size in zip(shape, recipe.patch, strict=True))):
        tile = tuple(slice(low, low + size) for low, size in zip(corner, recipe.patch, strict=True))
        yield image[tile], labels[tile]
