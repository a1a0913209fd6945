"""The live audit on a real control plane: what is planted is found, exactly, with who and when; and its failures."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.live.controlplane import crds
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.timeline import wait_for
from tests.unit.command import Outcome, run

pytestmark = pytest.mark.slow

POLICIES = (
    "DRF-001,DRF-002,DRF-003,DRF-004,DRF-005,GPU-001,GPU-005,GPU-019,GPU-021,ZRO-007,ZRO-016,KED-019,IAM-071"
)
SETTINGS = """
[params.gpu-node-offers-no-gpu]
seconds = 0
[params.gpu-node-idle]
seconds = 0
[params.gpu-pod-pending]
seconds = 0
"""
TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
GPU_LABELS = {"node.kubernetes.io/instance-type": "g5.xlarge", "topology.kubernetes.io/region": "us-east-1"}
SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}}
KEY = "AKIA" + "Q3EGT7WZ5XN2KLMV"

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: inference}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: ml-worker, namespace: inference}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: inference}
data: {preset: fast}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-all, namespace: inference}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ml-worker, namespace: inference}
spec:
  selector: {matchLabels: {app: ml-worker}}
  template:
    metadata: {labels: {app: ml-worker}}
    spec:
      serviceAccountName: ml-worker
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      containers:
      - name: worker
        image: registry.example/worker:1
        env: [{name: PRESET, value: fast}]
        resources: {limits: {nvidia.com/gpu: 1, memory: 2Gi, cpu: "1"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: inference}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {nodeName: gpu-0, containers: [{name: web, image: "registry.example/web:2"}]}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: ml-worker, namespace: inference}
spec:
  scaleTargetRef: {name: ml-worker}
  minReplicaCount: 0
  triggers: [{type: cron, metadata: {timezone: UTC, start: 0 8 * * *, end: 0 18 * * *, desiredReplicas: "1"}}]
"""

PLANTED = {
    ("DRF-001", "networking.k8s.io/NetworkPolicy/inference/deny-all"): "",
    ("DRF-002", "apps/Deployment/inference/ml-worker"): "kubectl-edit (Update) at 20",
    (
        "DRF-002",
        "keda.sh/ScaledObject/inference/ml-worker",
    ): "spec.minReplicaCount is 1 in the cluster, 0 in Git",
    ("DRF-003", "/ConfigMap/inference/settings"): "backfill-script (Update) at 20",
    ("DRF-004", "apps/Deployment/inference/web"): "registry.example/web:1 in the cluster",
    ("DRF-005", "/ConfigMap/inference/left-behind"): "kubectl-client-side-apply",
    ("GPU-001", "/Node//gpu-0"): "no taint",
    ("GPU-005", "apps/Deployment/inference/web"): "gpu-0",
    ("GPU-019", "/Node//gpu-1"): "offers no GPU",
    ("GPU-021", "apps/Deployment/inference/ml-worker"): "1 node(s) offer GPUs, 1 of them in use",
    ("IAM-071", "/ConfigMap/tools/legacy"): "access key id",
    ("KED-019", "keda.sh/ScaledObject/inference/ml-worker"): "ScalerTriggerError",
    ("ZRO-007", "keda.sh/ScaledObject/inference/ml-worker"): "",
    ("ZRO-016", "/Node//gpu-1"): "runs no GPU pod",
}
"""Every finding that there should be, and words of it."""


class Platform(NamedTuple):
    """A cluster with its repository, and faults in it."""

    cluster: Cluster
    git: Path


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Manifests applied as kubectl does, then changed behind Git's back."""
    git = tmp_path_factory.mktemp("git")
    (git / "all.yaml").write_text(MANIFESTS)
    (git / "auditor.toml").write_text(SETTINGS)
    with Cluster() as cluster:
        cluster.api.apply(crds.load("keda"))
        cluster.add_node("gpu-0", {"nvidia.com/gpu": "1"}, labels=GPU_LABELS)
        cluster.add_node("gpu-1", labels=GPU_LABELS, taints=[TAINT])
        cluster.kubectl("apply", "-f", "-", stdin=MANIFESTS.replace("web:2", "web:1"))
        _plant(cluster)
        yield Platform(cluster, git)


def _plant(cluster: Cluster) -> None:
    api = cluster.api
    wait_for("the worker and the stranger run", lambda: len(_running(cluster)) == 2)
    template = api.get("apps/v1", "Deployment", "ml-worker", "inference")["spec"]["template"]
    template["spec"]["containers"][0]["env"][0]["value"] = "quality"
    edit = {"spec": {"replicas": 2, "template": template, "strategy": SURGE}}
    api.patch("apps/v1", "Deployment", "ml-worker", edit, "inference", manager="kubectl-edit")
    settings = {"data": {"preset": "slow"}}
    api.patch("v1", "ConfigMap", "settings", settings, "inference", manager="backfill-script")
    scaler = {"spec": {"minReplicaCount": 1}}
    api.patch("keda.sh/v1alpha1", "ScaledObject", "ml-worker", scaler, "inference", manager="kubectl-patch")
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "ScalerTriggerError",
        "message": "no such queue",
    }
    api.patch(
        "keda.sh/v1alpha1",
        "ScaledObject",
        "ml-worker",
        {"status": {"conditions": [condition]}},
        "inference",
        subresource="status",
        manager="keda",
    )
    api.delete("networking.k8s.io/v1", "NetworkPolicy", "deny-all", "inference")
    left = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "left-behind", "namespace": "inference"},
    }
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(left))
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tools"}})
    legacy = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "legacy"},
        "data": {"env": f"ID={KEY}\n"},
    }
    api.apply(legacy, namespace="tools")
    wait_for("a second worker waits", lambda: _waiting(cluster))
    time.sleep(1.1)  # Clusters tell times in whole seconds: a younger pod has waited for none.


def _running(cluster: Cluster) -> list[Any]:
    pods = cluster.api.list("v1", "Pod", "inference")
    return [pod for pod in pods if pod["status"].get("phase") == "Running"]


def _waiting(cluster: Cluster) -> bool:
    pods = cluster.api.list("v1", "Pod", "inference")
    return any(pod["status"].get("phase") == "Pending" and pod["status"].get("conditions") for pod in pods)


def check(kubeconfig: Path | str, *arguments: str | Path) -> Outcome:
    """``auditor check`` of the cluster behind a kubeconfig, as JSON."""
    return run("check", "--live", "--kubeconfig", kubeconfig, "--format", "json", *arguments)


def failures(outcome: Outcome) -> dict[tuple[str, str], str]:
    """(policy, resource) → the messages of what failed."""
    found: dict[tuple[str, str], str] = {}
    for each in json.loads(outcome.out).get("findings", []):
        if each["status"] == "fail":
            key = each["policy"], each["resource"]
            found[key] = f"{found.get(key, '')} {each['message']}"
    return found


def test_exactly_what_was_planted_is_found(platform: Platform) -> None:
    outcome = check(platform.cluster.kubeconfig, "--git", platform.git, "--policy", POLICIES)
    found = failures(outcome)
    assert set(found) == set(PLANTED), outcome.err
    for key, words in PLANTED.items():
        assert words in found[key], (key, found[key])
    assert KEY not in outcome.out


def test_a_drift_finding_points_at_its_line_in_git(platform: Platform) -> None:
    outcome = check(platform.cluster.kubeconfig, "--git", platform.git, "--policy", "DRF-002")
    lines = (platform.git / "all.yaml").read_text().split("\n")
    shown = {
        lines[each["location"]["line"] - 1].strip()
        for each in json.loads(outcome.out)["findings"]
        if each["status"] == "fail"
    }
    assert "minReplicaCount: 0" in shown and "- name: PRESET" not in shown
    assert any("PRESET" in line for line in shown)


def test_a_snapshot_gives_the_same_report_byte_for_byte(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    git = ("--git", platform.git)
    live = check(platform.cluster.kubeconfig, *git, "--save-snapshot", file)
    again = run("check", "--snapshot", file, *git, "--format", "json")
    assert again.out == live.out and again.code == live.code
    assert KEY not in file.read_text()


ROLE_ACCOUNT = """
apiVersion: v1
kind: Namespace
metadata: {name: audit}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: auditor, namespace: audit}
"""


def granted(platform: Platform, *, without: str = "") -> Path:
    """The kubeconfig of an account with the printed role, or with it less one resource."""
    role = run("rbac", "--git", platform.git, "--bind", "audit/auditor")
    assert role.code == 0
    objects = [*yaml.safe_load_all(ROLE_ACCOUNT), *yaml.safe_load_all(role.out)]
    for rule in (rule for each in objects if each["kind"] == "ClusterRole" for rule in each["rules"]):
        rule["resources"] = [name for name in rule["resources"] if name != without]
    platform.cluster.api.apply(objects)
    return platform.cluster.service_account("auditor", "audit")


def test_the_printed_role_is_enough(platform: Platform) -> None:
    mine = check(granted(platform), "--git", platform.git)
    admins = check(platform.cluster.kubeconfig, "--git", platform.git)
    assert "could not be listed" not in mine.out, json.loads(mine.out)["problems"]
    assert set(failures(mine)) == set(failures(admins))
    assert not [row for row in json.loads(mine.out).get("problems", []) if row.get("incomplete", True)]


def test_a_missing_rule_is_named_and_makes_the_run_incomplete(platform: Platform) -> None:
    outcome = check(granted(platform, without="configmaps"), "--git", platform.git, "--fail-on", "never")
    report = json.loads(outcome.out)
    assert outcome.code == 3, report["gate"]
    rule = '{apiGroups: [""], resources: ["configmaps"], verbs: [list]}'
    assert any(rule in row["repair"] for row in report["problems"])
    unseen = [
        each for each in report["findings"] if each["status"] == "not-assessed" and rule in each["repair"]
    ]
    assert unseen
    missing = [
        each for each in report["findings"] if each["policy"] == "DRF-001" and each["status"] == "fail"
    ]
    assert [each["title"] for each in missing] == ["NetworkPolicy inference/deny-all"]


def test_it_runs_in_a_pod_with_the_token_of_its_account(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.config import incluster_config

    token = tmp_path / "token"
    token.write_text(platform.cluster.api.token("default", "default", seconds=3600))
    granted(platform)
    token.write_text(platform.cluster.api.token("auditor", "audit", seconds=3600))
    host, _, port = platform.cluster.url.removeprefix("https://").partition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(platform.cluster.folder / "ca.crt"))
    outcome = run("check", "--live", "--policy", "GPU-001", "--format", "json")
    assert outcome.code == 1, json.loads(outcome.out)["problems"]
    assert set(failures(outcome)) == {("GPU-001", "/Node//gpu-0")}
    assert json.loads(outcome.out)["scope"] == "cluster:in-cluster"


def test_an_api_server_that_comes_back_costs_time_and_nothing_else(platform: Platform) -> None:
    from threading import Thread

    before = failures(check(platform.cluster.kubeconfig, "--policy", POLICIES))
    restart = Thread(target=platform.cluster.restart_api_server)
    restart.start()
    outcome = check(platform.cluster.kubeconfig, "--policy", POLICIES)
    restart.join()
    assert set(failures(outcome)) == set(before)
    assert os.environ.get("AUDITOR_DEBUG") is not None or "Traceback" not in outcome.err
