"""A kustomization that no Application deploys, beside those that Applications deploy, is not deployed with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.model import Resource, Target
from auditor.targets import arrange
from tests.unit.command import run
from tests.unit.test_money import GROUP
from tests.unit.test_targets import manifests, origin, terraform, ties

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: worker, namespace: argocd}}
spec:
  project: inference
  source: {{repoURL: "https://example.com/platform.git", path: {path}, targetRevision: main}}
  destination: {{server: "https://kubernetes.default.svc", namespace: inference}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: inference}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      nodeSelector: {{workload: gpu}}
      containers:
        - name: {name}
          image: registry.example/worker:1
          resources: {{requests: {{cpu: "1", memory: 4Gi}}, limits: {{nvidia.com/gpu: 1}}}}
"""
SCALER = """\
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: worker, namespace: inference}
spec:
  scaleTargetRef: {name: worker}
  maxReplicaCount: 6
  triggers: [{type: cron, metadata: {timezone: UTC, start: 0 8 * * *, end: 0 18 * * *, desiredReplicas: "1"}}]
"""
POOL = """\
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: pool}
spec:
  limits: {nvidia.com/gpu: "4"}
  template:
    metadata: {labels: {workload: gpu}}
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: gpu}
      requirements: [{key: node.kubernetes.io/instance-type, operator: In, values: [g5.xlarge]}]
"""
SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, namespace: argocd}
spec:
  generators: [{clusters: {}}]
  template:
    metadata: {name: "{{name}}"}
    spec:
      project: inference
      source: {repoURL: "https://example.com/platform.git", path: "{{metadata.annotations.path}}"}
      destination: {server: "{{server}}", namespace: inference}
"""


def overlay(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    (folder / "all.yaml").write_text(text)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A worker that scales to zero, deployed; a warm pool and a Karpenter pool that nothing deploys."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.tf").write_text(GROUP.format(region="us-east-1", type="g5.xlarge", least="0"))
    (tmp_path / "application.yaml").write_text(APPLICATION.format(path="apps/worker"))
    overlay(tmp_path / "apps/worker", DEPLOYMENT.format(name="worker", replicas=0) + SCALER)
    overlay(tmp_path / "apps/warm-pool", DEPLOYMENT.format(name="warm", replicas=1))
    overlay(tmp_path / "karpenter", POOL)
    return tmp_path


def audited(*flags: str) -> Any:
    run(
        "check",
        ".",
        "--format",
        "json",
        "--output",
        "report.json",
        "--fail-on",
        "never",
        "--no-cache",
        *flags,
    )
    return json.loads(Path("report.json").read_text())


def test_alternatives_cost_nothing_and_are_named(tree: Path) -> None:
    spent = audited()["money"]
    assert (spent["floor"], spent["worst"]) == (0.0, 2937.52)
    rows = {row["group"]: (row.get("alternative", False), row.get("note", "")) for row in spent["rows"]}
    assert rows == {"pool": (True, "not deployed by any Application"), "gpu": (False, "")}
    run("check", ".", "--fail-on", "never", "--no-cache", "--format", "terminal", "--output", "report.txt")
    assert (
        "not deployed by any Application and not counted: pool of karpenter" in Path("report.txt").read_text()
    )


def test_without_applications_everything_is_deployed(tree: Path) -> None:
    (tree / "application.yaml").unlink()
    spent = audited()["money"]
    assert spent["floor"] >= 734.38
    assert spent["worst"] == pytest.approx(2 * 2937.52)


def test_an_application_that_may_deploy_any_folder_leaves_nothing_apart(tree: Path) -> None:
    (tree / "set.yaml").write_text(SET)
    assert not any(row.get("alternative") for row in audited()["money"]["rows"])


def test_a_scaler_is_not_held_against_a_pool_that_is_not_deployed(tree: Path) -> None:
    (found,) = audited("--policy", "KED-015")["findings"]
    assert "6 replicas" in found["message"] and "hold 4 at most" in found["message"]


def test_the_only_gpu_pool_is_applied_by_hand_and_counts(tree: Path) -> None:
    (tree / "main.tf").unlink()
    (tree / "auditor.toml").write_text('region = "us-east-1"\n')
    (row,) = audited()["money"]["rows"]
    assert not row.get("alternative") and row["worst"] == 2937.52


def test_an_alternative_sees_its_cluster_and_is_not_seen() -> None:
    variant = manifests("variant")
    variant.alternative = True
    arranged, _ = arrange([manifests("prod"), variant, terraform("infra")], {})
    assert ties(arranged) == {"prod": ["infra"], "variant": ["infra"], "infra": ["prod"]}


def test_a_pool_is_not_shared_with_another_cluster() -> None:
    pool = Resource("karpenter.sh/v1", "NodePool", "", "gpu", {}, origin("pools/gpu.yaml"))
    pools = Target("pools", "kustomize", "pools", [pool], ties=["b"])
    dev, prod = manifests("dev"), manifests("prod")
    dev.ties, prod.ties = ["a"], ["b"]
    arranged, _ = arrange([dev, prod, pools, terraform("a"), terraform("b")], {})
    assert ties(arranged) == {"dev": ["a"], "prod": ["b", "pools"], "pools": ["b", "prod"]}
