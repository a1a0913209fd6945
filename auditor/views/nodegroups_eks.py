"""``aws_eks_node_group`` with its launch template and the tags of its Auto Scaling group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.instance_types import told_by_ec2
from auditor.views.interface import Instance
from auditor.views.launch_templates import apply_template, launch_template
from auditor.views.nodegroups_form import Draft, empty, merged, strings, taint, text_map
from auditor.views.nodegroups_tags import add_asg_tags, running_group
from auditor.views.terraform_values import block, blocks, get

if TYPE_CHECKING:
    from auditor.world import World

DEFAULT_TYPE = "t3.medium"
"""What EKS takes when neither the group nor a launch template names a type (EKS API reference)."""


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """One group."""
    body = resource.body
    draft = Draft(resource, (), "eks-managed", "aws_eks_node_group")
    name = body.get("node_group_name", body.get("node_group_name_prefix", ""))
    draft.put("name", name, ("node_group_name",))
    draft.put("cluster", body.get("cluster_name", ""), ("cluster_name",))
    draft.put("ami_type", body.get("ami_type", ""), ("ami_type",))
    draft.put("capacity_type", body.get("capacity_type", "ON_DEMAND"), ("capacity_type",))
    draft.put("instance_types", strings(body.get("instance_types")), ("instance_types",))
    draft.put("disk_gib", body.get("disk_size", 20), ("disk_size",))
    draft.put("subnets", strings(body.get("subnet_ids")), ("subnet_ids",))
    draft.put("tags", text_map(body.get("tags")), ("tags",))
    put_sizes(draft, block(body, "scaling_config"))
    draft.put("labels", text_map(body.get("labels")), ("labels",))
    draft.put("taints", _taints(blocks(body, "taint")), ("taint",))
    template = launch_template(world, resource, body)
    if isinstance(template, Resource):
        apply_template(draft, template)
    elif isinstance(template, Unknown) and empty(draft.value["instance_types"]):
        draft.put("instance_types", template, ("launch_template",))
    if empty(draft.value["instance_types"]):
        draft.value["instance_types"] = [DEFAULT_TYPE]
    add_eks_labels(draft)
    if not running_group(draft, world):
        add_asg_tags(draft, world, resource.name)
        add_eks_tags(draft)
    yield told_by_ec2(draft.finish(), world)


def put_sizes(draft: Draft, sizes: Any) -> None:
    """``scaling_config``: min, max and desired."""
    for field, key in (("min", "min_size"), ("max", "max_size"), ("desired", "desired_size")):
        value = get(sizes, key)
        if value is not None:
            draft.put(field, value, ("scaling_config", 0, key))


def _taints(listed: Any) -> Any:
    if isinstance(listed, Unknown):
        return listed
    return [taint(each.get("key"), each.get("value"), each.get("effect")) for each in listed]


def add_eks_labels(draft: Draft) -> None:
    """Labels that EKS puts on the nodes of a managed group; its own labels win."""
    value = draft.value
    own = {
        "eks.amazonaws.com/nodegroup": value["name"],
        "eks.amazonaws.com/capacityType": value["capacity_type"],
    }
    value["labels"] = merged(own, value["labels"])


def add_eks_tags(draft: Draft) -> None:
    """Tags that EKS puts on the Auto Scaling group of a managed group, discovery tags among them.

    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
    """
    value = draft.value
    cluster = value["cluster"]
    own: dict[str, Any] = {"k8s.io/cluster-autoscaler/enabled": "true", "eks:nodegroup-name": value["name"]}
    if isinstance(cluster, str):
        own[f"k8s.io/cluster-autoscaler/{cluster}"] = "owned"
    value["asg_tags"] = merged(own, value["asg_tags"])
