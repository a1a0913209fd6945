"""A real Prometheus with planted series: every figure is the arithmetic's, to the cent."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auditor.sources.prometheus.asking import Asking
from auditor.sources.prometheus.client import Client
from auditor.sources.prometheus.kinds import READERS
from auditor.sources.prometheus.options import PrometheusOptions
from tests.live.command_line import run
from tests.live.prometheus_server import prometheus
from tests.unit.planted_metrics import (
    DAY,
    HOUR,
    Planted,
    always,
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
REGION = "us-east-1"
GPU = {"UUID": "GPU-1", "Hostname": "gpu-a", "modelName": "NVIDIA A10G"}
CORES, MEMORY = 0.460, 1.78
"""What the seed's cluster used; it asked for 1.36 cores and 3.23 GiB."""
SCANS = 27
CONFIG = """region = "us-east-1"
[prices]
"t3.medium" = 0.0432
"t3.large" = 0.0864
"g5.xlarge" = 1.006
[declare]
usd_per_scan = 0.35
"""
MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: inference}
spec:
  template:
    spec:
      containers:
        - name: api
          image: example.org/api:1.0.0
          resources:
            requests:
              cpu: "1360m"  # a guess
              memory: 3308Mi
"""


class Site(NamedTuple):
    """A server, a repository beside it, and the time at which everything ends."""

    url: str
    repository: Path
    now: int


def platform(now: int, start: int) -> Iterator[Planted]:
    """The seed's cluster: three t3.medium, and a GPU node that lived for eight hours."""
    yield from pod("inference", "api-7d-1", ("ReplicaSet", "api-7d"), "node-a")
    yield from usage("inference", "api-7d-1", "api", CORES, MEMORY * GIB, start)
    yield from requests("inference", "api-7d-1", "api", "node-a", {"cpu": 1.36, "memory": 3.23 * GIB})
    owned = {
        "namespace": "inference",
        "replicaset": "api-7d",
        "owner_kind": "Deployment",
        "owner_name": "api",
    }
    yield Planted("kube_replicaset_owner", {**owned, "owner_is_controller": "true"}, always(1))
    for name in ("node-a", "node-b", "node-c"):
        yield from node(name, "t3.medium", {"cpu": 2, "memory": 4 * GIB}, REGION)
    yield from gpu_node(now - 10 * HOUR)
    yield from scans(now - 10 * HOUR)
    yield Planted(
        "node_total_hourly_cost",
        {"node": "gpu-a", "instance_type": "g5.xlarge", "region": REGION},
        always(0.031),
    )


def gpu_node(since: int) -> Iterator[Planted]:
    """Starts for 10 min, loads for 10, computes for 2 h, keeps warm for 40 min, is empty for 5 h."""
    end = since + 8 * HOUR
    up, own = between(since, end), {"node": "gpu-a"}
    gpus = {**own, "resource": "nvidia_com_gpu"}
    yield labels("gpu-a", "g5.xlarge", REGION, up)
    yield Planted("kube_node_created", own, between(since, end, float(since)))
    yield Planted(
        "kube_node_status_condition",
        {**own, "condition": "Ready", "status": "true"},
        lambda at: None if up(at) is None else float(at >= since + 600),
    )
    yield Planted("kube_node_status_capacity", gpus, up)
    yield Planted("kube_node_status_allocatable", gpus, between(since + 600, end))
    worker = {"namespace": "inference", "pod": "ml-worker-1"}
    held = between(since + 600, since + 3 * HOUR)
    yield Planted("kube_pod_container_resource_requests", {**worker, "container": "w", **gpus}, held)
    yield Planted("kube_pod_status_phase", {**worker, "phase": "Running"}, held)
    yield Planted(
        "kube_pod_status_ready", {**worker, "condition": "true"}, between(since + 1200, since + 3 * HOUR)
    )
    busy = switched(since + 1200, since + 1200 + 2 * HOUR, 95.0, 0.0)
    yield Planted("DCGM_FI_DEV_GPU_UTIL", GPU, lambda at: None if up(at) is None else busy(at))
    yield Planted("DCGM_FI_DEV_FB_USED", GPU, lambda at: None if up(at) is None else 9000.0 * (held(at) or 0))
    yield Planted("DCGM_FI_DEV_XID_ERRORS", GPU, lambda at: None if up(at) is None else 79.0)


def scans(since: int) -> Iterator[Planted]:
    """27 scans, of which 25 took up to 47 s and two up to 67."""
    own = {"namespace": "inference", "job": "ml-worker", "instance": "10.0.0.9:9100", "pod": "ml-worker-1"}
    begin, end = since + 1200, since + 3 * HOUR

    def steps(total: float, seconds: int = 2 * HOUR) -> Any:
        return lambda at: (
            total * min(max(at - begin, 0) // 60 * 60 / seconds, 1) if begin <= at < end else None
        )

    yield Planted(
        "worker_scans_total",
        {**own, "outcome": "done"},
        lambda at: None if steps(1)(at) is None else float(int(steps(SCANS)(at))),
    )
    yield Planted("worker_cost_usd_total", own, steps(2.7))
    yield Planted("worker_device_busy_seconds_total", own, steps(7200.0))
    for upper, count in (("47", 25), ("67", 27), ("+Inf", 27)):
        yield Planted("worker_scan_seconds_bucket", {**own, "le": upper}, between(begin, end, float(count)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("prometheus")
    now = int(time.time()) // HOUR * HOUR
    start = now - 14 * DAY - 2 * HOUR
    text = folder / "planted.txt"
    with text.open("w") as file:
        file.writelines(openmetrics(platform(now, start), start, now + HOUR, 60))
    repository = folder / "repository"
    repository.mkdir()
    (repository / "auditor.toml").write_text(CONFIG)
    (repository / "api.yaml").write_text(MANIFEST)
    with prometheus(folder, text) as url:
        yield Site(url, repository, now)


def bodies(site: Site, kind: str, **options: Any) -> dict[str, dict[str, Any]]:
    """What the source makes of the server, by name."""
    made = PrometheusOptions(**options)
    asking = Asking(Client(site.url, made), made, site.now, {})
    return {row.name: row.body for row in READERS[kind](asking)}


def test_use_and_requests_are_the_seed_s_figures(site: Site) -> None:
    rows = {row["name"]: row for row in bodies(site, "WorkloadUsage")["Deployment/api"]["rows"]}
    cpu, memory = rows["api/cpu"], rows["api/memory"]
    assert f"{cpu['efficiency']:.1%}" == "33.8%"  # Its authors write 33.9.
    assert f"{memory['efficiency']:.1%}" == "55.1%"
    assert (cpu["requested"], cpu["used"]) == (pytest.approx(1.36), pytest.approx(0.460))
    assert cpu["idle_unit_hours"] == pytest.approx(14 * 24 * (1.36 - 0.460))
    assert (cpu["suggestion"]["text"], cpu["suggestion"]["exceeded"]) == ("529m", 0.0)


def test_every_gpu_second_is_accounted_for(site: Site) -> None:
    body = bodies(site, "GpuNode")["gpu-a"]
    assert sum(body["gpu_seconds"].values()) == pytest.approx(8 * HOUR, rel=0.01)
    wanted = {"provision": 600, "load": 600, "compute": 7200, "keep_warm": 2400, "drain": 0, "empty": 18000}
    assert body["gpu_seconds"] == pytest.approx(wanted)


def test_a_gpu_s_errors_are_those_of_its_hardware(site: Site) -> None:
    assert bodies(site, "Gpu")["GPU-1"]["xids"] == [79]


def test_scans_and_their_p95_are_the_workers(site: Site) -> None:
    body = bodies(site, "ScanCost")["ml-worker"]
    assert (body["scans"], body["usd"]) == (SCANS, pytest.approx(2.7))
    assert body["p95_seconds"] == pytest.approx(53.5)


CHOSEN = ("COST-001", "COST-002", "COST-003", "COST-004", "COST-008", "GPU-020")


def audited(site: Site, *more: str) -> dict[str, Any]:
    """The report of the chosen policies."""
    chosen = [part for code in CHOSEN for part in ("--policy", code)]
    code, out, err = run("check", "--live", "--git", str(site.repository), "--format", "json", *chosen, *more)
    assert code in (0, 1), err
    found: dict[str, Any] = json.loads(out)
    return found


def test_findings_carry_the_money_of_the_arithmetic(site: Site) -> None:
    found = {each["policy"]: each for each in audited(site, "--prometheus", site.url)["findings"]}
    assert set(found) == {"COST-002", "COST-003", "COST-004", "COST-008", "GPU-020"}
    idle = (8 - 2 - 1 / 3) * 1.006 / (14 * 24) * 730
    assert found["COST-002"]["cost"] == pytest.approx(idle, abs=0.005)
    loaded = (8 * 1.006 + 3 * 0.0432 * 14 * 24) / SCANS
    assert f"costs {round(loaded, 3)} USD" in found["COST-003"]["message"]
    assert found["COST-008"]["message"].endswith("1 × t3.large would hold their pods for 0.0864 (-33 %)")
    assert found["COST-008"]["cost"] == round((0.1296 - 0.0864) * 730, 2)


def test_a_snapshot_gives_the_same_report_byte_for_byte(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "metrics.json"
    live = audited(site, "--prometheus", site.url, "--save-snapshot", str(file))
    one = audited(site, "--snapshot", str(file))
    assert one["findings"] == live["findings"]
    again = tmp_path / "again.json"
    audited(site, "--snapshot", str(file), "--save-snapshot", str(again))
    assert again.read_bytes() == file.read_bytes()


def test_the_patch_of_requests_applies_and_keeps_the_comment(site: Site, tmp_path: Path) -> None:
    code, patch, err = run("rightsize", "--git", str(site.repository), "--prometheus", site.url)
    assert code == 0
    assert err.startswith("no suggestion for 3 × t3.medium: 1 × t3.large would do, and 0 aws_eks_node_group")
    assert "exceeded in 0.0% of 202 samples held out" in patch
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "api.yaml").write_text(MANIFEST)
    subprocess.run(["git", "apply", "-"], cwd=copy, input=patch.encode(), check=True)
    wanted = MANIFEST.replace('"1360m"  # a guess', '"529m"  # a guess').replace("3308Mi", "2188Mi")
    assert (copy / "api.yaml").read_text() == wanted


def test_a_short_history_is_refused_with_its_reason(site: Site) -> None:
    code, patch, err = run(
        "rightsize", "--git", str(site.repository), "--prometheus", site.url, "--prometheus-days", "3"
    )
    assert (code, patch) == (0, "")
    assert "no suggestion for Deployment inference/api, container api: cpu: 3.0 days of history" in err
