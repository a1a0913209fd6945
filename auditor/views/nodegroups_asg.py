"""``aws_autoscaling_group`` whose instances join a Kubernetes cluster by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.instance_types import told_by_ec2
from auditor.views.interface import Instance
from auditor.views.launch_templates import apply_template, launch_template
from auditor.views.nodegroups_form import TEMPLATE, Draft, empty, strings, text_map
from auditor.views.nodegroups_tags import add_asg_tags
from auditor.views.terraform_values import block, blocks, get, readable

if TYPE_CHECKING:
    from auditor.world import World

_BOOTSTRAP = ("bootstrap.sh", "nodeadm", "NodeConfig", "--node-labels", "kubelet")
_CLUSTER_TAG = "kubernetes.io/cluster/"
_OF_EKS = "eks:nodegroup-name"
_ENABLED = "k8s.io/cluster-autoscaler/"


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """One group, when something shows that its instances are Kubernetes nodes. EKS makes the ASGs of managed
    groups itself: those are shown as the node group's."""
    body = resource.body
    if of_eks(body):
        return
    draft = Draft(resource, (), "self-managed", "aws_autoscaling_group")
    draft.put("name", body.get("name", body.get("name_prefix", "")), ("name",))
    for field, key in (("min", "min_size"), ("max", "max_size"), ("desired", "desired_capacity")):
        if key in body:
            draft.put(field, body[key], (key,))
    draft.put("subnets", strings(body.get("vpc_zone_identifier")), ("vpc_zone_identifier",))
    draft.put("zones", strings(body.get("availability_zones")), ("availability_zones",))
    _own_tags(draft, body)
    add_asg_tags(draft, world, resource.name)
    policy = block(body, "mixed_instances_policy")
    _overrides(draft, policy)
    template = launch_template(world, resource, body)
    if template is None and type(policy) is dict and policy:
        template = _policy_template(world, resource, policy)
    if isinstance(template, Resource):
        apply_template(draft, template)
    elif empty(draft.value["instance_types"]):
        none = Unknown("the group names no launch template", "declare the launch template in this root")
        draft.value["instance_types"] = none if template is None else template
    if _joins_cluster(draft, template):
        _cluster(draft)
        yield told_by_ec2(draft.finish(), world)


def of_eks(body: Any) -> bool:
    """Whether EKS made the group for a managed node group."""
    listed = blocks(body, "tag")
    if isinstance(listed, Unknown):
        return False
    keys = (each.get("key") for each in listed)
    return any(type(key) is str and key == _OF_EKS for key in keys)


def _own_tags(draft: Draft, body: Any) -> None:
    listed = blocks(body, "tag")
    if isinstance(listed, Unknown):
        draft.value["asg_tags_complete"] = False
        listed = []
    tags = {each["key"]: each.get("value", "") for each in listed if isinstance(each.get("key"), str)}
    draft.put("asg_tags", text_map(tags), ("tag",))
    for index, each in enumerate(listed):
        if isinstance(each.get("key"), str):
            draft.moved[("asg_tags", each["key"])] = ("tag", index)


def _overrides(draft: Draft, policy: Any) -> None:
    overrides = (
        policy if isinstance(policy, Unknown) else blocks(block(policy, "launch_template"), "override")
    )
    if isinstance(overrides, Unknown):
        draft.put("instance_types", overrides, ("mixed_instances_policy",))
        return
    types = [each["instance_type"] for each in overrides if "instance_type" in each]
    if types:
        draft.put("instance_types", types, ("mixed_instances_policy", 0, "launch_template", 0, "override"))
    spot = get(block(policy, "instances_distribution"), "on_demand_percentage_above_base_capacity")
    if isinstance(spot, int | float) and spot == 0:
        draft.put("capacity_type", "SPOT", ("mixed_instances_policy",))


def _policy_template(world: World, resource: Resource, policy: Any) -> Resource | Unknown | None:
    stated = block(block(policy, "launch_template"), "launch_template_specification")
    if isinstance(stated, Unknown):
        return stated
    given = {"id": stated.get("launch_template_id"), "name": stated.get("launch_template_name")}
    return launch_template(world, resource, {"launch_template": [given]})


def _joins_cluster(draft: Draft, template: Resource | Unknown | None) -> bool:
    if any(key.startswith((_CLUSTER_TAG, _ENABLED)) for key in draft.value["asg_tags"]):
        return True
    text = readable(template.body.get("user_data")) if isinstance(template, Resource) else ""
    return any(word in text for word in _BOOTSTRAP)


def _cluster(draft: Draft) -> None:
    for key in draft.value["asg_tags"]:
        name = key.removeprefix(_CLUSTER_TAG if key.startswith(_CLUSTER_TAG) else _ENABLED)
        if name != key and name != "enabled" and not key.startswith(TEMPLATE):
            draft.put("cluster", name, ("tag",))
            return
