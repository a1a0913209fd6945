"""eksctl's ClusterConfig: managedNodeGroups and nodeGroups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_eks import add_eks_labels, add_eks_tags
from auditor.views.nodegroups_form import TEMPLATE, Draft, merged, strings, taint, text_map
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

DEFAULT_TYPE = "m5.large"
DEFAULT_SIZE = 2
DEFAULT_DISK = 80
_LISTS = (("managedNodeGroups", "eks-managed"), ("nodeGroups", "self-managed"))


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """Every group of the file."""
    del world
    for field, provider in _LISTS:
        listed = resource.body.get(field)
        for index, group in enumerate(listed if type(listed) is list else ()):
            if type(group) is dict:
                yield _group(resource, (field, index), group, provider)


def _group(resource: Resource, where: Path, group: dict[str, Any], provider: str) -> Instance:
    draft = Draft(resource, where, provider, "eksctl")
    draft.put("name", group.get("name", ""), (*where, "name"))
    draft.put("cluster", dig(resource.body, ("metadata", "name")) or "", ("metadata", "name"))
    _sizes(draft, where, group)
    _types(draft, where, group, provider)
    for field, key, default in (
        ("ami_type", "amiFamily", ""),
        ("disk_gib", "volumeSize", DEFAULT_DISK),
        ("max_pods", "maxPodsPerNode", None),
    ):
        if key in group or default is not None:
            draft.put(field, group.get(key, default), (*where, key))
    zones = group.get("availabilityZones", resource.body.get("availabilityZones"))
    draft.put("zones", strings(zones), (*where, "availabilityZones"))
    draft.put("subnets", strings(group.get("subnets")), (*where, "subnets"))
    labels = text_map(group.get("labels"))
    draft.put("labels", labels, (*where, "labels"))
    draft.put("taints", _taints(group.get("taints")), (*where, "taints"))
    draft.put("tags", text_map(group.get("tags")), (*where, "tags"))
    for key in ("efaEnabled", "placement", "capacityReservation"):
        if key in group and group[key] is not False:
            draft.value["pinned"] = key
    _tags(draft, where, group, provider)
    _own_labels(draft, provider)
    return draft.finish()


def _sizes(draft: Draft, where: Path, group: dict[str, Any]) -> None:
    """eksctl takes for an absent size what the others say, and 2 when none says anything."""
    low, high, wanted = (group.get(key) for key in ("minSize", "maxSize", "desiredCapacity"))
    fallback = next((each for each in (wanted, low, high) if each is not None), DEFAULT_SIZE)
    draft.put("min", fallback if low is None else low, (*where, "minSize"))
    draft.put("max", fallback if high is None else high, (*where, "maxSize"))
    draft.put("desired", fallback if wanted is None else wanted, (*where, "desiredCapacity"))


def _types(draft: Draft, where: Path, group: dict[str, Any], provider: str) -> None:
    spread = dig(group, ("instancesDistribution", "instanceTypes"))
    spot = dig(group, ("instancesDistribution", "onDemandPercentageAboveBaseCapacity"))
    capacity = "SPOT" if group.get("spot") is True or (type(spot) is int and spot == 0) else "ON_DEMAND"
    draft.put("capacity_type", capacity, (*where, "spot"))
    if type(spread) is list and spread:
        draft.put("instance_types", spread, (*where, "instancesDistribution", "instanceTypes"))
    elif group.get("instanceTypes"):
        draft.put("instance_types", strings(group["instanceTypes"]), (*where, "instanceTypes"))
    elif group.get("instanceType") not in (None, "mixed"):
        draft.put("instance_types", [group["instanceType"]], (*where, "instanceType"))
    elif "instanceSelector" in group:
        unknown = Unknown("eksctl chooses the instance types by a selector", "name instanceTypes")
        draft.put("instance_types", unknown, (*where, "instanceSelector"))
    else:
        draft.value["instance_types"] = [DEFAULT_TYPE]
    del provider


def _taints(listed: Any) -> list[dict[str, Any]]:
    """A list of taints, or the older map ``key: "value:Effect"``."""
    if type(listed) is dict:
        parted = [(key, *str(text).rpartition(":")[::2]) for key, text in listed.items()]
        return [taint(key, value, effect) for key, value, effect in parted]
    return [
        taint(each.get("key"), each.get("value"), each.get("effect"))
        for each in (listed if type(listed) is list else ())
        if type(each) is dict
    ]


def _tags(draft: Draft, where: Path, group: dict[str, Any], provider: str) -> None:
    """What ends up on the Auto Scaling group: eksctl tags those of nodeGroups; ``propagateASGTags`` adds
    node-template tags for labels and taints to both kinds."""
    value = draft.value
    tags = dict(value["tags"]) if provider == "self-managed" and type(value["tags"]) is dict else {}
    if dig(group, ("iam", "withAddonPolicies", "autoScaler")) is True:
        tags["k8s.io/cluster-autoscaler/enabled"] = "true"
        if isinstance(value["cluster"], str):
            tags[f"k8s.io/cluster-autoscaler/{value['cluster']}"] = "owned"
    if group.get("propagateASGTags") is True:
        labels = value["labels"] if type(value["labels"]) is dict else {}
        tags |= {f"{TEMPLATE}label/{key}": text for key, text in labels.items()}
        for each in value["taints"]:
            if not any(isinstance(part, Unknown) for part in each.values()):
                tags[f"{TEMPLATE}taint/{each['key']}"] = f"{each['value']}:{each['effect']}"
    at = (*where, "tags") if provider == "self-managed" else (*where, "propagateASGTags")
    draft.put("asg_tags", tags, at)
    if provider == "eks-managed":
        add_eks_tags(draft)


def _own_labels(draft: Draft, provider: str) -> None:
    value = draft.value
    own = {
        "alpha.eksctl.io/cluster-name": value["cluster"],
        "alpha.eksctl.io/nodegroup-name": value["name"],
    }
    value["labels"] = merged(own, value["labels"])
    if provider == "eks-managed":
        add_eks_labels(draft)
