"""The cluster source against an API server on loopback: what is kept, what is never kept, and what goes wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import UsageError
from auditor.live import needs_of
from auditor.model import Target
from auditor.options import Settings
from auditor.sources.cluster import client as client_module
from auditor.sources.cluster import source as source_module
from auditor.sources.cluster.source import ClusterSource
from auditor.sources.interface import Inventory
from auditor.sources.live import Needs, Reading, Request
from auditor.unknown import Unknown
from tests.unit.command import run
from tests.unit.fake_cluster import FakeCluster, serving

NOW = datetime(2026, 4, 24, 12, 0, tzinfo=UTC)
KEY = "AKIA" + "Q3EGT7WZ5XN2KLMV"


def needs(*policies: str) -> Needs:
    """What a run by some policies (none: the default pack) asks for."""
    return needs_of(Settings(live=True, policies=policies), Inventory(), NOW)


def read(cluster: FakeCluster, tmp_path: Path, *policies: str, **options: Any) -> Reading:
    """One reading of the cluster."""
    request = Request("cluster", "", {"kubeconfig": str(cluster.kubeconfig(tmp_path)), **options})
    (reading,) = ClusterSource(request).read(needs(*policies))
    return reading


def only(reading: Reading) -> Target:
    """The one target of a reading."""
    (target,) = reading.targets
    return target


def owned(kind: str, name: str, owner: tuple[str, str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """An object of the namespace shop; ``owner`` is (apiVersion, kind, name)."""
    version = {"Pod": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}.get(kind, "apps/v1")
    meta: dict[str, Any] = {"name": name, "namespace": "shop"}
    if owner:
        api_version, owner_kind, owner_name = owner
        reference = {"apiVersion": api_version, "kind": owner_kind, "name": owner_name, "controller": True}
        meta["ownerReferences"] = [reference]
    return {"apiVersion": version, "kind": kind, "metadata": meta, **fields}


WORKLOADS = [
    owned("Deployment", "web", spec={"template": {"spec": {"containers": [{"name": "web", "image": "x"}]}}}),
    owned("ReplicaSet", "web-1", ("apps/v1", "Deployment", "web")),
    owned("Pod", "web-1-a", ("apps/v1", "ReplicaSet", "web-1"), spec={"nodeName": "n", "containers": []}),
    owned("Pod", "web-1-b", ("apps/v1", "ReplicaSet", "web-1"), spec={"nodeName": "n", "containers": []}),
    owned("CronJob", "night", spec={}),
    owned("Job", "night-1", ("batch/v1", "CronJob", "night")),
    owned("Pod", "night-1-x", ("batch/v1", "Job", "night-1")),
    owned(
        "Pod",
        "head-0",
        ("ray.io/v1", "RayCluster", "ray"),
        spec={"containers": [{"name": "head", "image": "x"}]},
    ),
    owned(
        "Pod",
        "head-1",
        ("ray.io/v1", "RayCluster", "ray"),
        spec={"containers": [{"name": "head", "image": "x"}]},
    ),
    owned("Pod", "alone", spec={"nodeName": "n", "containers": [{"name": "a", "image": "x"}]}),
]


def test_pods_fold_into_what_makes_them(tmp_path: Path) -> None:
    with serving(FakeCluster(WORKLOADS)) as cluster:
        target = only(read(cluster, tmp_path, "SEC-001"))
    assert {each.title for each in target.resources} == {
        "Deployment shop/web",
        "CronJob shop/night",
        "Pod shop/alone",
        "Pod shop/head-0",
    }
    owners = {pod.name: pod.owner for pod in target.pods}
    assert owners["web-1-b"] == "apps/Deployment/shop/web"
    assert owners["night-1-x"] == "batch/CronJob/shop/night"
    assert owners["head-1"] == "ray.io/RayCluster/shop/ray"
    assert owners["alone"] == "/Pod/shop/alone"


def test_pods_keep_their_owner_when_replica_sets_may_not_be_read(tmp_path: Path) -> None:
    pod = owned("Pod", "web-5d4f-a", ("apps/v1", "ReplicaSet", "web-5d4f"))
    pod["metadata"]["labels"] = {"pod-template-hash": "5d4f"}
    cluster = FakeCluster([pod])
    cluster.refuse("replicasets")
    with serving(cluster):
        target = only(read(cluster, tmp_path, "GPU-005"))
    assert [each.owner for each in target.pods] == ["apps/Deployment/shop/web"]


def test_only_what_the_policies_need_is_listed(tmp_path: Path) -> None:
    with serving(FakeCluster()) as cluster:
        read(cluster, tmp_path, "SEC-007")
        listed = {path for path in cluster.requests if path not in ("/api", "/apis", "/readyz")}
    assert listed == {"/api/v1/namespaces"}


def test_long_lists_come_in_pages(tmp_path: Path) -> None:
    pods = [owned("Pod", f"p{n}", spec={"containers": []}) for n in range(11)]
    cluster = FakeCluster(pods)
    cluster.page = 3
    with serving(cluster):
        target = only(read(cluster, tmp_path, "GPU-005"))
    assert len(target.pods) == 11
    assert cluster.requests.count("/api/v1/pods") == 4


def test_a_list_whose_continuation_expired_is_read_again_whole(tmp_path: Path) -> None:
    cluster = FakeCluster([owned("Pod", f"p{n}", spec={"containers": []}) for n in range(5)])
    cluster.page = 2
    left = [1]

    def gone(_: FakeCluster, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any] | None:
        if path == "/api/v1/pods" and query.get("continue") == "4" and left.pop():
            left.append(0)
            return 410, {}, {"kind": "Status", "message": "the provided continue parameter is too old"}
        return None

    cluster.faults.append(gone)
    with serving(cluster):
        target = only(read(cluster, tmp_path, "GPU-005"))
    assert sorted(each.name for each in target.pods) == [f"p{n}" for n in range(5)]


def test_a_refused_kind_is_unread_with_its_rule_and_the_others_are_read(tmp_path: Path) -> None:
    cluster = FakeCluster(WORKLOADS)
    cluster.refuse("deployments")
    with serving(cluster):
        reading = read(cluster, tmp_path, "SEC-001")
    target = only(reading)
    assert target.reach is not None
    lost = target.reach.unread["apps", "Deployment"].why
    assert "forbidden" in lost.reason
    assert '{apiGroups: ["apps"], resources: ["deployments"], verbs: [list]}' in lost.repair
    assert [row.repair for row in reading.problems] == [lost.repair]
    assert ("batch", "CronJob") in target.reach.read


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries that take no time."""
    monkeypatch.setattr(client_module, "RETRY_SECONDS", 0.5)
    monkeypatch.setattr(client_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(client_module, "READ_SECONDS", 0.3)


def test_throttling_and_errors_of_the_server_pass(tmp_path: Path, impatient: None) -> None:
    cluster = FakeCluster(WORKLOADS)
    cluster.refuse("deployments", status=429, times=2)
    cluster.refuse("cronjobs", status=503, times=2)
    cluster.refuse("jobs", status=0, times=1)
    with serving(cluster):
        reading = read(cluster, tmp_path, "SEC-001")
    assert not reading.problems
    assert {each.title for each in only(reading).resources} >= {"Deployment shop/web", "CronJob shop/night"}


def test_a_server_that_does_not_answer_in_time_costs_one_kind(tmp_path: Path, impatient: None) -> None:
    import time

    cluster = FakeCluster(WORKLOADS)

    def slow(_: FakeCluster, path: str, query: dict[str, str]) -> None:
        if path.endswith("/deployments"):
            time.sleep(0.5)

    cluster.faults.append(slow)  # type: ignore[arg-type]
    with serving(cluster):
        reading = read(cluster, tmp_path, "SEC-001")
    (problem,) = reading.problems
    assert "no answer within" in problem.what and "deployments" in problem.what


def test_an_expired_token_is_renewed_once(tmp_path: Path) -> None:
    cluster = FakeCluster(WORKLOADS, token="new")
    with serving(cluster):
        stale, fresh = tmp_path / "stale", tmp_path / "fresh"
        stale.mkdir()
        fresh.mkdir()
        configs = [cluster.kubeconfig(stale, "old"), cluster.kubeconfig(fresh, "new")]

        def connect(context: str, _: str) -> Any:
            return source_module.connect(context, str(configs.pop(0)))

        (reading,) = ClusterSource(Request("cluster"), connect).read(needs("SEC-001"))
    assert not reading.problems and only(reading).resources


def test_a_token_that_stays_refused_reads_nothing_and_passes_nothing(tmp_path: Path) -> None:
    with serving(FakeCluster(WORKLOADS, token="right")) as cluster:
        config = cluster.kubeconfig(tmp_path, "wrong")
        done = run("check", "--live", "--kubeconfig", config, "--format", "json")
    report = json.loads(done.out)
    assert done.code == 3
    assert report["score"]["effective"] is None
    assert not any(each["passed"] for each in report["policies"] if "passed" in each)


def test_a_kind_that_is_not_served_is_not_assessed_once_a_policy(tmp_path: Path) -> None:
    cluster = FakeCluster()
    cluster.without = {"keda.sh"}
    with serving(cluster):
        config = cluster.kubeconfig(tmp_path)
        done = run("check", "--live", "--kubeconfig", config, "--policy", "KED-001", "--format", "json")
    (row,) = json.loads(done.out)["findings"]
    assert done.code == 0
    assert row["status"] == "not-assessed" and "serves no scaledobjects.keda.sh" in row["reason"]


def test_a_group_whose_server_is_down_is_not_taken_for_absent(tmp_path: Path) -> None:
    cluster = FakeCluster()
    cluster.stale = {"keda.sh"}
    with serving(cluster):
        reading = read(cluster, tmp_path, "KED-001")
    reach = only(reading).reach
    assert reach is not None and ("keda.sh", "ScaledObject") in reach.unread and reading.problems


def test_what_appears_while_we_read_is_read(tmp_path: Path) -> None:
    cluster = FakeCluster()
    cluster.without = {"keda.sh"}

    def comes_back(seen: FakeCluster, path: str, query: dict[str, str]) -> None:
        if path.endswith("/horizontalpodautoscalers"):
            seen.without = set()

    cluster.faults.append(comes_back)  # type: ignore[arg-type]
    with serving(cluster):
        reach = only(read(cluster, tmp_path, "KED-001")).reach
    assert reach is not None and ("keda.sh", "ScaledObject") in reach.read


SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "aws", "namespace": "shop"},
    "type": "Opaque",
    "data": {"id": "QUtJQVEzRUdUN1daNVhOMktMTVY=", "note": "aGVsbG8="},
}


def test_values_of_secrets_are_not_kept(tmp_path: Path) -> None:
    with serving(FakeCluster([SECRET])) as cluster:
        (secret,) = only(read(cluster, tmp_path, "REL-083")).resources
    assert sorted(secret.body["data"]) == ["id", "note"]
    assert all(isinstance(value, Unknown) for value in secret.body["data"].values())
    assert "shapes" not in secret.body


def test_the_form_of_secrets_is_looked_at_when_asked(tmp_path: Path) -> None:
    with serving(FakeCluster([SECRET])) as cluster:
        (secret,) = only(read(cluster, tmp_path, "REL-083", secret_shapes=True)).resources
    assert secret.body["shapes"] == {"id": "access key id", "note": ""}
    assert isinstance(secret.body["data"]["id"], Unknown)


def test_keys_and_passwords_leave_no_trace(tmp_path: Path) -> None:
    env = [
        {"name": "ID", "value": KEY},
        {"name": "DB_PASSWORD", "value": "hunter22hunter22"},
        {"name": "DB", "value": "postgres://app:hunter23@db/app"},
        {"name": "MAX_TOKENS", "value": "4096"},
    ]
    container = {"name": "web", "image": "x", "env": env, "args": ["--api-key=hunter24hunter24"]}
    text = f"password: hunter25hunter25\nkey: {KEY}\nmode: fast\n"
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}}
    web = owned("Deployment", "web", spec={"template": {"spec": {"containers": [container]}}})
    file = tmp_path / "snapshot.json"
    with serving(FakeCluster([web, {**settings, "data": {"app": text}}])) as cluster:
        config = cluster.kubeconfig(tmp_path)
        done = run("check", "--live", "--kubeconfig", config, "--save-snapshot", file, "--format", "json")
    saved = file.read_text()
    for shown in (saved, done.out):
        assert "hunter2" not in shown and KEY not in shown
    assert "4096" in saved and "mode: fast" in saved
    found = [each["resource"] for each in json.loads(done.out)["findings"] if each["policy"] == "IAM-071"]
    assert found == ["/ConfigMap/shop/c", "apps/Deployment/shop/web"]


def test_an_unknown_context_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with serving(FakeCluster()) as cluster, pytest.raises(UsageError, match="nowhere"):
        request = Request("cluster", "nowhere", {"kubeconfig": str(cluster.kubeconfig(tmp_path))})
        list(ClusterSource(request).read(needs()))


def test_ages_are_counted_by_the_clusters_clock(tmp_path: Path) -> None:
    with serving(FakeCluster()) as cluster:
        reading = read(cluster, tmp_path, "GPU-005")
    assert only(reading).taken != reading.taken
    assert any("its clock is" in row.what for row in reading.warnings)


HOSTILE: list[Any] = [
    b"not json",
    b'{"items": 5}',
    b'{"items": [1, "x", null]}',
    b'{"items": [{"metadata": "x"}]}',
    b'{"items": [{"metadata": {"name": 5}}]}',
    b'{"items": [' + b"[" * 100_000,
]


@pytest.mark.parametrize("body", HOSTILE)
def test_nonsense_from_the_server_costs_one_kind(tmp_path: Path, body: bytes) -> None:
    cluster = FakeCluster(WORKLOADS)

    def nonsense(_: FakeCluster, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any] | None:
        return (200, {}, body) if path.endswith("/deployments") else None

    cluster.faults.append(nonsense)
    with serving(cluster):
        reading = read(cluster, tmp_path, "SEC-001")
    reach = only(reading).reach
    assert reach is not None and set(reach.unread) == {("apps", "Deployment")}
    assert any(each.kind == "CronJob" for each in only(reading).resources)


def test_what_is_left_out_is_never_asked_for_and_leaves_the_run_whole(tmp_path: Path) -> None:
    with serving(FakeCluster(WORKLOADS)) as cluster:
        flags = ("--kubeconfig", cluster.kubeconfig(tmp_path), "--policy", "SEC-001", "--fail-on", "never")
        done = run("check", "--live", *flags, "--leave-out", "deployments, secrets", "--format", "json")
        asked = {path.rpartition("/")[2] for path in cluster.requests}
    report = json.loads(done.out)
    assert done.code == 0 and not asked & {"deployments", "secrets"}
    (row,) = report["problems"]
    assert "--leave-out names them" in row["what"] and row["incomplete"] is False


def test_a_policy_on_what_is_left_out_is_not_assessed(tmp_path: Path) -> None:
    with serving(FakeCluster(WORKLOADS)) as cluster:
        reading = read(cluster, tmp_path, "SEC-001", left_out=("deployments",))
    reach = only(reading).reach
    assert reach is not None and not reading.problems
    assert "without --leave-out deployments" in reach.unread["apps", "Deployment"].why.repair


def test_leaving_out_what_is_never_read_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with serving(FakeCluster()) as cluster, pytest.raises(UsageError, match="did you mean 'secrets'"):
        read(cluster, tmp_path, "SEC-001", left_out=("secret",))


def test_a_cluster_without_its_account_says_where_its_node_groups_are_known(tmp_path: Path) -> None:
    container = {"name": "w", "image": "x", "resources": {"limits": {"nvidia.com/gpu": 1}}}
    worker = owned("Deployment", "worker", spec={"template": {"spec": {"containers": [container]}}})
    with serving(FakeCluster([worker])) as cluster:
        flags = ("--kubeconfig", cluster.kubeconfig(tmp_path), "--policy", "ZRO-021", "--format", "json")
        report = json.loads(run("check", "--live", *flags).out)
    (found,) = report["findings"]
    assert found["status"] == "not-assessed" and found["repair"].startswith("add --aws")
