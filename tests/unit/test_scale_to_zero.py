"""Scale-to-zero: for each scenario what keeps a GPU node alive without work, and where that stands."""

from __future__ import annotations

import pytest

from tests.unit.scenarios import SCENARIOS, Scenario

NOTHING = 'nothing known here keeps node group "gpu" from zero'
CANNOT = 'node group "gpu" cannot reach zero: '

FREE = (
    "reached",
    "replicas-zero-in-git",
    "stray-evictable",
    "stray-pod-not-tolerating",
    "local-storage-allowed",
    "memory-volume",
    "untainted-group-with-budget",
    "karpenter-stray-consolidated",
)

KEPT = {
    "minimum-one": (["minimum"], "aws_eks_node_group.gpu: its minimum is 1", ["nodes.tf:10"]),
    "scaler-keeps-one": (
        ["gpu-workload"],
        "Deployment inference/ml-worker: is kept at 1 replica(s) by ScaledObject inference/ml-worker",
        ["app.yaml:23"],
    ),
    "no-scaler": (
        ["gpu-workload"],
        "Deployment inference/ml-worker: has 2 replica(s) and no scaler",
        ["app.yaml:5"],
    ),
    "budget": (
        ["gpu-workload", "budget"],
        "Deployment inference/ml-worker: has 1 replica(s) and no scaler; PodDisruptionBudget inference/ml-worker: "
        "minAvailable 1 keeps its last pod",
        ["app.yaml:5", "app.yaml:24"],
    ),
    "stray-not-evictable": (
        ["held"],
        "Deployment shop/cache: cluster-autoscaler.kubernetes.io/safe-to-evict: false",
        ["app.yaml:36"],
    ),
    "stray-pod": (["held"], "Pod shop/debug: no controller would make it again", ["app.yaml:31"]),
    "untainted-group": (
        ["held"],
        "Deployment kube-system/dns: in kube-system without a PodDisruptionBudget",
        ["app.yaml:36"],
    ),
    "local-storage": (["held"], "Deployment shop/cache: local storage (scratch)", ["app.yaml:36"]),
    "scale-down-disabled": (
        ["scale-down-disabled"],
        "Deployment autoscaler/cluster-autoscaler: --scale-down-enabled=false",
        ["app.yaml:40"],
    ),
    "karpenter-do-not-disrupt": (
        ["held"],
        "Deployment shop/cache: karpenter.sh/do-not-disrupt: true",
        ["app.yaml:36"],
    ),
    "karpenter-stray-when-empty": (
        ["stray"],
        "Deployment shop/cache: has 1 replica(s) and no scaler, and nodes go only when they are empty",
        ["app.yaml:28"],
    ),
    "karpenter-never": (["consolidation"], "NodePool gpu: consolidateAfter is Never", ["pool.yaml:12"]),
}


def group_of(name: str) -> tuple[str, str]:
    terraform = (SCENARIOS / f"zero-{name}" / "nodes.tf").exists()
    return ("aws_eks_node_group", "aws_eks_node_group.gpu") if terraform else ("NodePool", "gpu")


@pytest.mark.parametrize("name", FREE)
def test_nothing_keeps_the_node(name: str) -> None:
    fact = Scenario(f"zero-{name}").fact("scale_to_zero", "NodeGroup", *group_of(name))
    assert fact["explanation"] == NOTHING
    assert fact["blockers"] == []


@pytest.mark.parametrize("name", KEPT)
def test_says_who_keeps_the_node_and_where(name: str) -> None:
    kinds, why, lines = KEPT[name]
    scenario = Scenario(f"zero-{name}")
    fact = scenario.fact("scale_to_zero", "NodeGroup", *group_of(name))
    assert fact["explanation"] == CANNOT + why
    assert [row["kind"] for row in fact["blockers"]] == kinds
    assert scenario.lines([row["ref"] for row in fact["blockers"]], *group_of(name)) == lines


def test_a_workload_that_its_scaler_brings_to_zero_blocks_nothing() -> None:
    fact = Scenario("zero-reached").fact("scale_to_zero")
    assert fact["always_on"] == ""
    assert fact["lands_on"] == ["gpu"]
    assert fact["explanation"] == "nothing known here keeps Deployment inference/ml-worker from zero"
