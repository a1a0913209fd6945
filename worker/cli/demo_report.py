"""What a demonstration gave, as a table of phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from worker.metrics import Metrics

_PHASES = ("download", "prepare", "infer", "export", "upload", "total")


def report(
    console: Console,
    results: Sequence[Mapping[str, Any]],
    folder: Path,
    seconds: float,
    metrics: Metrics,
) -> None:
    """One row for each scan, then what they make together, then where to look."""
    ordered = sorted(results, key=lambda each: str(each["input"]["key"]))
    phases = Table(title="Seconds by phase (stages of different scans overlap)")
    phases.add_column("scan", no_wrap=True)
    for phase in _PHASES:
        phases.add_column(phase, justify="right")
    for result in ordered:
        phases.add_row(_name(result), *(_seconds(result["seconds"].get(phase)) for phase in _PHASES))
    console.print(phases)
    for result in ordered:
        volumes = ", ".join(f"{label['name']} {label['ml']:.1f} ml" for label in result["labels"])
        console.print(f"{_name(result)}: {volumes}", highlight=False)
    busy = metrics.registry.get_sample_value("worker_device_busy_seconds_total") or 0.0
    console.print(
        f"{len(results)} scans in {seconds:.1f} s with the model's load: {len(results) / seconds * 3600:.0f} scans/h,"
        f" the network busy {busy / seconds:.0%} of the time."
    )
    console.print(
        f"Open {folder / 'results'}: mask.nii.gz, result.json, preview.png. Log: {folder / 'log.jsonl'}"
    )


def _name(result: Mapping[str, Any]) -> str:
    return Path(result["input"]["key"]).name


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
