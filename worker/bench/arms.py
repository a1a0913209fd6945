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
from worker.inference.model import digest_of


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
    """(c) and (r): phases in a row, each timed (worker/bench/child.py)."""
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


def worker_from_the_queue(setting: Setting) -> Result:
    """(d) ``worker run --until-empty``: the scans lie in S3, their messages in SQS, both played by moto.

    moto runs in this process: as with the real ones, its work is not charged to the worker.
    """
    from worker.cli.demo_cloud import DemoCloud

    masks = setting.work / "d"
    masks.mkdir()
    with DemoCloud() as cloud:
        for scan in setting.scans:
            cloud.upload(scan.name, scan)
        settings = cloud.settings | {
            "model": setting.model,
            "model_sha256": digest_of(setting.model),
            "device": setting.device,
            "tta": setting.tta,
            "scratch": setting.work / "scratch",
            "poll_seconds": 1,
            "http_port": 0,
        }
        told = {f"WORKER_{name.upper()}": str(value) for name, value in settings.items()}
        command = [sys.executable, "-m", "worker", "run", "--until-empty"]
        cost = processes.run(command, _environment(setting) | told, setting.work / "d.log")
        results = cloud.fetch_results(setting.work / "results")
    phases = []
    for result in results:
        mask = next(output["key"] for output in result["outputs"] if output["name"] == "mask.nii.gz")
        case = setting.case(Path(result["input"]["key"]))
        (setting.work / "results" / mask.removeprefix("results/")).rename(masks / f"{case}.nii.gz")
        seconds = result["seconds"] | {"network": result["seconds"]["infer"]}
        phases.append({name: {"wall": seconds[name]} for name in ("prepare", "network", "export")})
    return Result("d", cost, masks, phases)


def _nnunet_command(setting: Setting, scans: Sequence[Path], masks: Path, name: str) -> Cost:
    given = setting.work / f"in-{name}"
    given.mkdir(parents=True)
    for scan in scans:
        (given / scan.name).symlink_to(scan)
    if setting.device == "cuda":
        program = [sys.executable, "-m", "worker.bench.settled"]
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
    """nnU-Net asks for three folders that prediction does not use; the same for every arm.

    How OpenMP waits is each arm's own affair: nnU-Net leaves its default, the worker sets it for itself.
    """
    unused = {f"nnUNet_{name}": str(setting.work) for name in ("raw", "preprocessed", "results")}
    root = str(Path(__file__).parents[2])
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    return inherited | unused | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
