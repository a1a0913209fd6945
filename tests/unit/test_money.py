"""The money line: from Git alone, to the cent, and never a guess."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.entry import main

GROUP = """\
provider "aws" {{
  region = "{region}"
}}

resource "aws_eks_node_group" "gpu" {{
  cluster_name    = "inference"
  node_group_name = "gpu"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-a"]
  instance_types  = ["{type}"]
  ami_type        = "AL2023_x86_64_NVIDIA"
  labels          = {{ workload = "gpu" }}

  scaling_config {{
    min_size     = {least}
    desired_size = 0
    max_size     = 4
  }}
}}
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: worker, namespace: inference{annotations}}}
spec:
  selector: {{matchLabels: {{app: worker}}}}
  template:
    metadata: {{labels: {{app: worker}}}}
    spec:
      nodeSelector: {{workload: gpu}}
      containers:
        - name: worker
          image: registry.example/worker:1
          resources: {{requests: {{cpu: "1", memory: 4Gi}}, limits: {{nvidia.com/gpu: 1}}}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: worker, namespace: inference}}
spec:
  scaleTargetRef: {{name: worker}}
  minReplicaCount: {replicas}
  triggers: [{{type: cron, metadata: {{timezone: UTC, start: 0 8 * * *, end: 0 18 * * *, desiredReplicas: "1"}}}}]
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(tree: Path, *, replicas: int = 0, least: str = "0", region: str = "us-east-1", **rest: str) -> None:
    terraform = GROUP.format(region=region, type=rest.get("type", "g5.xlarge"), least=least)
    (tree / "main.tf").write_text(terraform)
    (tree / "worker.yaml").write_text(
        WORKLOAD.format(replicas=replicas, annotations=rest.get("annotations", ""))
    )


def money(*arguments: str) -> Any:
    main(["check", ".", "--format", "json", "--output", "report.json", *arguments])
    return json.loads(Path("report.json").read_text())["money"]


def test_one_replica_more_in_a_pull_request_costs_734_dollars_and_38_cents(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], check=True)

    write(tree, replicas=0)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "base")
    write(tree, replicas=1)
    found = money("--changed-since", "HEAD")
    assert (found["floor"], found["change_floor"], found["change_worst"]) == (734.38, 734.38, 0.0)
    main(["check", ".", "--changed-since", "HEAD"])
    assert "+$734.38/month" in capsys.readouterr().out


def test_floor_worst_and_region(tree: Path) -> None:
    write(tree)
    found = money()
    assert (found["floor"], found["worst"], found["region"]) == (0.0, 2937.52, "us-east-1")


def test_the_larger_of_group_minimum_and_kept_replicas_is_the_floor(tree: Path) -> None:
    write(tree, least="2", replicas=1)
    assert money()["floor"] == 1468.76
    write(tree, least="1", replicas=3)
    assert money()["floor"] == 2203.14


def test_declared_work_makes_the_expected_cost(tree: Path) -> None:
    annotations = ', annotations: {auditor.dev/jobs-per-month: "3600", auditor.dev/p95-seconds: "100"}'
    write(tree, annotations=annotations)
    assert money()["expected"] == 100.6


def test_undeclared_work_leaves_the_expected_cost_unknown(tree: Path) -> None:
    write(tree)
    assert money()["expected"] is None


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"region": "eu-central-1"}, "no price of g5.xlarge in eu-central-1"),
        ({"least": "var.least"}, "minimum size"),
    ],
)
def test_what_is_not_known_is_no_number(tree: Path, change: dict[str, str], note: str) -> None:
    write(tree, replicas=1, **change)  # type: ignore[arg-type]
    found = money()
    assert found["floor"] is None
    assert note in found["rows"][0]["note"]


def test_declared_prices_win(tree: Path) -> None:
    write(tree, replicas=1, region="eu-central-1")
    (tree / "auditor.toml").write_text('[prices]\n"g5.xlarge" = 2.0\n')
    assert money()["floor"] == 1460.0
