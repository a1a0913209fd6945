"""Node groups of every spelling in one form, each field at its place."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.data.instances import instance
from auditor.unknown import Unknown
from auditor.views.expressions import expression_holds
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import kubelet_flags
from auditor.views.nodegroups_karpenter import candidates, type_labels
from tests.unit.scenarios import Scenario


@pytest.fixture(scope="module")
def groups() -> dict[str, Instance]:
    scenario = Scenario("node-group-spellings")
    world, _ = scenario.resource("module", "module.eks")
    return {group.value["name"]: group for group in world.instances("NodeGroup")}


def place(group: Instance, *path: Any) -> int:
    resource, at = group.other_end(path) or (group.resource, group.source_path(path))
    span = resource.origin.locate(at).span
    return span.line if span else 0


def test_every_group_is_found_once_and_nothing_else(groups: dict[str, Instance]) -> None:
    assert sorted(groups) == ["by_map", "extra", "listed", "own", "templated"]
    assert {name: group.value["provider"] for name, group in groups.items()} == {
        "by_map": "eks-managed",
        "extra": "eks-managed",
        "listed": "eks-managed",
        "own": "self-managed",
        "templated": "eks-managed",
    }


def test_defaults_of_the_call_fill_what_a_group_leaves_open(groups: dict[str, Instance]) -> None:
    value = groups["by_map"].value
    assert value["instance_types"] == ["g5.xlarge"]
    assert value["labels"]["team"] == "imaging"
    assert (value["min"], value["max"], value["desired"]) == (0, 4, 1)
    assert (value["capacity_type"], value["spot"], value["disk_gib"]) == ("SPOT", True, 200)
    assert place(groups["by_map"], "instance_types") == 13
    assert place(groups["by_map"], "min") == 20


def test_taints_as_map_and_as_list_are_spelled_as_kubernetes_does(groups: dict[str, Instance]) -> None:
    assert groups["by_map"].value["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    ]
    assert groups["listed"].value["taints"] == [{"key": "spot", "value": "", "effect": "PreferNoSchedule"}]
    assert place(groups["by_map"], "taints") == 23


def test_eks_adds_its_labels_and_discovery_tags(groups: dict[str, Instance]) -> None:
    value = groups["listed"].value
    assert value["labels"]["eks.amazonaws.com/nodegroup"] == "listed"
    assert value["labels"]["eks.amazonaws.com/capacityType"] == "ON_DEMAND"
    assert value["asg_tags"]["k8s.io/cluster-autoscaler/inference"] == "owned"


def test_accelerators_come_from_the_template_type(groups: dict[str, Instance]) -> None:
    assert groups["listed"].value["gpu"] == {
        "count": 1,
        "model": "L4",
        "vram_mib": 22888,
        "resource": "nvidia.com/gpu",
        "mig_capable": False,
    }
    assert groups["extra"].value["gpu"]["model"] == "T4"


def test_a_launch_template_gives_type_disk_and_labels_and_is_shown(groups: dict[str, Instance]) -> None:
    value = groups["templated"].value
    assert value["instance_types"] == ["g5.2xlarge"]
    assert value["disk_gib"] == 300
    assert value["labels"]["workload"] == "gpu"
    assert value["script_labels"] == ["workload"]
    assert place(groups["templated"], "instance_types") == 66
    assert place(groups["templated"], "gpu", "count") == 66


def test_zones_of_declared_subnets_are_known(groups: dict[str, Instance]) -> None:
    from auditor.facts.node_template import NodeTemplate

    world, _ = Scenario("node-group-spellings").resource("module", "module.eks")
    templated = next(each for each in world.instances("NodeGroup") if each.value["name"] == "templated")
    assert NodeTemplate(world, templated, []).zones() == ["us-east-1a"]


def test_self_managed_groups_read_overrides_tags_and_scripts() -> None:
    scenario = Scenario("node-group-spellings")
    world, module = scenario.resource("module", "module.eks")
    own = next(each for each in world.instances_of("NodeGroup", module) if each.value["name"] == "own").value
    assert own["labels"] == {"workload": "training", "team": "ml"}
    assert own["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert own["template"]["labels"] == {"workload": "training"}
    assert own["template"]["taints"][0]["effect"] == "NoSchedule"
    assert (own["gpu"]["count"], own["gpu"]["model"], own["pinned"]) == (8, "A100", "enable_efa_support")
    world, asg = scenario.resource("aws_autoscaling_group", "aws_autoscaling_group.own")
    value = world.instances_of("NodeGroup", asg)[0].value
    assert value["instance_types"] == ["g5.4xlarge", "g6.4xlarge"]
    assert value["cluster"] == "inference"


def test_kubelet_flags_are_read_up_to_what_is_not_known() -> None:
    labels, taints = kubelet_flags(
        "--node-labels=a=1,b=\0 --register-with-taints=x=y:NoSchedule,bare:NoExecute,broken"
    )
    assert labels == {"a": "1", "b": ""}
    assert [(each["key"], each["value"], each["effect"]) for each in taints] == [
        ("x", "y", "NoSchedule"),
        ("bare", "", "NoExecute"),
    ]


def requirement(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


def test_requirements_choose_instance_types() -> None:
    found = candidates(
        [
            requirement("karpenter.k8s.aws/instance-family", "In", "g5", "g6"),
            requirement("karpenter.k8s.aws/instance-gpu-count", "Gt", "1"),
            requirement("karpenter.k8s.aws/instance-size", "NotIn", "metal"),
            requirement("karpenter.k8s.aws/instance-hypervisor", "In", "nitro"),
        ]
    )
    assert not isinstance(found, Unknown)
    assert sorted(found) == [
        f"{family}.{size}" for family in ("g5", "g6") for size in ("12xlarge", "24xlarge", "48xlarge")
    ]
    counts = [known.gpu_count for name in found if (known := instance(name))]
    assert counts == sorted(counts)


def test_auto_mode_spells_the_same_labels_with_its_own_prefix() -> None:
    assert candidates([requirement("eks.amazonaws.com/instance-family", "In", "p5")]) == candidates(
        [requirement("karpenter.k8s.aws/instance-family", "In", "p5")]
    )


def test_a_type_that_the_table_does_not_have_is_unknown() -> None:
    found = candidates([requirement("node.kubernetes.io/instance-type", "In", "g99.xlarge")])
    assert isinstance(found, Unknown)
    assert "g99.xlarge" in found.reason


def test_types_without_a_gpu_have_no_gpu_labels() -> None:
    cpu, gpu = instance("m6i.large"), instance("g5.12xlarge")
    assert cpu is not None and gpu is not None
    assert "karpenter.k8s.aws/instance-gpu-count" not in type_labels(cpu)
    assert type_labels(gpu)["karpenter.k8s.aws/instance-gpu-count"] == "4"
    assert type_labels(gpu)["karpenter.k8s.aws/instance-gpu-name"] == "a10g"


@pytest.mark.parametrize(
    ("values", "operator", "wanted", "holds"),
    [
        (["a"], "In", ["a", "b"], True),
        ([], "In", ["a"], False),
        (["a"], "NotIn", ["a"], False),
        ([], "NotIn", ["a"], True),
        ([], "Exists", [], False),
        (["x"], "Exists", [], True),
        ([], "DoesNotExist", [], True),
        (["5"], "Gt", ["4"], True),
        (["4"], "Gt", ["4"], False),
        (["3"], "Lt", ["4"], True),
        (["x"], "Gt", ["4"], False),
        (["5"], "Gt", [], False),
    ],
)
def test_node_selector_expressions(values: list[str], operator: str, wanted: list[str], holds: bool) -> None:
    assert expression_holds(values, {"operator": operator, "values": wanted}) is holds
