"""The mask is nnU-Net's own, voxel for voxel: against its real command, not against our reading of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from tests.worker.nnunet.conftest import SMALL, Predict
from worker.inference import phantoms
from worker.inference.export import uses_running_maximum
from worker.inference.preprocess import resamples_by_matrices
from worker.inference.segmenter import NnUNetSegmenter, load
from worker.inference.tiny_model import Recipe, make

pytestmark = pytest.mark.slow

ISOTROPIC = (
    ((44, 48, 52), (0.3, 0.3, 0.3)),
    ((30, 52, 48), (0.55, 0.35, 0.4)),
    ((26, 30, 28), (0.4, 0.4, 0.4)),
)
"""Finer than the model, mixed (every axis resized another way), and smaller than a tile on the model's own grid."""


def write_scans(
    folder: Path, cases: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...], channels: int = 1
) -> Path:
    for index, (shape, spacing) in enumerate(cases):
        part = phantoms.write(folder / "part", 1, shape=shape, spacing=spacing, seed=index, channels=channels)
        for path in part:
            path.rename(folder / path.name.replace("phantom_000", f"phantom_{index:03d}"))
    (folder / "part").rmdir()
    return folder


def differing_voxels(segmenter: NnUNetSegmenter, scans: Path, masks: Path, work: Path) -> dict[str, int]:
    """By case: how many voxels of ours differ from the reference; the geometry must be the same."""
    differing = {}
    for reference in sorted(masks.glob("*.nii.gz")):
        case = reference.name.removesuffix(".nii.gz")
        files = sorted(scans.glob(f"{case}_*.nii.gz"))
        source = files[0]
        if len(files) > 1:
            source = work / case
            source.mkdir()
            for path in files:
                (source / path.name).symlink_to(path)
        out = work / f"out-{case}"
        out.mkdir()
        segmenter.export(segmenter.infer(segmenter.prepare(source)), out)
        ours, theirs = SimpleITK.ReadImage(str(out / "mask.nii.gz")), SimpleITK.ReadImage(str(reference))
        for ask in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
            np.testing.assert_allclose(getattr(ours, ask)(), getattr(theirs, ask)(), rtol=1e-6, atol=1e-6)
        one, other = SimpleITK.GetArrayFromImage(ours), SimpleITK.GetArrayFromImage(theirs)
        assert len(np.unique(other)) > 1, "a mask of one label proves nothing"
        differing[case] = int((one != other).sum())
    return differing


@pytest.mark.parametrize("tta", [False, True], ids=["plain", "mirrored"])
def test_no_voxel_differs_on_isotropic_scans(
    model_folder: Path, nnunet_predict: Predict, tmp_path: Path, tta: bool
) -> None:
    scans = write_scans(tmp_path / "scans", ISOTROPIC)
    segmenter = load(model_folder, device="cpu", tta=tta)
    prepared = segmenter.prepare(scans / "phantom_001_0000.nii.gz")
    assert resamples_by_matrices(prepared.input.properties["spacing"], segmenter._model)
    assert uses_running_maximum(segmenter._model, prepared.input.properties)
    masks = nnunet_predict(model_folder, scans, tta=tta)
    assert differing_voxels(segmenter, scans, masks, tmp_path) == {f"phantom_00{i}": 0 for i in range(3)}


def test_no_voxel_differs_where_a_coarse_axis_is_resampled_apart(
    nnunet_predict: Predict, tmp_path: Path
) -> None:
    model = make(tmp_path / "coarse", replace(Recipe(**SMALL), spacing=(2.0, 0.5, 0.5), patch=(16, 32, 32)))
    cases = (((12, 40, 44), (2.5, 0.4, 0.45)), ((36, 42, 40), (0.8, 0.6, 0.6)))
    scans = write_scans(tmp_path / "scans", cases)
    segmenter = load(model, device="cpu", tta=False)
    assert not resamples_by_matrices(cases[0][1], segmenter._model)
    masks = nnunet_predict(model, scans, tta=False)
    assert differing_voxels(segmenter, scans, masks, tmp_path) == {"phantom_000": 0, "phantom_001": 0}


def test_no_voxel_and_no_probability_differs_with_region_labels(
    nnunet_predict: Predict, tmp_path: Path
) -> None:
    labels = {"background": 0, "head": [1, 2, 3], "hard": [2, 3], "teeth": [3]}
    model = make(tmp_path / "regions", replace(Recipe(**SMALL), labels=labels))
    scans = write_scans(tmp_path / "scans", ISOTROPIC[:2])
    segmenter = load(model, device="cpu", tta=False, probabilities=True)
    assert not uses_running_maximum(segmenter._model, {"spacing": (0.3, 0.3, 0.3)})
    masks = nnunet_predict(model, scans, tta=False, extra=("--save_probabilities",))
    assert differing_voxels(segmenter, scans, masks, tmp_path) == {"phantom_000": 0, "phantom_001": 0}
    for case in ("phantom_000", "phantom_001"):
        ours = np.load(tmp_path / f"out-{case}" / "probabilities.npz")["probabilities"]
        theirs = np.load(masks / f"{case}.npz")["probabilities"]
        # A sigmoid's last bit depends on how many threads share it out, and the command takes eight.
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_no_voxel_differs_with_folds_channels_masks_and_turned_axes(
    nnunet_predict: Predict, tmp_path: Path
) -> None:
    recipe = replace(
        Recipe(**SMALL),
        folds=3,
        channels=("CT", "T1"),
        transpose=(1, 2, 0),
        mask_for_normalization=True,
    )
    model = make(tmp_path / "several", recipe)
    scans = write_scans(tmp_path / "scans", ISOTROPIC[1:2], channels=2)
    segmenter = load(model, device="cpu", tta=False)
    masks = nnunet_predict(model, scans, tta=False, folds=(0, 1, 2))
    assert differing_voxels(segmenter, scans, masks, tmp_path) == {"phantom_000": 0}
