"""Scale-from-zero: for each scenario the group that fits, or the one requirement that fails on the closest."""

from __future__ import annotations

import pytest

from auditor.unknown import Unknown
from tests.unit.scenarios import Scenario

CLOSEST = 'no node group can start a node for it; closest is "gpu": '
TAG = "k8s.io/cluster-autoscaler/node-template/"
UNSEEN = "with no node running the Cluster Autoscaler cannot know it: its Auto Scaling group has no tag "

FITS = {
    "fits": 'node group "gpu" can start a g5.xlarge for it from zero',
    "label-by-tag": 'node group "gpu" can start a g5.xlarge for it from zero',
    "affinity-terms": 'node group "gpu" can start a g5.xlarge for it from zero',
    "karpenter-fits": 'node group "gpu" can start a g5.xlarge for it from zero',
    "karpenter-bigger-type": 'node group "gpu" can start a g5.12xlarge for it from zero',
    "eksctl-propagated-tags": 'node group "gpu" can start a g5.xlarge for it from zero',
    "two-groups-one-fits": 'node group "large" can start a g5.12xlarge for it from zero',
    "group-with-one-node": 'node group "gpu" can start a g5.xlarge for it',
    "fits-if-nodegroups-are-described": 'node group "gpu" can start a g5.xlarge for it from zero, assuming that the '
    "Cluster Autoscaler may call eks:DescribeNodegroup",
}

FAILS = {
    "missing-toleration": (
        "taints",
        "its taint nvidia.com/gpu=present:NoSchedule is not tolerated",
        "nodes.tf:17",
    ),
    "wrong-toleration-value": (
        "taints",
        "its taint nvidia.com/gpu=present:NoSchedule is not tolerated",
        "nodes.tf:17",
    ),
    "no-execute-taint": (
        "taints",
        "its taint nvidia.com/gpu=present:NoExecute is not tolerated",
        "nodes.tf:17",
    ),
    "label-unseen-at-zero": (
        "visible",
        f"its nodes carry workload, but {UNSEEN}{TAG}label/workload, and the autoscaler's policy lacks "
        "eks:DescribeNodegroup",
        "nodes.tf:1",
    ),
    "gpu-operator-label": (
        "visible",
        f"its nodes carry nvidia.com/gpu.present, but {UNSEEN}{TAG}label/nvidia.com/gpu.present",
        "nodes.tf:1",
    ),
    "eksctl-self-managed-without-tags": (
        "visible",
        f"its nodes carry workload, but {UNSEEN}{TAG}label/workload",
        "cluster.yaml:5",
    ),
    "two-gpus-on-a-single-gpu-type": (
        "count",
        "g5.xlarge has 1 nvidia.com/gpu, the pod asks for 2",
        "nodes.tf:6",
    ),
    "memory-above-allocatable": (
        "size",
        "the pod requests 15.00Gi memory, g5.xlarge leaves 14.55Gi after reserves and DaemonSets",
        "nodes.tf:6",
    ),
    "daemonsets-eat-the-cpu": (
        "size",
        "the pod requests 3500m CPU, g5.xlarge leaves 3270m after reserves and DaemonSets",
        "nodes.tf:6",
    ),
    "volume-in-another-zone": (
        "zone",
        "volume models is bound to us-east-1c, its nodes are in us-east-1a, us-east-1b",
        "app.yaml:38",
    ),
    "arm-image": (
        "arch",
        "image registry.example/worker:1.4.2-arm64 is built for arm64, g5.xlarge is amd64",
        "nodes.tf:6",
    ),
    "karpenter-limit-zero": (
        "limits",
        "its limit of 0 nvidia.com/gpu is less than one g5.xlarge has (1)",
        "pool.yaml:14",
    ),
    "pool-in-terraform": (
        "limits",
        "its limit of 0 nvidia.com/gpu is less than one g5.xlarge has (1)",
        "pools.tf:7",
    ),
    "spread-over-unknown-label": (
        "labels",
        "its nodes have no label rack, which a topology spread constraint needs",
        "nodes.tf:15",
    ),
    "pods-per-node": ("size", "DaemonSets take every pod that a g5.xlarge may run", "pool.yaml:21"),
    "karpenter-spot-taint": ("taints", "its taint spot=true:NoSchedule is not tolerated", "pool.yaml:9"),
    "karpenter-capacity-type": (
        "labels",
        "no node of it satisfies karpenter.sh/capacity-type=on-demand; its nodes have "
        "karpenter.sh/capacity-type=spot",
        "pool.yaml:10",
    ),
    "karpenter-other-family": (
        "labels",
        "no node of it satisfies karpenter.k8s.aws/instance-gpu-name=a10g; its nodes have "
        "karpenter.k8s.aws/instance-gpu-name=l4",
        "pool.yaml:10",
    ),
    "shared-gpu-unseen-at-zero": (
        "visible",
        "the pod asks for 1 nvidia.com/gpu.shared, which the Cluster Autoscaler cannot see: its Auto Scaling "
        f"group has no tag {TAG}resources/nvidia.com/gpu.shared",
        "nodes.tf:1",
    ),
    "shared-gpu-not-offered": (
        "gpu",
        "g5.xlarge offers nvidia.com/gpu, not nvidia.com/gpu.shared",
        "nodes.tf:6",
    ),
    "whole-gpu-renamed": ("gpu", "g5.xlarge offers nvidia.com/gpu.shared, not nvidia.com/gpu", "nodes.tf:6"),
    "ephemeral-storage-unseen-at-zero": (
        "visible",
        "the pod asks for 10.00Gi ephemeral-storage, which the Cluster Autoscaler cannot see: its Auto Scaling "
        f"group has no tag {TAG}resources/ephemeral-storage",
        "nodes.tf:1",
    ),
    "size-of-group-zero": ("limits", "its maximum is 0 nodes", "nodes.tf:12"),
}

UNKNOWN = {
    "memory-at-the-edge": "the pod requests 14.00Gi memory, g5.xlarge leaves between 13.83Gi and 14.55Gi: it "
    "depends on the image and kernel of the node",
    "volume-in-one-of-two-zones": "volume models is bound to us-east-1b and gpu spans us-east-1a, us-east-1b: the "
    "Cluster Autoscaler takes one zone for an empty group",
    "named-pool-elsewhere": "the pod names node group inference-l40s, which is not declared here",
    "neuron-pool-only": "no node group with nvidia.com/gpu is declared here",
    "unknown-type": "variable without a value: var.type",
}


@pytest.mark.parametrize("name", FITS)
def test_names_the_group_that_fits(name: str) -> None:
    fact = Scenario(name).fact("scale_from_zero")
    assert fact["ok"] is True
    assert fact["explanation"] == FITS[name]


@pytest.mark.parametrize("name", FAILS)
def test_names_the_requirement_that_fails_and_where_it_stands(name: str) -> None:
    kind, requirement, line = FAILS[name]
    scenario = Scenario(name)
    fact = scenario.fact("scale_from_zero")
    assert fact["ok"] is False
    assert fact["explanation"] == CLOSEST + requirement
    assert fact["closest"]["kind"] == kind
    assert scenario.lines(fact["closest"]["refs"]) == [line]


@pytest.mark.parametrize("name", UNKNOWN)
def test_says_why_it_cannot_be_told(name: str) -> None:
    fact = Scenario(name).fact("scale_from_zero")
    assert isinstance(fact["ok"], Unknown)
    assert fact["ok"].reason == UNKNOWN[name]


def test_without_a_gpu_group_names_the_configuration_line() -> None:
    fact = Scenario("no-gpu-group").fact("scale_from_zero")
    assert isinstance(fact, Unknown)
    assert fact.reason == "no node group with GPUs is declared in loose or in what it is tied to"
    assert 'terraform = "<path>" under [target."loose"] in auditor.toml' in fact.repair


def test_several_roots_leave_the_choice_to_the_configuration() -> None:
    fact = Scenario("two-clusters").fact("scale_from_zero")
    assert isinstance(fact, Unknown)
    assert fact.repair.endswith(
        """write [target.loose] manifests = ["loose"] terraform = "dev" (or 'prod')"""
    )


@pytest.mark.parametrize("name", ["no-gpu-group", "two-clusters", "two-eksctl-clusters"])
def test_policies_on_single_requirements_leave_the_open_question_to_one_row(name: str) -> None:
    fact = Scenario(name).fact("node_fit")
    assert (fact["groups"], fact["matched"]) == (0, [])
    assert isinstance(fact["tolerated"]["ok"], Unknown)


def test_groups_of_several_clusters_leave_the_choice_to_the_configuration() -> None:
    fact = Scenario("two-eksctl-clusters").fact("scale_from_zero")
    assert isinstance(fact, Unknown)
    assert fact.reason == "node groups of 2 clusters are declared in loose and what it is tied to"
    assert fact.repair == (
        'say what runs where: manifests = ["<folder>"] under a [target.<name>] of its own for each of dev, prod '
        "in auditor.toml"
    )


def test_a_name_that_is_nearly_right_is_a_slip_of_the_pen() -> None:
    fact = Scenario("named-pool-misspelt").fact("scale_from_zero")
    assert fact["ok"] is False
    assert fact["explanation"] == (
        'no node group can start a node for it; closest is "inference-gpu": no node of it satisfies '
        "karpenter.sh/nodepool=inference-gpus; its nodes have karpenter.sh/nodepool=inference-gpu"
    )


def test_every_group_is_listed_with_what_it_lacks() -> None:
    rows = Scenario("two-groups-one-fits").fact("scale_from_zero")["groups"]
    assert [(row["name"], row["ok"]) for row in rows] == [("small", False), ("large", True)]
    assert rows[0]["why"].startswith(
        "g4dn.xlarge has 1 nvidia.com/gpu, the pod asks for 4; the pod requests 16000m"
    )
