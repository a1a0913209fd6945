"""The loop of the seed's case study, played: three t3.medium, a suggestion, a patch, one t3.large, and the record."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.command_line import run
from tests.live.prometheus_server import prometheus
from tests.unit.planted_metrics import (
    DAY,
    HOUR,
    Planted,
    between,
    labels,
    node,
    openmetrics,
    pod,
    requests,
    switched,
    usage,
)

pytestmark = pytest.mark.slow

GIB = 1024**3
REGION = "eu-north-1"
SCANS, LIFE = 27, 2 * HOUR + 600
"""The scans of three days, and the seconds for which they needed a GPU node."""
CONFIG = f"""region = "{REGION}"
[prices]
"t3.medium" = 0.0432
"t3.large" = 0.0864
"g5.xlarge" = 1.006
"""
GROUP = """resource "aws_eks_node_group" "system" {
  cluster_name    = "ml"
  node_group_name = "system"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-1"]
  instance_types  = ["t3.medium"] # a guess

  scaling_config {
    desired_size = 3
    min_size     = 3
    max_size     = 4
  }
}
"""


def base(
    start: int, nodes: dict[str, str], asked: tuple[float, float], used: tuple[float, float]
) -> Iterator[Planted]:
    """The nodes that are always on, and what runs on them: cores and GiB."""
    yield from pod("inference", "api-1", ("StatefulSet", "api"), "node-a")
    yield from usage("inference", "api-1", "api", used[0], used[1] * GIB, start)
    yield from requests("inference", "api-1", "api", "node-a", {"cpu": asked[0], "memory": asked[1] * GIB})
    for name, kind in nodes.items():
        yield from node(name, kind, {"cpu": 2, "memory": (8 if kind == "t3.large" else 4) * GIB}, REGION)


def work(now: int) -> Iterator[Planted]:
    """27 scans on a GPU node that comes for them and goes with them."""
    since = now - DAY
    end = since + LIFE
    up, own = between(since, end), {"node": "gpu-a"}
    gpus = {**own, "resource": "nvidia_com_gpu"}
    worker = {"namespace": "inference", "pod": "ml-worker-1"}
    yield labels("gpu-a", "g5.xlarge", REGION, up)
    yield Planted("kube_node_created", own, between(since, end, float(since)))
    ready = {**own, "condition": "Ready", "status": "true"}
    yield Planted(
        "kube_node_status_condition", ready, lambda at: None if up(at) is None else float(at >= since + 600)
    )
    for field in ("capacity", "allocatable"):
        yield Planted(f"kube_node_status_{field}", gpus, up)
    yield Planted("kube_pod_container_resource_requests", {**worker, "container": "w", **gpus}, up)
    yield Planted("kube_pod_status_phase", {**worker, "phase": "Running"}, up)
    yield Planted("kube_pod_status_ready", {**worker, "condition": "true"}, between(since + 1200, end))
    device = {"UUID": "GPU-1", "Hostname": "gpu-a", "modelName": "NVIDIA A10G"}
    busy = switched(since + 1200, end, 95.0, 0.0)
    yield Planted("DCGM_FI_DEV_GPU_UTIL", device, lambda at: None if up(at) is None else busy(at))
    scraped = {"namespace": "inference", "job": "ml-worker", "instance": "10.0.0.9:9100"}
    done = {**scraped, "outcome": "done"}
    yield Planted(
        "worker_scans_total",
        done,
        lambda at: None if up(at) is None else float(min((at - since) // 240, SCANS)),
    )
    for upper, count in (("47", 25), ("67", 27), ("+Inf", 27)):
        yield Planted(
            "worker_scan_seconds_bucket", {**scraped, "le": upper}, between(since, end, float(count))
        )


def serve(folder: Path, now: int, series: Iterator[Planted]) -> Iterator[str]:
    """The address of a server with the series of three days."""
    folder.mkdir()
    start = now - 3 * DAY - 2 * HOUR
    text = folder / "planted.txt"
    text.write_text("".join(openmetrics(series, start, now + HOUR, 60)))
    with prometheus(folder, text) as url:
        yield url


def test_the_loop_ends_with_the_figures_of_the_case_study(tmp_path: Path) -> None:
    now = int(time.time()) // HOUR * HOUR
    start = now - 3 * DAY - 2 * HOUR
    repository, snapshot = tmp_path / "repository", tmp_path / "before.json"
    repository.mkdir()
    (repository / "auditor.toml").write_text(CONFIG)
    (repository / "main.tf").write_text(GROUP)
    days = ("--prometheus-days", "3")
    git = ("--git", str(repository))

    three = dict.fromkeys(("node-a", "node-b", "node-c"), "t3.medium")
    for url in serve(tmp_path / "first", now, base(start, three, (5.6, 3.23), (0.336, 1.78))):
        code, _, err = run(
            "check", *git, "--prometheus", url, *days, "--save-snapshot", str(snapshot), "--fail-on", "never"
        )
        assert code == 0, err
        _, refused, _ = run("rightsize", *git, "--prometheus", url, *days)
        assert refused == "", "what is requested needs three nodes"

    for url in serve(tmp_path / "second", now, base(start, three, (1.36, 3.23), (0.461, 1.78))):
        code, patch, _ = run("rightsize", *git, "--prometheus", url, *days)
    assert "3 × t3.medium -> 1 × t3.large; 0.1296 -> 0.0864 USD an hour (-33%)" in patch
    subprocess.run(["git", "apply", "-"], cwd=repository, input=patch.encode(), check=True)
    wanted = GROUP.replace("t3.medium", "t3.large").replace("desired_size = 3", "desired_size = 1")
    assert (repository / "main.tf").read_text() == wanted.replace("min_size     = 3", "min_size     = 1")

    def after() -> Iterator[Planted]:
        yield from base(start, {"node-a": "t3.large"}, (1.36, 3.23), (0.461, 1.78))
        yield from work(now)

    for url in serve(tmp_path / "third", now, after()):
        code, record, err = run("rightsize", *git, "--prometheus", url, *days, "--before", str(snapshot))
    assert (code, err) == (0, "")
    assert record.splitlines()[2:] == [
        "| always-on nodes | 3 × t3.medium | 1 × t3.large |  |",
        "| USD an hour without work | 0.1296 | 0.0864 | -33% |",
        "| CPU requested, cores | 5.60 | 1.36 | -76% |",
        "| CPU used, cores | 0.34 | 0.46 | +37% |",
        "| memory requested, GiB | 3.23 | 3.23 | +0% |",
        "| memory used, GiB | 1.78 | 1.78 | +0% |",
        "| scans | – | 27 |  |",
        "| p95 of a scan, s | – | 53.5 |  |",
        "| USD a scan, all told | – | 0.311 |  |",
        "| CPU used of requested | 6.0% | 33.9% |  |",
        "| memory used of requested | 55.1% | 55.1% |  |",
        "| GPU time paid without work | – | 0.0% |  |",
    ]
