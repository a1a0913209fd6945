"""A Node object: a group of one that runs already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.model import Resource
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import Draft, taint, text_map
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """One group."""
    del world
    draft = Draft(resource, (), "node", "Node")
    labels = text_map(dig(resource.body, ("metadata", "labels")))
    draft.put("name", resource.name, ("metadata", "name"))
    draft.put("labels", labels, ("metadata", "labels"))
    kind = labels.get("node.kubernetes.io/instance-type")
    draft.put("instance_types", [kind] if kind else [], ("metadata", "labels"))
    zone = labels.get("topology.kubernetes.io/zone")
    draft.put("zones", [zone] if zone else [], ("metadata", "labels"))
    listed = dig(resource.body, ("spec", "taints"))
    found = [each for each in (listed if type(listed) is list else ()) if type(each) is dict]
    taints = [taint(each.get("key"), each.get("value"), each.get("effect")) for each in found]
    draft.put("taints", taints, ("spec", "taints"))
    for field in ("min", "max", "desired"):
        draft.put(field, 1)
    yield draft.finish()
