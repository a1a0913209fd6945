"""Patches of Git from figures of metrics: what is written, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.audit import collect
from auditor.model import Resource, Target
from auditor.options import Settings
from auditor.rightsize import Patch, Rightsizing
from auditor.sources.live import live_origin, live_target
from auditor.sources.tree import Tree
from auditor.unknown import Unknown

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    spec:
      containers:
        - name: api
          image: example.org/api:1.0.0
          resources: {limits: {cpu: "2", memory: 1Gi}, requests: {cpu: "2"}}
"""
CPU = {"value": 0.5, "text": "500m", "exceeded": 0.031, "tested": 202}
MEMORY = {"value": 256.0 * 2**20, "text": "256Mi", "exceeded": 0.0, "tested": 202}


def usage(*rows: dict[str, Any], name: str = "api") -> Target:
    body = {"workload": {"namespace": "shop", "kind": "Deployment", "name": name}, "rows": list(rows)}
    origin = live_origin("metrics:test", "metrics", name)
    found = Resource("metrics/v1", "WorkloadUsage", "shop", f"Deployment/{name}", body, origin)
    return live_target("metrics:test", "metrics:test", source="metrics", resources=[found])


def row(resource: str, container: str = "api", **fields: Any) -> dict[str, Any]:
    return {"name": f"{container}/{resource}", "container": container, "resource": resource, **fields}


def patched(tmp_path: Any, target: Target, text: str = DEPLOYMENT) -> tuple[Patch, str]:
    (tmp_path / "api.yaml").write_text(text)
    tree = Tree(tmp_path)
    patch = Rightsizing([*collect(tree, Settings()).targets, target], tree.read).requests()
    return patch, patch.diff(tree.read)


def test_both_requests_of_one_container_are_written_in_one_patch(tmp_path: Any) -> None:
    patch, diff = patched(tmp_path, usage(row("cpu", suggestion=CPU), row("memory", suggestion=MEMORY)))
    assert [(each.before, each.after) for each in patch.changes] == [("2", "500m"), ("none", "256Mi")]
    assert patch.changes[0].proof == "exceeded in 3.1% of 202 samples held out"
    assert 'requests: {cpu: "500m", memory: 256Mi}' in diff
    assert diff.count("\n+") == 2


def test_a_small_change_is_not_worth_a_review(tmp_path: Any) -> None:
    near = {**CPU, "value": 1.9, "text": "1900m"}
    patch, diff = patched(tmp_path, usage(row("cpu", suggestion=near)))
    assert (patch.changes, patch.refusals, diff) == ([], [], "")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (usage(row("cpu", refused="3.0 days of history; a suggestion needs 7")), "3.0 days"),
        (usage(row("cpu", suggestion=CPU), name="other"), "Git does not declare it"),
        (usage(row("cpu", container="proxy", suggestion=CPU)), "no container proxy"),
        (usage(row("cpu", suggestion={**CPU, "value": 4.0, "text": "4000m"})), "above its limit"),
    ],
)
def test_what_cannot_be_suggested_is_refused_with_its_reason(tmp_path: Any, target: Target, why: str) -> None:
    patch, diff = patched(tmp_path, target)
    assert diff == ""
    assert why in patch.refusals[0].why


def test_a_workload_of_several_files_is_not_guessed(tmp_path: Any) -> None:
    (tmp_path / "copy.yaml").write_text(DEPLOYMENT)
    patch, diff = patched(tmp_path, usage(row("cpu", suggestion=CPU)))
    assert diff == ""
    assert patch.refusals[0].why == "Git declares it in several places: api.yaml, copy.yaml"


FLEET = {"nodes": [{"name": name, "instance_type": "t3.medium"} for name in "abc"]}
PLAN = {
    "plan": "1 × t3.large", "nodes": 1, "instance_type": "t3.large",
    "usd_per_hour": 0.1296, "plan_usd_per_hour": 0.0864, "saved": 1 / 3,
}  # fmt: skip
GROUP = """resource "aws_eks_node_group" "system" {
  instance_types = ["t3.medium"]
  scaling_config {
    desired_size = %s
    min_size     = 1
    max_size     = 4
  }
}
"""


def of_fleet(tmp_path: Any, desired: str, plan: Any) -> tuple[Patch, str]:
    (tmp_path / "main.tf").write_text(GROUP % desired)
    tree = Tree(tmp_path)
    patch = Rightsizing(collect(tree, Settings()).targets, tree.read).fleet(FLEET, plan)
    return patch, patch.diff(tree.read)


def test_a_node_group_gets_its_type_and_its_size(tmp_path: Any) -> None:
    _, diff = of_fleet(tmp_path, "3", PLAN)
    added = [line for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert added == ['+  instance_types = ["t3.large"]', "+    desired_size = 1"]


def test_a_group_that_is_not_what_runs_is_left_alone(tmp_path: Any) -> None:
    patch, diff = of_fleet(tmp_path, "2", PLAN)
    assert diff == ""
    assert "wants 2 nodes and 3 run" in patch.refusals[0].why


def test_an_unknown_price_is_a_refusal(tmp_path: Any) -> None:
    patch, diff = of_fleet(tmp_path, "3", Unknown("no price of t3.medium in mars-1"))
    assert diff == ""
    assert "no price of t3.medium" in patch.refusals[0].why
