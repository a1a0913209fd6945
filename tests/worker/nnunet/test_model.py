"""A model folder is checked before it is trusted, and refused in words."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.worker.nnunet.conftest import SMALL
from worker.faults import PermanentFault
from worker.inference import model as models
from worker.inference.segmenter import load
from worker.inference.tiny_model import Recipe, make


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def refused(folder: Path, **named: Any) -> PermanentFault:
    with pytest.raises(PermanentFault) as caught:
        models.read(folder, **named)
    return caught.value


def test_the_digest_is_what_sha256sum_gives(folder: Path) -> None:
    (folder / "fold_0" / "progress.png").write_bytes(b"does not count")
    files = ["dataset.json", "fold_0/checkpoint_final.pth", "plans.json"]
    listing = subprocess.run(["sha256sum", *files], cwd=folder, capture_output=True, check=True).stdout
    assert models.digest_of(folder) == hashlib.sha256(listing).hexdigest()


def test_a_wrong_digest_is_refused_before_any_checkpoint_is_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = models.digest_of(folder)
    assert models.read(folder, digest=good.upper()).digest == good
    checkpoint = folder / "fold_0" / "checkpoint_final.pth"
    checkpoint.write_bytes(checkpoint.read_bytes() + b"\0")
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("opened"))
    assert refused(folder, digest=good).code == "model-digest"


def test_a_checkpoint_that_would_run_code_is_refused_and_runs_none(folder: Path, tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return (Path.touch, (tmp_path / "harmed",))  # type: ignore[return-value]

    torch.save({"network_weights": Harm()}, folder / "fold_0" / "checkpoint_final.pth")
    fault = refused(folder)
    assert fault.code == "model-checkpoint"
    assert fault.where == "fold_0/checkpoint_final.pth"
    assert not (tmp_path / "harmed").exists()


def test_the_training_log_of_a_real_checkpoint_is_let_through(folder: Path) -> None:
    path = folder / "fold_0" / "checkpoint_final.pth"
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["logging"] = {"ema_fg_dice": [np.float64(0.5), np.float32(0.6)], "lrs": [np.int64(1)]}
    checkpoint["init_args"] |= {"device": torch.device("cuda"), "plans": {"a": (1, 2)}}
    checkpoint["_best_ema"] = np.float64(0.9)
    torch.save(checkpoint, path)
    assert models.read(folder).folds == (0,)


def edited(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    plans = json.loads((folder / "plans.json").read_text())
    edit(plans)
    (folder / "plans.json").write_text(json.dumps(plans))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda plans: plans["configurations"]["3d_fullres"].update(previous_stage="3d_lowres"), "cascade"),
        (lambda plans: plans["configurations"]["3d_fullres"].update(patch_size=[64, 64]), "2-D slices"),
        (
            lambda plans: plans["configurations"]["3d_fullres"].update(preprocessor_name="Own"),
            "preprocessor Own",
        ),
        (lambda plans: plans.update(image_reader_writer="Tiff3DIO"), "image reader Tiff3DIO"),
    ],
)
def test_what_is_not_supported_is_refused_in_words(
    folder: Path, edit: Callable[[dict[str, Any]], None], words: str
) -> None:
    edited(folder, edit)
    fault = refused(folder)
    assert fault.code == "model-unsupported"
    assert words in fault.what


@pytest.mark.parametrize("name", ["plans.json", "dataset.json", "fold_0/checkpoint_final.pth"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refused(folder).where == name


def test_a_missing_fold_and_a_missing_device_are_named(folder: Path) -> None:
    assert refused(folder, folds=(0, 3)).where == "fold_3/checkpoint_final.pth"
    if not torch.cuda.is_available():
        with pytest.raises(PermanentFault, match="no CUDA device"):
            load(folder, device="cuda")


def test_folds_are_chosen_or_all_taken(tmp_path: Path) -> None:
    folder = make(tmp_path, Recipe(folds=3, **SMALL))
    assert load(folder, device="cpu", tta=False).options == {"tta": False, "folds": [0, 1, 2]}
    assert load(folder, device="cpu", tta=True, folds=(2,)).options == {"tta": True, "folds": [2]}


def test_postprocessing_lets_only_nnunets_own_function_through(folder: Path) -> None:
    from nnunetv2.postprocessing.remove_connected_components import (
        remove_all_but_largest_component_from_segmentation as keep_largest,
    )

    path = folder / "postprocessing.pkl"
    path.write_bytes(pickle.dumps(([keep_largest], [{"labels_or_regions": [1, (2, 3)]}])))
    functions, arguments = models.read(folder).postprocessing or ((), ())
    assert (functions, arguments) == ([keep_largest], [{"labels_or_regions": [1, (2, 3)]}])
    path.write_bytes(pickle.dumps(([print], [{}])))
    fault = refused(folder)
    assert fault.code == "model-postprocessing"
    assert "print" in fault.what


def test_the_same_recipe_gives_the_same_model(tmp_path: Path) -> None:
    one, two = (make(tmp_path / name, Recipe(**SMALL)) for name in ("one", "two"))
    weights = [models.read(folder).networks[0].state_dict() for folder in (one, two)]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
