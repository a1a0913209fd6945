"""What goes wrong while a live audit reads: nothing that was not seen counts as passed, as failed, or as missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.engine import Engine
from auditor.errors import UsageError
from auditor.live import join, needs_of, read_all
from auditor.model import Status
from auditor.options import Settings
from auditor.sources.cluster import client as cluster_client
from auditor.sources.cluster import source as cluster_source
from auditor.sources.cluster.source import ClusterSource
from auditor.sources.interface import Inventory
from auditor.sources.live import Needs, Reading, Request
from auditor.world import World
from tests.platform.overlays import rendered
from tests.unit.fake_cluster import FakeCluster, serving
from tests.unit.test_source_prometheus import Server

NOW = datetime(2026, 4, 24, 12, 0, tzinfo=UTC)
Answer = tuple[int, dict[str, str], Any]
Judged = dict[tuple[str, str, str], Status]


def node(name: str, **labels: str) -> dict[str, Any]:
    """A node that has been there for an hour."""
    meta = {"name": name, "labels": {"node.kubernetes.io/instance-type": "g5.xlarge", **labels}}
    meta["creationTimestamp"] = "2026-04-24T11:00:00Z"  # type: ignore[assignment]
    since = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-04-24T11:01:00Z"}
    status = {"conditions": [since], "allocatable": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}}
    taints = [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": meta,
        "spec": {"taints": taints},
        "status": status,
    }


def pod_of(workload: dict[str, Any]) -> dict[str, Any]:
    """A pod of a StatefulSet or DaemonSet, on the node."""
    meta = workload["metadata"]
    owner = {"kind": workload["kind"], "name": meta["name"], "apiVersion": "apps/v1", "controller": True}
    found = {
        "name": f"{meta['name']}-0",
        "namespace": meta.get("namespace", "default"),
        "ownerReferences": [owner],
    }
    spec = {**workload["spec"]["template"]["spec"], "nodeName": "gpu-1"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": found,
        "spec": spec,
        "status": {"phase": "Running", "startTime": "2026-04-24T11:02:00Z"},
    }


@cache
def objects() -> tuple[dict[str, Any], ...]:
    """The platform's production objects as if they ran, on a node with a GPU."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for overlay in (
        "apps/prod",
        "infrastructure/configs/time-slicing",
        "infrastructure/namespaces",
        "bootstrap/argocd",
    ):
        for each in rendered(overlay):
            meta = each["metadata"]
            found.setdefault((each["kind"], meta.get("namespace", ""), meta["name"]), each)
    workloads = [
        each for each in found.values() if each["kind"] in ("Deployment", "DaemonSet", "StatefulSet")
    ]
    return (*found.values(), node("gpu-1", workload="gpu"), *map(pod_of, workloads))


def served() -> FakeCluster:
    """The platform on loopback."""
    return FakeCluster(json.loads(json.dumps(objects())))


@cache
def needs(*policies: str) -> Needs:
    """What some policies (none: the strictest pack) ask for."""
    return needs_of(Settings(live=True, packs=("strict",), policies=policies), Inventory(), NOW)


def judged(reading: Reading, wanted: Needs) -> Judged:
    """Every verdict by policy, object and place."""
    (target,) = reading.targets
    verdicts = Engine(wanted.policies).judge(World(target))
    return {(each.policy, each.resource.key, str(each.path)): each.status for each in verdicts}


def source(cluster: FakeCluster, folder: Path) -> ClusterSource:
    """The source of a cluster."""
    return ClusterSource(Request("cluster", "", {"kubeconfig": str(cluster.kubeconfig(folder))}))


def seen(cluster: FakeCluster, folder: Path, wanted: Needs) -> Judged:
    """What a run says of a cluster."""
    (reading,) = source(cluster, folder).read(wanted)
    return judged(reading, wanted)


def changed(before: Judged, after: Judged) -> Judged:
    """What is decided after a fault, and was not decided so before it."""
    decided = (Status.PASS, Status.FAIL)
    return {
        key: status for key, status in after.items() if status in decided and before.get(key) is not status
    }


@cache
def plurals() -> tuple[str, ...]:
    """What of the platform's kinds the run lists."""
    with serving(served()) as cluster:
        kinds = {each["kind"] for each in objects()}
        return tuple(sorted(each.plural for each in cluster.kinds() if each.kind in kinds))


@pytest.mark.slow
def test_a_kind_that_is_refused_decides_nothing(tmp_path: Path) -> None:
    wanted = needs()
    with serving(served()) as cluster:
        before = seen(cluster, tmp_path, wanted)
        assert sum(status is Status.PASS for status in before.values()) > 500
        wrong = {}
        for plural in plurals():
            cluster.faults.clear()
            cluster.refuse(plural)
            wrong |= {
                (plural, *key): status
                for key, status in changed(before, seen(cluster, tmp_path, wanted)).items()
            }
    assert wrong == {}


def test_an_api_server_that_restarts_in_the_middle_of_a_list_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_client, "FIRST_PAUSE", 0.01)
    wanted, cluster = needs(), served()
    cluster.page = 1
    left = [4]

    def restart(_: FakeCluster, path: str, query: dict[str, str]) -> Answer | None:
        """Four connections end without an answer once a list has begun; the last page's token is too old then."""
        if not path.endswith("/configmaps") or "continue" not in query or not left[0]:
            return None
        left[0] -= 1
        return (0, {}, b"") if left[0] else (410, {}, {"kind": "Status", "message": "expired"})

    with serving(cluster):
        before = seen(cluster, tmp_path, wanted)
        cluster.faults.append(restart)
        assert seen(cluster, tmp_path, wanted) == before
    assert left == [0]


def test_a_page_that_trickles_costs_its_kind_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_client, "WHOLE_SECONDS", 0.2)
    monkeypatch.setattr(cluster_client, "RETRY_SECONDS", 0.1)
    wanted, cluster = needs(), served()

    def trickle(_: FakeCluster, path: str, query: dict[str, str]) -> Answer | None:
        """A byte at a time: no read of it ever times out."""
        return (200, {"x-trickle": "0.02"}, b" " * 1000) if path.endswith("/deployments") else None

    with serving(cluster):
        before = seen(cluster, tmp_path, wanted)
        cluster.faults.append(trickle)
        (reading,) = source(cluster, tmp_path).read(wanted)
    (problem,) = reading.problems
    assert problem.what.startswith("deployments of") and "only a part of the answer came" in problem.what
    assert changed(before, judged(reading, wanted)) == {}


def test_pages_that_do_not_end_cost_their_kind_and_not_the_run(tmp_path: Path) -> None:
    cluster = served()

    def endless(_: FakeCluster, path: str, query: dict[str, str]) -> Answer | None:
        return (200, {}, {"metadata": {"continue": "x"}}) if path.endswith("/deployments") else None

    cluster.faults.append(endless)
    with serving(cluster):
        (reading,) = source(cluster, tmp_path).read(needs())
    assert ["its pages do not end" in each.what for each in reading.problems] == [True]


ODD: list[Any] = [
    {"metadata": {"name": "x", "namespace": "y"}, "spec": []},
    {"metadata": {"name": "x", "labels": [1]}},
    {"metadata": None},
    {"metadata": {"name": "x"}, "spec": {"containers": 7, "tolerations": {"a": 1}, "volumes": "v"}},
    {"metadata": {"name": "x"}, "spec": {"template": {"spec": {"containers": [None, 3, {"env": 1}]}}}},
    {"metadata": {"name": "x"}, "status": []},
    {"metadata": {"name": "x"}, "data": 3, "spec": {"template": 3, "taints": 3, "triggers": {}}},
    7,
    [],
]


@pytest.mark.parametrize(
    "plural", ["pods", "deployments", "replicasets", "secrets", "nodes", "scaledobjects"]
)
def test_an_object_that_cannot_be_costs_its_kind_at_most(tmp_path: Path, plural: str) -> None:
    cluster, sent = served(), [ODD[0]]

    def misshapen(_: FakeCluster, path: str, query: dict[str, str]) -> Answer | None:
        if path.count("/") > 4 and "/namespaces/" in path:
            return 200, {}, sent[0]
        return (200, {}, {"items": [sent[0]]}) if path.endswith(f"/{plural}") else None

    cluster.faults.append(misshapen)
    wanted = needs("SEC-001", "GPU-002", "GPU-005", "GPU-019", "KED-001", "IAM-071", "REL-004", "ZRO-016")
    mine = {each.kind for each in cluster.kinds() if each.plural == plural}
    with serving(cluster):
        request = Request("cluster", "", {"kubeconfig": str(cluster.kubeconfig(tmp_path))})
        for sent[0] in ODD:
            (reading,) = read_all([request], wanted)
            assert reading.targets, [each.what for each in reading.problems]
            assert {kind for _, kind in reading.targets[0].reach.unread} <= mine  # type: ignore[union-attr]
            judged(reading, wanted)


def test_a_replica_set_that_goes_away_while_we_read_is_not_missing(tmp_path: Path) -> None:
    bare = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "old", "namespace": "shop"}}
    cluster = FakeCluster([bare])

    def gone(_: FakeCluster, path: str, query: dict[str, str]) -> Answer | None:
        return (404, {}, {"message": "not found"}) if path.endswith("/old") else None

    cluster.faults.append(gone)
    with serving(cluster):
        (reading,) = source(cluster, tmp_path).read(needs())
    reach = reading.targets[0].reach
    assert reach is not None and not reading.problems
    assert ("apps", "ReplicaSet") in reach.read and ("apps", "ReplicaSet") not in reach.absent


def expiring(cluster: FakeCluster, after: int) -> None:
    """The token is refused from a number of requests on."""

    def expired(_: FakeCluster, path: str, query: dict[str, str]) -> Answer | None:
        return (
            (401, {}, {"kind": "Status", "message": "Unauthorized"})
            if len(cluster.requests) > after
            else None
        )

    cluster.faults.append(expired)


@pytest.mark.parametrize("renewal", ["refused again", "plugin fails", "token file is gone"])
def test_a_token_that_expires_in_the_run_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renewal: str
) -> None:
    wanted, cluster = needs(), served()
    with serving(cluster):
        before = seen(cluster, tmp_path, wanted)
        cluster.requests.clear()
        expiring(cluster, after=12)
        config, given = str(cluster.kubeconfig(tmp_path)), [0]

        def connect(context: str, _: str) -> Any:
            given[0] += 1
            if renewal == "plugin fails" and given[0] > 1:
                raise UsageError("--cluster: the credential plugin failed")
            found = cluster_source.connect(context, config)
            if renewal == "token file is gone" and given[0] > 1:
                monkeypatch.setattr(found.configuration, "get_api_key_with_prefix", _no_token)
            return found

        (reading,) = ClusterSource(Request("cluster"), connect).read(wanted)
    assert reading.problems and {each.repair for each in reading.problems} == {cluster_source.RENEW}
    after = judged(reading, wanted)
    assert changed(before, after) == {}
    assert Status.PASS in after.values()


def _no_token(*_: Any, **__: Any) -> str:
    raise FileNotFoundError("/var/run/secrets/token")


def test_three_clocks_that_differ_are_each_kept_and_told(tmp_path: Path) -> None:
    """The run's is NOW, the metrics' server's three hours later, the cluster's that of the day."""
    wanted, metrics = needs("GPU-019", "COST-002", "KED-052"), Server()
    metrics.date = NOW.timestamp() + 3 * 3600
    with serving(served()) as cluster:
        config = {"kubeconfig": str(cluster.kubeconfig(tmp_path))}
        try:
            readings = read_all([Request("cluster", "", config), Request("prometheus", metrics.url)], wanted)
        finally:
            metrics.close()
    of_cluster, of_metrics = readings
    assert of_metrics.taken == of_metrics.targets[0].taken == "2026-04-24T15:00:00Z"
    assert of_cluster.targets[0].taken > of_metrics.taken
    assert ["windows end by its clock" in each.what for each in of_metrics.warnings] == [True]
    assert ["ahead of this machine's" in each.what for each in of_cluster.warnings] == [True]
    ends = {int(asked.form["end"]) for asked in metrics.asked if "end" in asked.form}
    assert ends == {int(metrics.date)}
    inventory = Inventory()
    join(inventory, readings)
    assert not of_cluster.problems and not of_metrics.problems
    statuses = {
        each.status for world in inventory.targets for each in Engine(wanted.policies).judge(World(world))
    }
    assert Status.ERROR not in statuses
