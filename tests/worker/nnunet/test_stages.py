"""Each stage by itself, against nnU-Net's own function for it."""

from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.nnunet.conftest import SMALL
from worker.faults import DeviceOutOfMemory, PermanentFault
from worker.imaging.limits import Limits
from worker.inference import export, phantoms, resampling, tiny_model
from worker.inference import model as models
from worker.inference.network import ResidentNetwork
from worker.inference.preprocess import preprocess
from worker.inference.segmenter import NnUNetSegmenter, load

CPU = torch.device("cpu")
SHAPES = st.tuples(*[st.integers(2, 24)] * 3)


@settings(max_examples=60, deadline=None)
@given(old=SHAPES, new=SHAPES, seed=st.integers(0, 1000))
def test_three_matrices_resize_as_skimage_does(old: Sequence[int], new: Sequence[int], seed: int) -> None:
    from skimage.transform import resize

    volume = np.random.default_rng(seed).normal(size=old).astype(np.float32)
    theirs = resize(volume.astype(float), new, 3, mode="edge", anti_aliasing=False)
    ours = resampling.resize_on(volume, new, CPU)
    np.testing.assert_allclose(ours, theirs.astype(np.float32), rtol=0, atol=3e-7)
    if tuple(old) == tuple(new):
        assert ours is volume or np.shares_memory(ours, volume)


def test_resizing_a_real_size_is_equal_to_the_bit() -> None:
    from skimage.transform import resize

    volume, _ = phantoms.volume((50, 61, 72), (0.3, 0.3, 0.3))
    for new in ((38, 46, 54), (67, 50, 96)):
        theirs = resize(volume.astype(float), new, 3, mode="edge", anti_aliasing=False).astype(np.float32)
        np.testing.assert_array_equal(resampling.resize_on(volume, new, CPU), theirs)


@settings(max_examples=60, deadline=None)
@given(old=SHAPES, new=SHAPES, heads=st.integers(1, 5), seed=st.integers(0, 1000), coarse=st.booleans())
def test_the_running_maximum_is_nnunets_argmax(
    old: Sequence[int], new: Sequence[int], heads: int, seed: int, coarse: bool
) -> None:
    """``coarse``: logits of few different values, so that ties in half precision are everywhere."""
    from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg

    logits = np.random.default_rng(seed).normal(size=(heads, *old)) * 4
    logits = (np.rint(logits) if coarse else logits).astype(np.float16)
    theirs = resample_data_or_seg(logits, new, order=1).argmax(0)
    ours = export.running_argmax(torch.from_numpy(logits), new).numpy()
    np.testing.assert_array_equal(ours, theirs)


def test_ties_that_only_rounding_makes_go_to_the_first_class() -> None:
    near = torch.tensor([1.0, 1.0 + 2**-10]).half()
    logits = near.reshape(2, 1, 1, 1).repeat(1, 4, 4, 4)
    logits[1, :2] = 1.0
    labels = export.running_argmax(logits, (8, 4, 4))
    theirs = torch.nn.functional.interpolate(logits.double()[None], (8, 4, 4), mode="trilinear")[0]
    np.testing.assert_array_equal(labels.numpy(), theirs.numpy().astype(np.float16).argmax(0))
    assert set(labels.unique().tolist()) == {0, 1}


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"transpose": (2, 0, 1)},
        {"channels": ("CT", "T1")},
        {"channels": ("T1",), "mask_for_normalization": True},
        {"spacing": (1.6, 0.4, 0.4)},
    ],
    ids=["plain", "turned", "two channels", "masked", "coarse axis"],
)
def test_preprocessing_is_nnunets(tmp_path: Path, recipe: dict[str, Any]) -> None:
    model = models.read(tiny_model.make(tmp_path / "model", tiny_model.Recipe(**(SMALL | recipe))))
    spacing = (0.5, 0.3, 0.35)
    volumes = [phantoms.volume((20, 31, 28), spacing, seed=i)[0] for i in range(len(model.channels))]
    scan = np.stack(volumes)
    scan[:, :3] = scan[:, :, -2:] = 0
    scan[:, 9:12, 10:14, 10:14] = 0
    theirs, _, properties = model.configuration.preprocessor_class(verbose=False).run_case_npy(
        scan.copy(), None, {"spacing": list(spacing)}, model.plans, model.configuration, dict(model.dataset)
    )
    ours = preprocess(scan.copy(), spacing, model, CPU)
    np.testing.assert_array_equal(ours.data, theirs)
    for name, value in ours.properties.items():
        assert np.array_equal(value, properties[name]), name


@pytest.fixture(scope="module")
def scan_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scan")
    return phantoms.write(folder, 1, shape=(40, 36, 44), spacing=(0.4, 0.4, 0.4))[0]


def starve(network: ResidentNetwork, largest: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tiles of more than ``largest`` voxels along an axis do not fit the device; what was tried."""
    tried: list[int] = []
    real = network._mirrored

    def mirrored(module: Any, given_tile: torch.Tensor) -> torch.Tensor:
        tried.append(given_tile.shape[-1])
        if given_tile.shape[-1] > largest:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return real(module, given_tile)

    monkeypatch.setattr(network, "_mirrored", mirrored)
    return tried


def test_a_device_without_room_is_a_fault_and_smaller_tiles_are_the_way_out(
    model_folder: Path, scan_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenter = load(model_folder, device="cpu", tta=False)
    tried = starve(segmenter._network, 20, monkeypatch)
    prepared = segmenter.prepare(scan_path)
    with pytest.raises(DeviceOutOfMemory) as caught:
        segmenter.infer(prepared)
    assert "32×32×32" in caught.value.where
    segmentation = segmenter.export(segmenter.infer(prepared, smaller_tiles=True), tmp_path)
    assert set(tried) == {32, 16}
    assert "smaller-tiles" in [flag["code"] for flag in segmentation.facts["flags"]]


def test_tiles_never_get_smaller_than_the_strides_allow(tmp_path: Path) -> None:
    recipe = tiny_model.Recipe(patch=(8, 32, 40), features=(2, 4, 8, 8))
    network = ResidentNetwork(models.read(tiny_model.make(tmp_path, recipe)), CPU, tta=False)
    assert network.smaller_patch() == (8, 16, 24)


def test_a_network_that_gives_no_numbers_is_a_fault(model_folder: Path, scan_path: Path) -> None:
    segmenter = load(model_folder, device="cpu", tta=False)
    broken = copy.deepcopy(segmenter._network._networks[0])
    with torch.no_grad():
        next(iter(broken.parameters())).fill_(float("nan"))
    segmenter._network._networks[0] = broken
    with pytest.raises(PermanentFault, match="not finite"):
        segmenter.infer(segmenter.prepare(scan_path))


def test_memory_is_bounded_before_the_scan_is_resampled(model_folder: Path, tmp_path: Path) -> None:
    """Coarse voxels in the header make a huge grid for the network out of a small file."""
    path = phantoms.write(tmp_path, 1, shape=(30, 30, 30), spacing=(20, 20, 20))[0]
    segmenter = load(model_folder, device="cpu", tta=False, limits=Limits(memory_bytes=1 << 30))
    with pytest.raises(PermanentFault) as caught:
        segmenter.prepare(path)
    assert caught.value.code == "too-large"


def test_postprocessing_of_the_model_folder_is_applied_and_timed(
    model_folder: Path, scan_path: Path, tmp_path: Path
) -> None:
    from nnunetv2.postprocessing.remove_connected_components import (
        remove_all_but_largest_component_from_segmentation as keep_largest,
    )

    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    recipe = ([keep_largest], [{"labels_or_regions": [1, 2, 3]}])
    (folder / "postprocessing.pkl").write_bytes(pickle.dumps(recipe))
    plain, processed = (
        mask_of(load(each, device="cpu", tta=False), scan_path, tmp_path) for each in (model_folder, folder)
    )
    np.testing.assert_array_equal(processed, keep_largest(plain, [1, 2, 3]))
    assert (processed != plain).any()


def mask_of(segmenter: NnUNetSegmenter, scan: Path, work: Path) -> np.ndarray:
    segmentation = segmenter.export(segmenter.infer(segmenter.prepare(scan)), work)
    assert set(segmentation.seconds) == {"resample", "postprocess", "write"}
    array: np.ndarray = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(work / "mask.nii.gz")))
    return array


def test_facts_hold_what_result_json_needs(model_folder: Path, scan_path: Path, tmp_path: Path) -> None:
    import json

    segmenter = load(model_folder, device="cpu", tta=False)
    segmentation = segmenter.export(segmenter.infer(segmenter.prepare(scan_path)), tmp_path)
    facts = json.loads(json.dumps(segmentation.facts))
    assert [label["name"] for label in facts["labels"]] == ["soft_tissue", "bone", "teeth"]
    assert facts["geometry"]["shape_xyz"] == [44, 36, 40]
    assert [output.name for output in segmentation.outputs] == ["mask.nii.gz", "preview.png"]
    assert all(output.path.stat().st_size > 100 for output in segmentation.outputs)
    assert json.loads(json.dumps(dict(segmenter.description)))["nnunetv2"]
    assert segmenter.device_state() == {"peak_memory_bytes": 0.0, "memory_bytes": 0.0}
    assert len(segmenter.digest) == 64


def test_a_fitted_model_finds_the_phantoms_tissues(tmp_path: Path) -> None:
    folder = tiny_model.make(tmp_path / "model", tiny_model.Recipe(fitted=True, patch=(32, 32, 32)))
    scan = phantoms.write(tmp_path, 1, shape=(48, 48, 48), spacing=(0.4, 0.4, 0.4), seed=3)[0]
    mask = mask_of(load(folder, device="cpu", tta=False), scan, tmp_path)
    _, truth = phantoms.volume((48, 48, 48), (0.4, 0.4, 0.4), seed=3)
    assert (mask == truth).mean() > 0.8
