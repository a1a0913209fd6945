"""What the arms' costs come to: rates, percentiles, ratios, and voxels that differ."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from worker.bench.arms import Result

PHASES = ("prepare", "network", "export")

TITLES: Mapping[str, str] = {
    "a": "(a) nnU-Net's command, once for each scan",
    "b": "(b) nnU-Net's command, once for all",
    "c": "(c) nnU-Net's predictor, resident, in a row",
    "d": "(d) this worker, fed from the queue",
    "r": "(r) this worker, stages in a row",
}


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; ``share`` from 0 to 1."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def differing_voxels(one: Path, other: Path) -> int:
    """Over all ``CASE.nii.gz`` of ``one``; every one of them must be in ``other``."""
    import SimpleITK

    masks = sorted(one.glob("*.nii.gz"))
    if len(masks) != len(list(other.glob("*.nii.gz"))):
        raise RuntimeError(f"{one.name} and {other.name} have not the same number of masks")
    total = 0
    for mask in masks:
        left, right = (
            SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(side / mask.name))) for side in (one, other)
        )
        total += int((left != right).sum())
    return total


def rate(result: Result, scans: int) -> float:
    """Scans in an hour."""
    return scans * 3600 / result.cost.wall


def machine(cpus: int, device: str) -> str:
    """In one line: processor, processors used, memory, GPU, versions."""
    from importlib.metadata import version

    import nnunetv2  # noqa: F401 - its version is only known where it is installed
    import torch

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    graphics = torch.cuda.get_device_name(0) if device == "cuda" else "no GPU"
    return (
        f"{_processor()}, {cpus} CPUs, {memory:.0f} GiB, {graphics}; Python {platform.python_version()}, "
        f"torch {torch.__version__}, nnunetv2 {version('nnunetv2')}"
    )


def table(results: Sequence[Result], scans: int, usd_per_hour: float) -> Iterator[str]:
    """Markdown: one row for each arm, the first arm that there is being the reference for voxels."""
    yield "| arm | scans/h | wall s | CPU s/scan | peak memory | GPU busy | GPU peak | differing voxels | USD/scan |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    reference = results[0]
    for result in results:
        cost, per_hour = result.cost, rate(result, scans)
        busy = "–" if cost.gpu_busy is None else f"{cost.gpu_busy:.0%}"
        graphics = f"{cost.gpu_peak_bytes / 2**30:.2f} GiB" if cost.gpu_peak_bytes else "–"
        differing = (
            "reference" if result is reference else str(differing_voxels(reference.masks, result.masks))
        )
        yield (
            f"| {TITLES[result.name]} | {per_hour:.0f} | {cost.wall:.1f} | {cost.cpu / scans:.2f} | "
            f"{cost.peak_bytes / 2**30:.2f} GiB | {busy} | {graphics} | {differing} | {usd_per_hour / per_hour:.6f} |"
        )


def phase_table(results: Sequence[Result]) -> Iterator[str]:
    """Markdown: seconds per scan by phase, for the arms that tell their phases apart."""
    yield "| arm | phase | CPU s/scan | wall p50 | wall p95 |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for result in results:
        for phase in PHASES if result.phases else ():
            walls = [scan[phase]["wall"] for scan in result.phases]
            mean = phase_cpu(result, phase)
            cpu = "–" if mean is None else f"{mean:.3f}"
            yield (
                f"| {TITLES[result.name]} | {phase} | {cpu} | {percentile(walls, 0.5):.3f} | "
                f"{percentile(walls, 0.95):.3f} |"
            )


def phase_cpu(result: Result, phase: str) -> float | None:
    """Mean CPU seconds of a phase; None where phases overlap. The first scan warms up and is left out."""
    values = [scan[phase]["cpu"] for scan in result.phases[1:] if "cpu" in scan[phase]]
    return sum(values) / len(values) if values else None


def ratios(results: Sequence[Result], scans: int) -> Iterator[str]:
    """The comparisons that matter, one sentence each."""
    by_name = {result.name: result for result in results}
    if ours := by_name.get("d"):
        for name in ("a", "b", "c"):
            if other := by_name.get(name):
                yield f"(d) does {rate(ours, scans) / rate(other, scans):.2f} times the scans/h of ({name})."
    theirs, mine = by_name.get("c"), by_name.get("r")
    if theirs and mine:
        sums = [_around_network(result) for result in (theirs, mine)]
        if sums[0] and sums[1]:
            yield (
                f"Preprocessing and export take {sums[0] / sums[1]:.1f} times less CPU than nnU-Net's "
                f"({sums[1]:.3f} against {sums[0]:.3f} s a scan)."
            )


def _around_network(result: Result) -> float:
    parts = [phase_cpu(result, phase) for phase in ("prepare", "export")]
    return sum(part for part in parts if part is not None)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
