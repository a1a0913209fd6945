"""The chain of GPU signals, and many workloads, on a real Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.sources.prometheus.asking import Asking, Row
from auditor.sources.prometheus.client import Client
from auditor.sources.prometheus.kinds import READERS
from auditor.sources.prometheus.options import PrometheusOptions
from tests.live.prometheus_server import prometheus
from tests.unit.planted_metrics import DAY, HOUR, Planted, openmetrics, pod, switched, usage, workloads

pytestmark = pytest.mark.slow


def rows(url: str, kind: str, now: int, options: PrometheusOptions) -> tuple[list[Row], int]:
    """What the source makes of a server, and the requests that it took."""
    client = Client(url, options)
    return list(READERS[kind](Asking(client, options, now, {}))), client.calls


def served(folder: Path, series: Iterator[Planted], start: int, end: int, step: int) -> Path:
    """The text of the series."""
    text = folder / "planted.txt"
    with text.open("w") as file:
        file.writelines(openmetrics(series, start, end, step))
    return text


SIGNALS = {
    "tensor": ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", 0.4, "tensor-or-sm"),
    "sm": ("DCGM_FI_PROF_SM_ACTIVE", 0.6, "tensor-or-sm"),
    "engine": ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.9, "graphics-engine"),
    "util": ("DCGM_FI_DEV_GPU_UTIL", 100.0, "utilisation"),
    "watts": ("DCGM_FI_DEV_POWER_USAGE", 290.0, "power"),
}


def test_each_gpu_is_judged_by_the_best_signal_that_it_has(tmp_path: Path) -> None:
    now = int(time.time()) // HOUR * HOUR
    busy = (now - 6 * HOUR, now - 4 * HOUR)

    def planted() -> Iterator[Planted]:
        for uuid, (metric, high, _) in SIGNALS.items():
            labels = {"UUID": uuid, "Hostname": "n", "modelName": "A10G"}
            yield Planted(metric, labels, switched(*busy, high, 30.0 if uuid == "watts" else 0.0))
        # Utilisation says 100 all the time; the better signal knows that nothing is computed.
        yield Planted(
            "DCGM_FI_DEV_GPU_UTIL", {"UUID": "tensor", "Hostname": "n", "modelName": "A10G"}, lambda at: 100.0
        )

    text = served(tmp_path, planted(), now - DAY - HOUR, now, 60)
    with prometheus(tmp_path, text) as url:
        found, _ = rows(url, "Gpu", now, PrometheusOptions(days=1))
    seconds = {row.name: row.body["seconds"]["compute"] for row in found}
    assert seconds == pytest.approx(dict.fromkeys(SIGNALS, 2 * HOUR))
    assert {row.name: row.body["signals"][0] for row in found} == {
        uuid: signal for uuid, (_, _, signal) in SIGNALS.items()
    }


def test_the_memory_of_gpus_is_told_by_workload(tmp_path: Path) -> None:
    now = int(time.time()) // HOUR * HOUR
    start, half = now - 2 * DAY - HOUR, now - DAY

    def planted() -> Iterator[Planted]:
        yield from pod("inference", "scan-1", ("StatefulSet", "scan"), "gpu-a")
        yield from usage("inference", "scan-1", "w", 0.1, 2.0**28, start)
        # One scraper renames the exporter's labels, and another one keeps them.
        for uuid, names in (("a", ("exported_namespace", "exported_pod")), ("b", ("namespace", "pod"))):
            of_pod = dict(zip(names, ("inference", "scan-1"), strict=True))
            labels = {"UUID": uuid, "Hostname": "gpu-a", **of_pod}
            most = 6000.0 if uuid == "a" else 3000.0
            yield Planted("DCGM_FI_DEV_FB_USED", labels, switched(half, now + 1, most, 2000.0))
            yield Planted("DCGM_FI_DEV_FB_FREE", labels, switched(half, now + 1, 20000.0 - most, 18000.0))

    text = served(tmp_path, planted(), start, now, 60)
    with prometheus(tmp_path, text) as url:
        (found,), _ = rows(url, "WorkloadUsage", now, PrometheusOptions(days=2))
    memory = found.body["gpu_memory"]
    assert (memory["peak_mib"], memory["size_mib"], memory["samples"]) == (6000.0, 20000.0, 96)
    (node,) = memory["nodes"]
    assert node["name"] == "gpu-a"
    # Two GPUs: nine tenths free on the first day; 70 and 85 % on the second.
    assert node["unused_gpu_hours"] == pytest.approx(24 * (0.9 + 0.9 + 0.7 + 0.85), rel=2e-3)


WORKLOADS = 1000


def test_a_thousand_workloads_of_two_weeks_take_sixty_calls_at_most(tmp_path: Path) -> None:
    now = int(time.time()) // HOUR * HOUR
    start = now - 14 * DAY - 2 * HOUR

    # Two samples in each half hour: the least that a rate over it needs; more of them only slow the planting.
    text = served(tmp_path, workloads(WORKLOADS, start), start, now, 900)
    with prometheus(tmp_path, text) as url:
        began = time.monotonic()
        options = PrometheusOptions()
        found, calls = rows(url, "WorkloadUsage", now, options)
        took = time.monotonic() - began
    print(f"{len(found)} workloads in {took:.1f} s, {calls} calls")
    assert len(found) == WORKLOADS
    assert calls <= 60
