"""``worker bench`` runs its arms, counts what they cost, and finds no voxel that differs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from worker.bench import figures, processes
from worker.bench.arms import Result
from worker.bench.processes import Cost
from worker.inference import bench_command


def bench(*arguments: str) -> int:
    parser = ArgumentParser()
    bench_command.add_arguments(parser)
    return bench_command.run(parser.parse_args(arguments))


def test_a_command_is_charged_for_its_children_too(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.7: bytearray(1000)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    cost = processes.run([sys.executable, "-c", nested], {}, tmp_path / "log")
    assert 0.6 < cost.cpu < 3
    assert cost.wall > 0.6
    assert cost.peak_bytes > 1 << 20


def test_a_command_that_fails_shows_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        processes.run([sys.executable, "-c", "raise SystemExit('no such luck')"], {}, tmp_path / "log")


def test_costs_add_up() -> None:
    total = Cost(1.0, 2.0, 100, 0.5, 7) + Cost(3.0, 1.0, 50, 0.9, 9)
    assert (total.wall, total.cpu, total.peak_bytes, total.gpu_peak_bytes) == (4.0, 3.0, 100, 9)
    assert total.gpu_busy == pytest.approx(0.8)


def test_percentiles_are_nearest_ranks() -> None:
    assert [figures.percentile([4, 1, 3, 2], share) for share in (0.0, 0.5, 0.95)] == [1, 2, 4]


def test_the_ratio_of_cpu_leaves_network_and_warm_up_out() -> None:
    def phases(prepare: float, export: float) -> dict[str, dict[str, float]]:
        named = {"prepare": prepare, "network": 9.0, "export": export}
        return {name: {"wall": cpu, "cpu": cpu} for name, cpu in named.items()}

    cost = Cost(10.0, 10.0, 1, None, 0)
    theirs = Result("c", cost, Path(), [phases(50, 50), phases(2, 2)])
    ours = Result("r", cost, Path(), [phases(50, 50), phases(0.5, 0.3)])
    assert list(figures.ratios([theirs, ours], 2)) == [
        "Preprocessing and export take 5.0 times less CPU than nnU-Net's (0.800 against 4.000 s a scan)."
    ]


def test_an_unknown_arm_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--arms", "ax") == 2
    assert "--arms takes letters of abcdr" in capsys.readouterr().err


@pytest.mark.slow
def test_resident_arms_agree_and_are_recorded(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "BENCHMARKS.md"
    done = bench(
        *("--model", str(model_folder), "--arms", "cdr", "--scans", "2", "--size", "40"),
        *("--device", "cpu", "--record", str(record)),
    )
    assert done == 0
    report = capsys.readouterr().out
    assert report.strip() == record.read_text().strip()
    rows = [line for line in report.splitlines() if line.startswith("| (") and "scans" not in line]
    summary = [row.split("|") for row in rows[:3]]
    assert [row[8].strip() for row in summary] == ["reference", "0", "0"]
    assert "times less CPU than nnU-Net's" in report
