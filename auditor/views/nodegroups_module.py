"""Inputs of terraform-aws-modules/eks (versions 18 to 21) and of its node group submodules as node groups.

A call whose own resources are listed too (a copy of the module in the repository) is left to those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_eks import DEFAULT_TYPE, add_eks_labels, add_eks_tags
from auditor.views.nodegroups_form import Draft, empty, kubelet_flags, merged, strings, taint, text_map
from auditor.views.nodegroups_tags import add_asg_tags
from auditor.views.terraform_values import get, readable

if TYPE_CHECKING:
    from auditor.world import World

MODULE_SOURCE = regex(
    r"(?:^|[/.])terraform-aws-modules/(?:terraform-aws-)?eks(?:/aws|\.git|$|//|\?)", re.IGNORECASE
)
_SINGLE = {"eks-managed-node-group": "eks-managed", "self-managed-node-group": "self-managed"}
_MAPS = (
    ("eks_managed_node_groups", "eks_managed_node_group_defaults", "eks-managed"),
    ("self_managed_node_groups", "self_managed_node_group_defaults", "self-managed"),
)
_SCRIPTS = (
    "bootstrap_extra_args",
    "pre_bootstrap_user_data",
    "post_bootstrap_user_data",
    "user_data",
    "cloudinit_pre_nodeadm",
    "cloudinit_post_nodeadm",
)
_SIZES = (("min", "min_size", 1), ("max", "max_size", 3), ("desired", "desired_size", 1))
"""Field, input and the module's default."""


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """Every group that the call declares; nothing for calls of other modules."""
    body = resource.body
    source = body.get("source")
    if not isinstance(source, str) or body.get("expanded") is True:
        return
    if MODULE_SOURCE.search(source) is None:
        return
    single = next((kind for name, kind in _SINGLE.items() if f"//modules/{name}" in source), None)
    if single is not None:
        yield _group(_Inputs(resource, (), body, {}, ()), world, single, "")
    elif "//modules/" not in source:
        yield from _groups(resource, world)


def _groups(resource: Resource, world: World) -> Iterator[Instance]:
    body = resource.body
    for field, defaults_field, provider in _MAPS:
        listed = body.get(field)
        defaults = body.get(defaults_field)
        if isinstance(listed, Unknown):
            yield _opaque(resource, field, provider, listed)
            continue
        for key, group in (listed if type(listed) is dict else {}).items():
            if get(group, "create") is False:
                continue
            inputs = _Inputs(
                resource, (field, key), group, defaults if type(defaults) is dict else {}, (defaults_field,)
            )
            yield _group(inputs, world, provider, key)


class _Inputs:
    """Inputs of one group: its own, then the call's defaults, each with its place."""

    def __init__(self, resource: Resource, own: Path, group: Any, defaults: Any, default: Path) -> None:
        self.resource, self.own, self.group = resource, own, group
        self.defaults, self.default = defaults, default

    def find(self, name: str) -> tuple[Any, Path]:
        """The value and where it stands; None where it would stand in the group when nobody sets it."""
        if isinstance(self.group, Unknown):
            return self.group, self.own
        if type(self.group) is dict and self.group.get(name) is not None:
            return self.group[name], (*self.own, name)
        if self.defaults.get(name) is not None:
            return self.defaults[name], (*self.default, name)
        return None, (*self.own, name)


def _opaque(resource: Resource, field: str, provider: str, why: Unknown) -> Instance:
    """One group that stands for those that are not known."""
    draft = Draft(resource, (field,), provider, "eks-module")
    for name in ("name", "instance_types", "min", "max", "labels", "taints", "asg_tags", "capacity_type"):
        draft.put(name, why, (field,))
    return draft.finish()


def _group(inputs: _Inputs, world: World, provider: str, key: str) -> Instance:
    draft = Draft(inputs.resource, inputs.own, provider, "eks-module")
    name, at = inputs.find("name")
    draft.put("name", key if name is None else name, at)
    _cluster(draft, inputs.resource.body)
    for field, given, default in _SIZES:
        value, at = inputs.find(given)
        draft.put(field, default if value is None else value, at)
    for field, given, fallback in (
        ("ami_type", "ami_type", ""),
        ("capacity_type", "capacity_type", "ON_DEMAND"),
    ):
        value, at = inputs.find(given)
        draft.put(field, fallback if value is None else value, at)
    value, at = inputs.find("subnet_ids")
    draft.put("subnets", strings(value if value is not None else inputs.resource.body.get("subnet_ids")), at)
    _types(draft, inputs)
    _labels_and_taints(draft, inputs, provider)
    _disk(draft, inputs)
    for name in (
        "enable_efa_support",
        "create_placement_group",
        "capacity_reservation_specification",
        "placement",
    ):
        value, _ = inputs.find(name)
        if value is not None and value is not False:
            draft.value["pinned"] = name
    _tags(draft, inputs, world, provider, key)
    return draft.finish()


def _cluster(draft: Draft, body: Any) -> None:
    for name in ("cluster_name", "name"):
        if name in body and (name == "cluster_name" or draft.moved[()] != ()):
            draft.put("cluster", body[name], (name,))
            return


def _types(draft: Draft, inputs: _Inputs) -> None:
    several, at = inputs.find("instance_types")
    one, one_at = inputs.find("instance_type")
    if several is not None and not empty(several):
        draft.put("instance_types", strings(several), at)
    elif one is not None:
        draft.put("instance_types", [one], one_at)
    else:
        _policy_types(draft, inputs)


def _policy_types(draft: Draft, inputs: _Inputs) -> None:
    policy, at = inputs.find("mixed_instances_policy")
    overrides = get(get(policy, "launch_template"), "override", get(policy, "override"))
    if type(overrides) is list and overrides:
        draft.put("instance_types", [get(each, "instance_type", "") for each in overrides], at)
        return
    requirements, at = inputs.find("instance_requirements")
    if requirements is not None:
        unknown = Unknown("instance types are chosen by requirements at launch", "name instance types")
        draft.put("instance_types", unknown, at)
    elif draft.value["provider"] == "eks-managed":
        draft.value["instance_types"] = [DEFAULT_TYPE]
    else:
        draft.value["instance_types"] = ["m6i.large"]


def _labels_and_taints(draft: Draft, inputs: _Inputs, provider: str) -> None:
    labels, at = inputs.find("labels")
    draft.put("labels", text_map(labels) if provider == "eks-managed" else {}, at)
    taints, at = inputs.find("taints")
    draft.put("taints", _taints(taints) if provider == "eks-managed" else [], at)
    for name in _SCRIPTS:
        value, at = inputs.find(name)
        own_labels, own_taints = kubelet_flags(_script(value))
        if own_labels and type(draft.value["labels"]) is dict:
            draft.put("labels", merged(draft.value["labels"], own_labels), at)
            draft.value["script_labels"] = sorted(own_labels)
        if own_taints and type(draft.value["taints"]) is list:
            draft.put("taints", [*draft.value["taints"], *own_taints], at)
    if provider == "eks-managed":
        add_eks_labels(draft)


def _script(value: Any) -> str:
    if type(value) is list:
        return "\n".join(readable(get(each, "content")) for each in value)
    return readable(value)


def _taints(listed: Any) -> Any:
    """A list (version 18) or a map (19 and later) of ``{key, value, effect}``."""
    if isinstance(listed, Unknown):
        return listed
    items = list(listed.values()) if type(listed) is dict else listed if type(listed) is list else []
    found: list[Any] = []
    for each in items:
        if isinstance(each, Unknown):
            return each
        if type(each) is dict:
            found.append(taint(each.get("key"), each.get("value"), each.get("effect")))
    return found


def _disk(draft: Draft, inputs: _Inputs) -> None:
    mappings, at = inputs.find("block_device_mappings")
    items = mappings.values() if type(mappings) is dict else mappings if type(mappings) is list else ()
    for each in items:
        size = get(get(each, "ebs"), "volume_size")
        if size is not None:
            draft.put("disk_gib", size, at)
            return
    size, at = inputs.find("disk_size")
    if size is not None:
        draft.put("disk_gib", size, at)


def _tags(draft: Draft, inputs: _Inputs, world: World, provider: str, key: str) -> None:
    shared = inputs.resource.body.get("tags")
    own, at = inputs.find("tags")
    tags = merged(text_map(shared), text_map(own))
    draft.put("tags", tags, at)
    if provider == "self-managed":
        extra, extra_at = inputs.find("autoscaling_group_tags")
        joined = merged(tags, text_map(extra))
        draft.put("asg_tags", {} if isinstance(joined, Unknown) else joined, extra_at if extra else at)
        draft.value["asg_tags_complete"] = not isinstance(joined, Unknown)
    add_asg_tags(draft, world, inputs.resource.name, key)
    if provider == "eks-managed":
        add_eks_tags(draft)
