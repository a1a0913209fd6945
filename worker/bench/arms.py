"""The arms of the benchmark: each a command of its own, so that start-up counts and memory is its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.bench import processes
from worker.bench.processes import Cost

_DETERMINISTIC = """
import torch
from nnunetv2.inference import predict_from_raw_data as nnunet
from worker.bench.child import settle_cudnn
start = nnunet.nnUNetPredictor.initialize_from_trained_model_folder
def settled(self, *given, **named):
    settle_cudnn()
    return start(self, *given, **named)
nnunet.nnUNetPredictor.initialize_from_trained_model_folder = settled
nnunet.predict_entry_point_modelfolder()
"""
"""nnU-Net's command switches cuDNN's search for the fastest kernel on; arms can only be compared without it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all arms share."""

    model: Path
    scans: Sequence[Path]
    device: str
    tta: bool
    work: Path

    def case(self, scan: Path) -> str:
        return scan.name.removesuffix("_0000.nii.gz")


@dataclass(frozen=True, slots=True)
class Result:
    """What an arm cost, and where its masks lie (``CASE.nii.gz``)."""

    name: str
    cost: Cost
    masks: Path
    phases: Sequence[Mapping[str, Mapping[str, float]]] = field(default_factory=tuple)
    """For each scan and phase: ``wall`` seconds, and ``cpu`` seconds where phases do not overlap."""


def command_for_each_scan(setting: Setting) -> Result:
    """(a) nnU-Net's command once per scan, as teams run it behind a queue."""
    masks = setting.work / "a"
    costs = [
        _nnunet_command(setting, [scan], masks, f"a-{index}") for index, scan in enumerate(setting.scans)
    ]
    total = costs[0]
    for cost in costs[1:]:
        total += cost
    return Result("a", total, masks)


def command_for_the_folder(setting: Setting) -> Result:
    """(b) nnU-Net's command once, over a folder that holds every scan."""
    masks = setting.work / "b"
    return Result("b", _nnunet_command(setting, setting.scans, masks, "b"), masks)


def child(setting: Setting, name: str, arm: str) -> Result:
    """(c), (d) and their like: a program of ours (worker/bench/child.py)."""
    masks, report = setting.work / name, setting.work / f"{name}.json"
    masks.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "worker.bench.child", arm, "--model", str(setting.model)),
        *("--device", setting.device, "--masks", str(masks), "--report", str(report)),
        *(["--tta"] if setting.tta else []),
        *map(str, setting.scans),
    ]
    cost = processes.run(command, _environment(setting), setting.work / f"{name}.log")
    phases: list[Any] = json.loads(report.read_text())
    return Result(name, cost, masks, phases)


def _nnunet_command(setting: Setting, scans: Sequence[Path], masks: Path, name: str) -> Cost:
    given = setting.work / f"in-{name}"
    given.mkdir(parents=True)
    for scan in scans:
        (given / scan.name).symlink_to(scan)
    if setting.device == "cuda":
        program = [sys.executable, "-c", _DETERMINISTIC]
    else:
        program = [str(Path(sys.prefix) / "bin" / "nnUNetv2_predict_from_modelfolder")]
    command = [
        *program,
        *("-i", str(given), "-o", str(masks), "-m", str(setting.model), "-device", setting.device),
        *("-f", *_folds(setting.model), "--disable_progress_bar"),
        *([] if setting.tta else ["--disable_tta"]),
    ]
    return processes.run(command, _environment(setting), setting.work / f"{name}.log")


def _folds(model: Path) -> list[str]:
    return sorted(path.name.removeprefix("fold_") for path in model.glob("fold_*"))


def _environment(setting: Setting) -> dict[str, str]:
    """nnU-Net asks for three folders that prediction does not use; the same for every arm."""
    unused = {f"nnUNet_{name}": str(setting.work) for name in ("raw", "preprocessed", "results")}
    root = str(Path(__file__).parents[2])
    return os.environ | unused | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
