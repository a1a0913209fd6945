"""``worker bench``: this worker beside nnU-Net's own command, on this machine."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from worker.bench import arms, figures
from worker.bench.arms import Result, Setting

_ARMS: dict[str, Callable[[Setting], Result]] = {
    "a": arms.command_for_each_scan,
    "b": arms.command_for_the_folder,
    "c": lambda setting: arms.child(setting, "c", "nnunet-in-a-row"),
    "d": arms.worker_from_the_queue,
    "r": lambda setting: arms.child(setting, "r", "worker-in-a-row"),
}


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="model folder (default: a tiny one, made here)"
    )
    parser.add_argument(
        "--input", type=Path, metavar="DIR", help="scans NAME_0000.nii.gz (default: phantoms)"
    )
    parser.add_argument("--scans", type=int, default=8, metavar="N", help="how many phantoms (default: 8)")
    parser.add_argument(
        "--size", type=int, default=128, metavar="VOXELS", help="a phantom's edge (default: 128)"
    )
    parser.add_argument(
        "--spacing", type=float, default=0.3, metavar="MM", help="a phantom's voxels (default: 0.3)"
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--tta", action="store_true", help="mirror, in every arm")
    parser.add_argument(
        "--cpus", type=int, default=0, metavar="N", help="pin every arm to N CPUs (g5.xlarge has 4)"
    )
    parser.add_argument("--arms", default="abcdr", help="which arms, in this order (default: abcdr)")
    parser.add_argument(
        "--usd-per-hour", type=float, default=1.006, help="price (default: g5.xlarge, us-east-1)"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", help="append the tables to this Markdown file")


def run(options: Namespace) -> int:
    """0: measured; 1: an arm failed (its output's end on stderr); 2: usage."""
    unknown = set(options.arms) - set(_ARMS)
    if unknown or not options.arms or options.scans < 1:
        print(f"worker bench: --arms takes letters of {''.join(_ARMS)}, --scans at least 1", file=sys.stderr)
        return 2
    cpus = _pin(options.cpus)
    with TemporaryDirectory(prefix="worker-bench-") as folder:
        setting = _setting(options, Path(folder))
        try:
            results = [_measured(setting, name) for name in options.arms]
        except RuntimeError as error:
            print(f"worker bench: {error}", file=sys.stderr)
            return 1
        report = list(_report(options, setting, results, cpus))
    print("\n".join(report))
    if options.record:
        with options.record.open("a", encoding="utf-8") as out:
            out.write("\n".join(["", *report]) + "\n")
    return 0


def _pin(count: int) -> int:
    """Keep this process and what it starts on ``count`` processors; how many there are."""
    allowed = sorted(os.sched_getaffinity(0))
    if 0 < count < len(allowed):
        os.sched_setaffinity(0, allowed[:count])
    return len(os.sched_getaffinity(0))


def _setting(options: Namespace, work: Path) -> Setting:
    import torch

    from worker.inference import phantoms, tiny_model

    device = options.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    model = options.model or tiny_model.make(work / "model", tiny_model.Recipe())
    if options.input:
        scans = sorted(options.input.resolve().glob("*_0000.nii.gz"))
    else:
        shape, spacing = [options.size] * 3, [options.spacing] * 3
        scans = phantoms.write(work / "scans", options.scans, shape=shape, spacing=spacing)
    return Setting(model.resolve(), scans, device, options.tta, work)


def _measured(setting: Setting, name: str) -> Result:
    started = time.perf_counter()
    result = _ARMS[name](setting)
    print(f"{figures.TITLES[name]}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)
    return result


def _report(options: Namespace, setting: Setting, results: Sequence[Result], cpus: int) -> list[str]:
    count = len(setting.scans)
    what = "scans" if options.input else f"phantoms of {options.size}³ at {options.spacing:g} mm"
    model = setting.model.name if options.model else "the tiny model"
    mirrored = "mirrored (TTA)" if options.tta else "not mirrored"
    return [
        f"## {time.strftime('%Y-%m-%d', time.gmtime())}: {count} {what}, {model}, {setting.device}, {mirrored}",
        "",
        f"Machine: {figures.machine(cpus, setting.device)}. Start-up counts; USD at {options.usd_per_hour:g}/h.",
        "",
        *figures.table(results, count, options.usd_per_hour),
        "",
        *figures.phase_table(results),
        "",
        *figures.ratios(results, count),
    ]
