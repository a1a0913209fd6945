"""Tags of Auto Scaling groups that Terraform sets in resources of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.nodegroups_form import Draft
from auditor.views.terraform_values import block, blocks, targets_of

if TYPE_CHECKING:
    from auditor.world import World


GROUP = "aws_autoscaling_group"


class AsgTag(NamedTuple):
    """One ``aws_autoscaling_group_tag``: the groups it names by reference or by ``name``, and the tag."""

    owner: Resource
    groups: tuple[tuple[str, str], ...]
    name: str
    key: Any
    value: Any


def add_asg_tags(draft: Draft, world: World, address: str, hint: str = "") -> None:
    """Tags from ``aws_autoscaling_group_tag`` resources that name the group at ``address``.

    ``hint`` is the key of the group where ``address`` (a module) declares several.
    """
    tags = dict(draft.value["asg_tags"]) if type(draft.value["asg_tags"]) is dict else {}
    own = own_group(draft.resource.body)
    for tag in _tags(world, draft.resource):
        if not (tag.groups or (tag.name and own)) or not isinstance(tag.key, str):
            draft.value["asg_tags_complete"] = False
        elif (own and tag.name == own) or any(_names(group, address, hint) for group in tag.groups):
            tags[tag.key] = tag.value
            draft.elsewhere[("asg_tags", tag.key)] = (tag.owner, ("tag",))
    draft.value["asg_tags"] = tags


def own_group(body: Any) -> str:
    """The name of the Auto Scaling group that EKS made for a node group; '' before there is one."""
    name = block(block(body, "resources"), "autoscaling_groups").get("name", "") if type(body) is dict else ""
    return name if type(name) is str else ""


def running_group(draft: Draft, world: World) -> bool:
    """Take the tags that the Auto Scaling group of a running node group really has; false where there is none.

    Where groups could not be read, what the tags are is not known.
    """
    name = own_group(draft.resource.body)
    for each in world.at_hand("terraform", GROUP) if name else ():
        if each.body.get("name") == name:
            listed = blocks(each.body, "tag")
            found = {row["key"]: row.get("value", "") for row in listed if type(row.get("key")) is str}
            draft.put("asg_tags", found, ("tag",), each)
            return True
    why = world.unseen("terraform", GROUP) if name else None
    if why is not None:
        draft.value["asg_tags"] = why
    return why is not None


def _names(group: tuple[str, str], address: str, hint: str) -> bool:
    target, attribute = group
    if target != address and not target.startswith(address + "."):
        return False
    return not hint or '["' not in attribute or f'["{hint}"]' in attribute


def _tags(world: World, near: Resource) -> list[AsgTag]:
    found = []
    for owner in world.at_hand("terraform", "aws_autoscaling_group_tag"):
        if world.at_address(near, owner.name) is not owner:
            continue
        stated = owner.body.get("autoscaling_group_name")
        groups, name = tuple(targets_of(stated)), stated if type(stated) is str else ""
        listed = blocks(owner.body, "tag")
        if isinstance(listed, Unknown):
            found.append(AsgTag(owner, (), "", listed, listed))
            continue
        found += [AsgTag(owner, groups, name, each.get("key"), each.get("value", "")) for each in listed]
    return found
