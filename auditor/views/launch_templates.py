"""What a launch template gives its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.nodegroups_form import Draft, empty, kubelet_flags, merged
from auditor.views.terraform_values import block, blocks, get, readable, referenced

if TYPE_CHECKING:
    from auditor.world import World


def launch_template(world: World, near: Resource, body: Any) -> Resource | Unknown | None:
    """The ``aws_launch_template`` that ``launch_template { id | name }`` names.

    Unknown when one is named that is not declared here; None when none is named.
    """
    stated = block(body, "launch_template")
    if isinstance(stated, Unknown):
        return stated
    if not stated:
        return None
    for field in ("id", "name", "version"):
        found = referenced(world, near, stated.get(field), "aws_launch_template")
        if found is not None:
            return found
    name = stated.get("name")
    for each in world.at_hand("terraform", "aws_launch_template"):
        if isinstance(name, str) and each.body.get("name") == name:
            return each
    missing = Unknown("the launch template is not declared here", "audit a plan, or declare it in this root")
    return world.unseen("terraform", "aws_launch_template") or missing


def apply_template(draft: Draft, template: Resource) -> None:
    """Instance type, disk, labels and taints that the template sets and the group does not."""
    body = template.body
    if empty(draft.value["instance_types"]) and "instance_type" in body:
        draft.put("instance_types", [body["instance_type"]], ("instance_type",), template)
    _disk(draft, template)
    for block_name in ("placement", "capacity_reservation_specification"):
        if block_name in body:
            draft.value["pinned"] = block_name
    interfaces = blocks(body, "network_interfaces")
    if type(interfaces) is list and any(_is_efa(each) for each in interfaces):
        draft.value["pinned"] = "EFA"
    text = readable(body.get("user_data"))
    labels, taints = kubelet_flags(text)
    if labels and type(draft.value["labels"]) is dict:
        draft.put("labels", merged(labels, draft.value["labels"]), ("user_data",), template)
        draft.value["script_labels"] = sorted(labels)
    if taints and type(draft.value["taints"]) is list:
        draft.put("taints", [*draft.value["taints"], *taints], ("user_data",), template)
    spot = get(block(body, "instance_market_options"), "market_type")
    if isinstance(spot, str) and spot == "spot":
        draft.put("capacity_type", "SPOT", ("instance_market_options",), template)


def _is_efa(interface: dict[str, Any]) -> bool:
    kind = interface.get("interface_type")
    return isinstance(kind, str) and kind.startswith("efa")


def _disk(draft: Draft, template: Resource) -> None:
    ebs = block(block(template.body, "block_device_mappings"), "ebs")
    size = get(ebs, "volume_size")
    if size is not None:
        path: Path = ("block_device_mappings", 0, "ebs", 0, "volume_size")
        draft.put("disk_gib", size, path, template)
