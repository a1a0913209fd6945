"""Small models, and nnU-Net's own command as the reference for what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.inference.tiny_model import Recipe, make

SMALL = {"patch": (32, 32, 32), "features": (4, 8, 16)}

Predict = Callable[..., Path]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An isotropic model with one fold and random weights."""
    return make(tmp_path_factory.mktemp("model"), Recipe(**SMALL))


@pytest.fixture
def nnunet_predict(tmp_path: Path) -> Predict:
    """``nnUNetv2_predict_from_modelfolder``, as installed: ``(model, scans, tta=, folds=, extra=) -> masks``."""

    def predict(
        model: Path, scans: Path, *, tta: bool, folds: tuple[int, ...] = (0,), extra: tuple[str, ...] = ()
    ) -> Path:
        masks = tmp_path / f"reference-{model.name}-{tta}"
        command = [
            str(Path(sys.prefix) / "bin" / "nnUNetv2_predict_from_modelfolder"),
            *("-i", str(scans), "-o", str(masks), "-m", str(model), "-device", "cpu"),
            *("-f", *map(str, folds), "-npp", "1", "-nps", "1", "--disable_progress_bar"),
            *([] if tta else ["--disable_tta"]),
            *extra,
        ]
        anywhere = {f"nnUNet_{name}": str(tmp_path) for name in ("raw", "preprocessed", "results")}
        idle = {"OMP_WAIT_POLICY": "passive"}
        done = subprocess.run(
            command,
            env=os.environ | anywhere | idle,
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return masks

    return predict
