"""A day of the platform as Prometheus would have scraped it: bursts of scans, and then everything that can go wrong.

Made by program, one sample a minute; no figure in it was measured. The metrics' names are the worker's own, KEDA's,
kube-state-metrics', OpenCost's and DCGM exporter's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.platform.prometheus import Prometheus, groups, promtool

START = 1_780_012_800
"""2026-05-29 00:00 UTC."""
MINUTES = 26 * 60
BURST_EVERY, BURST = 180, 45
BROKEN, SLOW, IDLE = 1200, 1290, 1400
"""From these minutes on: nobody starts; scans fail and take long; nodes stand idle."""
GPU_USD, CPU_USD = 1.006, 0.0832
SCAN_BUCKETS = ("30.0", "60.0", "120.0", "+Inf")


class Sample(NamedTuple):
    name: str
    labels: dict[str, str]
    minute: int
    value: float


def openmetrics(samples: Iterable[Sample]) -> str:
    """OpenMetrics text with time stamps, each metric's samples together."""
    ordered = sorted(samples, key=lambda each: (each.name, sorted(each.labels.items()), each.minute))
    return "".join(f"{_line(each)}\n" for each in ordered) + "# EOF\n"


def _line(sample: Sample) -> str:
    labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}} {sample.value:.10g} {START + 60 * sample.minute}"


def day() -> Iterator[Sample]:
    """Every raw sample."""
    for minute in range(MINUTES):
        yield from _always(minute)
        for index, (began, scans_a_minute) in enumerate(_workers(minute)):
            yield from _worker(minute, began, index, scans_a_minute)
        for index in range(_gpu_nodes(minute)):
            yield from _gpu_node(minute, index)


def _burst_start(minute: int) -> int:
    return minute - minute % BURST_EVERY


def _workers(minute: int) -> list[tuple[int, float]]:
    """(minute of its start, scans a minute) of every worker that is up."""
    if minute < BROKEN:
        phase = minute % BURST_EVERY
        return [(_burst_start(minute) + 3, 1.0)] * (2 if 3 <= phase < BURST else 0)
    return [(SLOW, 0.4)] * 4 if SLOW <= minute < IDLE else []


def _gpu_nodes(minute: int) -> int:
    if minute < BROKEN:
        return 2 if 1 <= minute % BURST_EVERY < BURST + 15 else 0
    return 1 if minute < SLOW else 4


def _always(minute: int) -> Iterator[Sample]:
    phase = minute % BURST_EVERY
    waiting = max(0.0, 80.0 - 2 * max(0, phase - 3)) if phase < BURST else 0.0
    if minute >= BROKEN:
        waiting = 12.0 if minute < SLOW else 40.0 if minute < IDLE else 0.0
    scaler = {"scaledObject": "ml-worker", "scaler": "aws-sqs-queue"}
    yield Sample("keda_scaler_metrics_value", scaler, minute, waiting)
    yield Sample("keda_scaler_detail_errors_total", scaler, minute, max(0, minute - BROKEN))
    yield Sample("keda_scaled_object_errors_total", {"scaledObject": "ml-worker"}, minute, 0)
    yield Sample("keda_scaled_object_paused", {"scaledObject": "ml-worker"}, minute, 0)
    for job in ("keda-operator", "kube-state-metrics", "opencost"):
        yield Sample("up", {"job": job}, minute, 0 if job == "opencost" and minute >= IDLE else 1)
    wanted = {"namespace": "inference", "deployment": "ml-worker"}
    yield Sample("kube_deployment_spec_replicas", wanted, minute, max(len(_workers(minute)), min(2, waiting)))
    audited = START - 7200
    yield Sample(
        "kube_cronjob_status_last_successful_time",
        {"namespace": "audit", "cronjob": "auditor"},
        minute,
        audited,
    )
    failed = {"namespace": "audit", "job_name": "auditor-29"}
    yield Sample("kube_job_status_failed", failed, minute, float(minute >= IDLE))
    yield from _cpu_node(minute)


def _cpu_node(minute: int) -> Iterator[Sample]:
    node = {"node": "cpu-1"}
    yield Sample("kube_node_labels", {**node, "label_workload_class": "system"}, minute, 1)
    yield Sample("node_total_hourly_cost", node, minute, CPU_USD)
    pod = {"namespace": "monitoring", "pod": "prometheus-0", "container": "prometheus", **node}
    yield Sample("kube_pod_container_resource_requests", {**pod, "resource": "cpu"}, minute, 1.36)
    yield Sample("kube_pod_container_resource_requests", {**pod, "resource": "memory"}, minute, 3.23 * 2**30)
    yield Sample("container_cpu_usage_seconds_total", pod, minute, 0.46 * 60 * minute)
    yield Sample("container_memory_working_set_bytes", pod, minute, 1.78 * 2**30)


def _gpu_node(minute: int, index: int) -> Iterator[Sample]:
    name = {"node": f"gpu-{index}"}
    stuck = BROKEN <= minute < SLOW
    yield Sample("kube_node_labels", {**name, "label_workload_class": "gpu"}, minute, 1)
    yield Sample("node_total_hourly_cost", name, minute, GPU_USD * (6 if minute >= SLOW else 1))
    ready = {**name, "condition": "Ready", "status": "true"}
    yield Sample("kube_node_status_condition", ready, minute, float(not stuck))
    yield Sample("kube_node_spec_unschedulable", name, minute, 0)
    yield Sample(
        "kube_node_status_allocatable", {**name, "resource": "nvidia_com_gpu"}, minute, float(not stuck)
    )
    busy = index < len(_workers(minute))
    active = (0.82 + 0.1 * math.sin(minute / 4 + index)) if busy else 0.0
    gpu = {"Hostname": name["node"], "UUID": f"GPU-{index}"}
    yield Sample("DCGM_FI_PROF_GR_ENGINE_ACTIVE", gpu, minute, active)
    yield Sample("DCGM_FI_DEV_GPU_UTIL", gpu, minute, 100 * active)


def _worker(minute: int, began: int, index: int, rate: float) -> Iterator[Sample]:
    pod = {"namespace": "inference", "pod": f"ml-worker-{began}-{index}"}
    up = minute - began
    done, slow = rate * up, began >= SLOW
    for outcome, value in (("done", done), ("refused", 0.2 * done if slow else 0.0), ("lost", 0.0)):
        yield Sample("worker_scans_total", {**pod, "outcome": outcome}, minute, value)
    shares = (0.0, 0.1, 0.6, 1.0) if slow else (0.3, 0.96, 1.0, 1.0)
    for bucket, share in zip(SCAN_BUCKETS, shares, strict=True):
        yield Sample("worker_scan_seconds_bucket", {**pod, "le": bucket}, minute, share * done)
    for phase, seconds in (
        ("download", 2.0),
        ("prepare", 3.0),
        ("infer", 31.0),
        ("export", 9.0),
        ("upload", 1.5),
    ):
        spent = seconds * (2.5 if slow else 1) * done
        yield Sample("worker_phase_seconds_sum", {**pod, "phase": phase}, minute, spent)
        yield Sample("worker_phase_seconds_count", {**pod, "phase": phase}, minute, done)
    for startup, seconds in (("model_fetch", 11.0), ("model_load", 19.0)):
        yield Sample("worker_startup_seconds", {**pod, "phase": startup}, minute, seconds)
    yield Sample("worker_device_peak_memory_bytes", pod, minute, (8.2 + index / 3) * 2**30)
    yield Sample("worker_messages_held", pod, minute, 4.0 if up % 7 else 3.0)
    yield Sample("worker_messages_held_limit", pod, minute, 4.0)
    yield from _worker_pod(minute, began, pod, index)


def _worker_pod(minute: int, began: int, pod: dict[str, str], index: int) -> Iterator[Sample]:
    ready = START + 60 * began
    yield Sample("kube_pod_created", pod, minute, ready - 155)
    yield Sample("kube_pod_status_ready_time", pod, minute, ready)
    yield Sample("kube_pod_status_ready", {**pod, "condition": "true"}, minute, 1)
    yield Sample("kube_pod_status_phase", {**pod, "phase": "Running"}, minute, 1)
    container = {**pod, "container": "worker", "node": f"gpu-{index}"}
    for resource, value in (("cpu", 3.0), ("memory", 11 * 2**30), ("nvidia_com_gpu", 1.0)):
        yield Sample(
            "kube_pod_container_resource_requests", {**container, "resource": resource}, minute, value
        )
    yield Sample("container_cpu_usage_seconds_total", container, minute, 1.4 * 60 * (minute - began))
    yield Sample("container_memory_working_set_bytes", container, minute, 7.4 * 2**30)


def backfill(folder: Path, samples: Iterable[Sample]) -> None:
    """Write samples as blocks."""
    text = folder / "samples.txt"
    text.write_text(openmetrics(samples))
    code, said = promtool(
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--max-block-duration=336h",
        str(text),
        str(folder),
        cwd=folder,
    )
    assert code == 0, said


def record(folder: Path, environment: str) -> None:
    """Add what the recording rules would have recorded: each level of them over the one before."""
    for level in levels(environment):
        with Prometheus(folder) as server:
            found = [sample for name, expr in level for sample in _evaluated(server, name, expr)]
        backfill(folder, found)


def levels(environment: str) -> list[list[tuple[str, str]]]:
    """Recording rules, so that each stands on raw series and on rules of earlier levels only."""
    left = {
        rule["record"]: str(rule["expr"])
        for group in groups(environment)
        for rule in group["rules"]
        if "record" in rule
    }
    found: list[list[tuple[str, str]]] = []
    while left:
        level = [(name, expr) for name, expr in left.items() if not any(other in expr for other in left)]
        assert level, f"recording rules stand on each other: {sorted(left)}"
        found.append(level)
        left = {name: expr for name, expr in left.items() if (name, expr) not in level}
    return found


def _evaluated(server: Prometheus, name: str, expr: str) -> Iterator[Sample]:
    for series in over_the_day(server, expr):
        labels = {key: value for key, value in series["metric"].items() if key != "__name__"}
        for at, value in series["values"]:
            if value not in ("NaN", "+Inf", "-Inf"):
                yield Sample(name, labels, (int(at) - START) // 60, float(value))


def over_the_day(server: Prometheus, expr: str) -> list[dict[str, Any]]:
    """A query, each minute of the day."""
    end = START + 60 * (MINUTES - 1)
    return server.ask("query_range", query=expr, start=str(START), end=str(end), step="60")
