"""Facts of metrics: money, and the joins that explain it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.audit import collect
from auditor.catalog import load_builtin
from auditor.engine import Engine
from auditor.model import Resource, RunningPod, Status, Target
from auditor.options import Settings
from auditor.reach import Reach
from auditor.sources.live import live_origin, live_target
from auditor.sources.prometheus.kinds import READERS
from auditor.sources.tree import Tree
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import Surroundings, World

TAKEN = "2026-04-24T12:00:00Z"
WINDOW = {"from": 0, "to": 14 * 86_400, "step": 300, "days": 14.0}
NODE: dict[str, Any] = {
    "node": "gpu-a", "instance_type": "g5.xlarge", "region": "us-east-1", "spot": False, "gpus": 1,
    "window": WINDOW, "measured": True, "first": 0.0, "last": 14 * 86_400, "alive": True, "seconds": 36_000.0,
    "gpu_seconds": {
        "provision": 600.0, "load": 600.0, "compute": 9600.0, "keep_warm": 3600.0, "drain": 0.0, "empty": 21_600.0
    },
}  # fmt: skip
FLEET: dict[str, Any] = {
    "window": WINDOW, "history_days": 14.0, "capacity_cores": 2.0,
    "nodes": [{"name": "a", "instance_type": "t3.large", "region": "us-east-1", "spot": False}],
}  # fmt: skip


def resource(kind: str, body: dict[str, Any], name: str = "x") -> Resource:
    return Resource("metrics/v1", kind, "", name, body, live_origin("metrics:m", "metrics", f"{kind}/{name}"))


def metrics(*resources: Resource) -> Target:
    reach = Reach("metrics", frozenset(("metrics", kind) for kind in READERS))
    return live_target(
        "metrics:m", "metrics:m", source="metrics", taken=TAKEN, reach=reach, resources=[*resources]
    )


def fact(world: World, name: str, found: Resource) -> Any:
    return world.fact(name, Instance("", found, found.body))


def test_the_parts_of_a_node_s_price_sum_to_it_and_idle_is_by_the_month() -> None:
    node = resource("GpuNode", NODE)
    found = fact(World(metrics(node)), "gpu_node_cost", node)
    assert found["usd"] == pytest.approx(10 * 1.006)
    assert sum(found["phases"].values()) == pytest.approx(found["usd"])
    assert found["phases"]["compute"] == pytest.approx(9600 / 3600 * 1.006)
    assert found["idle_usd_per_month"] == round(7 * 1.006 / (14 * 24) * 730, 2)
    assert found["why"] == "10% pods waited for work, 60% no GPU pod ran on it"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"measured": False}, "was measured"),
        ({"instance_type": ""}, "instance type"),
        ({"spot": True}, "spot"),
        ({"region": "mars-1"}, "no price of g5.xlarge in mars-1"),
    ],
)
def test_money_that_is_not_known_is_not_guessed(change: dict[str, Any], why: str) -> None:
    node = resource("GpuNode", {**NODE, **change})
    found = fact(World(metrics(node)), "gpu_node_cost", node)
    unknown = found if isinstance(found, Unknown) else found["idle_usd_per_month"]
    assert isinstance(unknown, Unknown)
    assert why in unknown.reason


def test_a_spot_node_costs_what_was_declared_for_spot_and_never_the_price_on_demand() -> None:
    node = resource("GpuNode", {**NODE, "spot": True})
    target = metrics(node)
    on_demand = World(target, around=Surroundings(targets=(target,), prices={"g5.xlarge": 1.0}))
    assert isinstance(fact(on_demand, "node_price", node)["usd_per_hour"], Unknown)
    declared = World(target, around=Surroundings(targets=(target,), prices={"g5.xlarge:spot": 0.42}))
    assert fact(declared, "node_price", node) == {"usd_per_hour": 0.42}


def test_what_holds_an_idle_node_is_shown_where_git_declares_it(tmp_path: Any) -> None:
    (tmp_path / "app.yaml").write_text(
        "# comment\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cache, namespace: tools}\n"
    )
    git = collect(Tree(tmp_path), Settings()).targets
    node = resource("GpuNode", NODE)
    body = {"metadata": {"name": "gpu-a", "creationTimestamp": "2026-04-24T00:00:00Z"}}
    held = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
    pod = RunningPod(
        namespace="tools", name="cache-1", owner="apps/Deployment/tools/cache", node="gpu-a", annotations=held
    )
    origin = live_origin("cluster:c", "cluster", "x")
    live = [
        Resource("v1", "Node", "", "gpu-a", body, origin),
        Resource("apps/v1", "Deployment", "tools", "cache", {}, origin),
    ]
    cluster = live_target("cluster:c", "cluster:c", source="cluster", resources=live, pods=[pod])
    target = metrics(node)
    world = World(target, [cluster], around=Surroundings(targets=(*git, target, cluster)))
    found = fact(world, "gpu_node_cost", node)
    assert (
        "Deployment tools/cache: cluster-autoscaler.kubernetes.io/safe-to-evict: false"
        in found["explanation"]
    )
    resolved = world.resolve(found["refs"][0])
    assert resolved is not None
    place = resolved[0].origin.locate(())
    assert place.file == "app.yaml"
    assert place.span is not None
    assert place.span.line == 2


def test_waste_is_unused_hours_at_the_price_of_the_always_on_nodes() -> None:
    rows = [
        {"name": "w/cpu", "resource": "cpu", "idle_unit_hours": 336.0},
        {"name": "w/memory", "resource": "memory", "idle_unit_hours": 336.0 * 2**30},
    ]
    workload = {"kind": "Deployment", "namespace": "n", "name": "w"}
    usage = resource("WorkloadUsage", {"workload": workload, "window": WINDOW, "rows": rows})
    found = fact(World(metrics(usage, resource("Fleet", FLEET))), "usage_cost", usage)
    assert found["waste"]["w/cpu"] == round(0.0832 / 2 / 2 * 730, 2)
    assert found["waste"]["w/memory"] == round(0.0832 / 2 / 8 * 730, 2)


def test_a_scan_costs_the_whole_platform_s_price_and_its_worker_s_time() -> None:
    halves = [{"scans": 10.0, "usd": 1.0, "busy": 1.0}, {"scans": 17.0, "usd": 2.55, "busy": 1.0}]
    scans = resource("ScanCost", {"job": "w", "scans": 27.0, "usd": 3.55, "window": WINDOW, "halves": halves})
    world = World(metrics(scans, resource("GpuNode", NODE), resource("Fleet", FLEET)))
    found = fact(world, "scan_cost", scans)
    assert found["marginal"] == pytest.approx(3.55 / 27)
    assert found["loaded"] == pytest.approx((10 * 1.006 + 0.0832 * 336) / 27)
    assert found["change"] == pytest.approx(0.5)


def test_a_fleet_without_its_nodes_prices_leaves_the_loaded_cost_unknown() -> None:
    halves = [{"scans": 1.0, "usd": 1.0, "busy": 1.0}] * 2
    scans = resource("ScanCost", {"job": "w", "scans": 2.0, "usd": 2.0, "window": WINDOW, "halves": halves})
    target = metrics(scans)
    assert target.reach is not None
    target.reach.read -= {("metrics", "GpuNode")}
    found = fact(World(target), "scan_cost", scans)
    assert isinstance(found["loaded"], Unknown)
    assert isinstance(found["change"], Unknown)
    assert found["marginal"] == 1.0


def free_on(name: str, instance_type: str, hours: float) -> dict[str, Any]:
    labels = {"instance_type": instance_type, "region": "us-east-1", "spot": False}
    return {"name": name, **labels, "unused_gpu_hours": hours}


GPU_MEMORY: dict[str, Any] = {
    "peak_mib": 6144.0,
    "size_mib": 24576.0,
    "samples": 96,
    "nodes": [free_on("gpu-a", "g5.xlarge", 100.0), free_on("gpu-b", "g5.12xlarge", 40.0)],
}
WORKLOAD = {"kind": "Deployment", "namespace": "inference", "name": "worker"}


def memory_usage(**changes: Any) -> Resource:
    body = {"workload": WORKLOAD, "window": WINDOW, "rows": [], "gpu_memory": {**GPU_MEMORY, **changes}}
    return resource("WorkloadUsage", body)


def test_unused_gpu_memory_costs_its_share_of_the_gpus_of_its_nodes() -> None:
    usage = memory_usage()
    found = fact(World(metrics(usage)), "gpu_memory_use", usage)
    assert found["waste"] == round((100 * 1.006 + 40 * 5.672 / 4) / (14 * 24) * 730, 2)
    spot = memory_usage(nodes=[{**GPU_MEMORY["nodes"][0], "spot": True}])
    assert isinstance(fact(World(metrics(spot)), "gpu_memory_use", spot)["waste"], Unknown)


@pytest.mark.parametrize(
    ("note", "peak", "expected"),
    [("8", 6144.0, "pass"), ("4", 6144.0, "fail"), ("", 6144.0, "not-assessed"), ("24", 30000.0, "fail")],
)
def test_gpu_memory_is_held_against_what_the_manifest_declares(
    tmp_path: Any, note: str, peak: float, expected: str
) -> None:
    notes = f"annotations: {{auditor.dev/vram-gib: '{note}'}}" if note else "labels: {}"
    (tmp_path / "app.yaml").write_text(
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: worker, namespace: inference, {notes}}}\n"
    )
    git = collect(Tree(tmp_path), Settings()).targets
    target = metrics(memory_usage(peak_mib=peak))
    chosen = [each for each in load_builtin() if each.code == "GPU-022"]
    (verdict,) = Engine(chosen).judge(World(target, around=Surroundings(targets=(*git, target))))
    assert str(verdict.status) == expected
    assert [each.place.file for each in verdict.related] == (["app.yaml"] if expected == "fail" else [])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Status.FAIL),
        ({"peak_mib": 12000.0}, Status.PASS),
        ({"samples": 12}, Status.NOT_APPLICABLE),
    ],
)
def test_a_gpu_whose_memory_stays_empty_is_too_large(changes: dict[str, Any], expected: Status) -> None:
    chosen = [each for each in load_builtin() if each.code == "COST-010"]
    (verdict,) = Engine(chosen).judge(World(metrics(memory_usage(**changes))))
    assert verdict.status is expected
    if expected is Status.FAIL:
        assert "never used more than 6 of 24 GiB" in verdict.message
        assert verdict.cost == round((100 * 1.006 + 40 * 5.672 / 4) / (14 * 24) * 730, 2)
