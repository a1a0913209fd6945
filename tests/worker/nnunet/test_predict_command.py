"""``worker predict``: files in, a folder of results for each out, and words for what could not be done."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import highdicom
import numpy as np
import pytest
import SimpleITK

from tests.worker.imaging.dicom_phantom import write_series
from worker.inference import phantoms, predict_command


def predict(*arguments: object) -> int:
    parser = ArgumentParser()
    predict_command.add_arguments(parser)
    return predict_command.run(parser.parse_args([*map(str, arguments), "--device", "cpu", "--no-tta"]))


def test_a_folder_of_scans_gives_a_folder_of_results_for_each(model_folder: Path, tmp_path: Path) -> None:
    phantoms.write(tmp_path / "in", 2, shape=(20, 22, 24), spacing=(0.8, 0.8, 0.8))
    assert predict(tmp_path / "in", tmp_path / "out", "--model", model_folder) == 0
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert folders == ["phantom_000_0000", "phantom_001_0000"]
    for name in folders:
        folder = tmp_path / "out" / name
        result = json.loads((folder / "result.json").read_text())
        assert result["outputs"] == ["mask.nii.gz", "preview.png"]
        assert result["options"] == {"tta": False, "folds": [0]}
        assert set(result["seconds"]) >= {"prepare", "network", "export", "export.postprocess"}
        assert "research use" in result["notice"]


def test_a_dicom_folder_gives_a_mask_and_a_segmentation_object(model_folder: Path, tmp_path: Path) -> None:
    scan, _ = phantoms.volume((16, 24, 26), (1.0, 0.4, 0.3))
    write_series(tmp_path / "series", np.rint(scan + 1024).astype(np.int16), spacing=1.0)
    assert predict(tmp_path / "series", tmp_path / "out", "--model", model_folder) == 0
    folder = tmp_path / "out" / "series"
    mask = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / "mask.nii.gz")))
    seg = highdicom.seg.segread(folder / "mask.dcm")
    names = [segment.SegmentLabel for segment in seg.SegmentSequence]
    assert names == [
        name for value, name in enumerate(("soft_tissue", "bone", "teeth"), 1) if (mask == value).any()
    ]
    assert json.loads((folder / "result.json").read_text())["input_format"] == "dicom"


def test_one_bad_scan_is_explained_and_the_others_are_done(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phantoms.write(tmp_path / "in", 1, shape=(20, 22, 24), spacing=(0.8, 0.8, 0.8))
    (tmp_path / "in" / "broken.nii.gz").write_bytes(b"nothing")
    assert predict(tmp_path / "in", tmp_path / "out", "--model", model_folder) == 1
    assert "broken.nii.gz: no NIfTI, NRRD, MetaImage or DICOM among 1 file(s)" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["phantom_000_0000"]


def test_a_missing_input_or_model_is_one_line_and_a_two(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(tmp_path / "nowhere", tmp_path / "out", "--model", model_folder) == 2
    assert predict(tmp_path, tmp_path / "out", "--model", tmp_path) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "plans.json is missing" in lines[1]


def test_another_digest_is_refused(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(tmp_path, tmp_path / "out", "--model", model_folder, "--sha256", "0" * 64) == 2
    assert "the model folder has sha256" in capsys.readouterr().err
