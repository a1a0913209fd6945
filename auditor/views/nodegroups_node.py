"""Node objects: groups that run already. The nodes of one group look alike and are one instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import Draft, taint, text_map
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

GROUP_LABELS = (
    "eks.amazonaws.com/nodegroup",
    "karpenter.sh/nodepool",
    "alpha.eksctl.io/nodegroup-name",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
)
"""Labels that tell which group a node is of."""
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
STARTUP = "ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler", "node.kubernetes.io/"
"""Taints of the moment: they say nothing of the group."""


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """One group for the first of the nodes that are alike; nothing for the others."""
    if not _is_first(resource, world):
        return
    draft = Draft(resource, (), "node", "Node")
    labels = text_map(dig(resource.body, ("metadata", "labels")))
    draft.put("name", group_name(resource), ("metadata", "name"))
    draft.put("labels", labels, ("metadata", "labels"))
    kind = labels.get(INSTANCE_TYPE)
    draft.put("instance_types", [kind] if kind else [], ("metadata", "labels"))
    zone = labels.get("topology.kubernetes.io/zone")
    draft.put("zones", [zone] if zone else [], ("metadata", "labels"))
    taints = [taint(each.get("key"), each.get("value"), each.get("effect")) for each in taints_of(resource)]
    draft.put("taints", taints, ("spec", "taints"))
    for field in ("min", "max", "desired"):
        draft.put(field, 1)
    yield draft.finish()


def group_name(node: Resource) -> str:
    """The group's name as a label of the node says it; the node's own without one."""
    found = (node.labels.get(label) for label in GROUP_LABELS)
    return next((each for each in found if type(each) is str), node.name)


def taints_of(node: Resource) -> list[dict[str, Any]]:
    """The taints that a node keeps while it lives."""
    listed = dig(node.body, ("spec", "taints"))
    found = [each for each in (listed if type(listed) is list else ()) if type(each) is dict]
    return [each for each in found if not str(each.get("key")).startswith(STARTUP)]


def _is_first(node: Resource, world: World) -> bool:
    """Whether no node before it in the inventory is of the same group, type and taints."""
    if not any(label in node.labels for label in GROUP_LABELS):
        return True
    mine = _likeness(node)
    first = next((each for each in world.kind("", "Node") if _likeness(each) == mine), node)
    return first is node


def _likeness(node: Resource) -> tuple[Any, ...]:
    taints = sorted((str(each.get("key")), str(each.get("effect"))) for each in taints_of(node))
    return group_name(node), node.labels.get(INSTANCE_TYPE), taints
