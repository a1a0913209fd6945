"""Tags of Auto Scaling groups that Terraform sets in resources of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.nodegroups_form import Draft
from auditor.views.terraform_values import blocks, targets_of

if TYPE_CHECKING:
    from auditor.world import World


class AsgTag(NamedTuple):
    """One ``aws_autoscaling_group_tag``: the groups it names (none when that is unknown) and the tag."""

    owner: Resource
    groups: tuple[tuple[str, str], ...]
    key: Any
    value: Any


def add_asg_tags(draft: Draft, world: World, address: str, hint: str = "") -> None:
    """Tags from ``aws_autoscaling_group_tag`` resources that name the group at ``address``.

    ``hint`` is the key of the group where ``address`` (a module) declares several.
    """
    tags = dict(draft.value["asg_tags"]) if type(draft.value["asg_tags"]) is dict else {}
    for tag in _tags(world, draft.resource):
        if not tag.groups or not isinstance(tag.key, str):
            draft.value["asg_tags_complete"] = False
        elif any(_names(group, address, hint) for group in tag.groups):
            tags[tag.key] = tag.value
            draft.elsewhere[("asg_tags", tag.key)] = (tag.owner, ("tag",))
    draft.value["asg_tags"] = tags


def _names(group: tuple[str, str], address: str, hint: str) -> bool:
    target, attribute = group
    if target != address and not target.startswith(address + "."):
        return False
    return not hint or '["' not in attribute or f'["{hint}"]' in attribute


def _tags(world: World, near: Resource) -> list[AsgTag]:
    found = []
    for owner in world.kind("terraform", "aws_autoscaling_group_tag"):
        if world.at_address(near, owner.name) is not owner:
            continue
        groups = tuple(targets_of(owner.body.get("autoscaling_group_name")))
        listed = blocks(owner.body, "tag")
        if isinstance(listed, Unknown):
            found.append(AsgTag(owner, (), listed, listed))
            continue
        found += [AsgTag(owner, groups, each.get("key"), each.get("value", "")) for each in listed]
    return found
