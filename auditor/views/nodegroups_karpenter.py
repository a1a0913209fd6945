"""Karpenter's NodePool: the instance types that its requirements leave, and what its nodes carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.data.instances import InstanceType, all_instances
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import Draft, taint, text_map
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

TEMPLATE: Path = ("spec", "template", "spec")
REQUIREMENTS: Path = (*TEMPLATE, "requirements")
ZONE = "topology.kubernetes.io/zone"
CAPACITY = "karpenter.sh/capacity-type"
ARCH = "kubernetes.io/arch"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
_SERIES = re.compile(r"^([a-z]+)(?:-[0-9]+tb)?([0-9]+)")


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """One group a pool."""
    draft = Draft(resource, (), "karpenter", "NodePool")
    spec = resource.body.get("spec")
    spec = spec if type(spec) is dict else {}
    listed = dig(resource.body, REQUIREMENTS)
    requirements = [each for each in (listed if type(listed) is list else ()) if type(each) is dict]
    draft.put("name", resource.name, ("metadata", "name"))
    draft.put("requirements", requirements, REQUIREMENTS)
    draft.put("instance_types", candidates(requirements), REQUIREMENTS)
    _placement(draft, requirements)
    own = {"karpenter.sh/nodepool": resource.name}
    labels = text_map(dig(resource.body, ("spec", "template", "metadata", "labels")))
    draft.put("labels", own | _fixed(requirements) | labels, ("spec", "template", "metadata", "labels"))
    draft.put("taints", _taints(dig(resource.body, (*TEMPLATE, "taints"))), (*TEMPLATE, "taints"))
    replicas = spec.get("replicas", 0)
    draft.put("min", replicas, ("spec", "replicas"))
    draft.put("static", "replicas" in spec, ("spec", "replicas"))
    draft.put("limits", spec.get("limits") if type(spec.get("limits")) is dict else {}, ("spec", "limits"))
    disruption = spec.get("disruption")
    draft.put("disruption", disruption if type(disruption) is dict else {}, ("spec", "disruption"))
    _node_class(draft, world)
    yield draft.finish()


def _placement(draft: Draft, requirements: list[dict[str, Any]]) -> None:
    capacity = allowed(requirements, CAPACITY, ["on-demand", "spot"])
    draft.put("capacity_type", "SPOT" if capacity == ["spot"] else "ON_DEMAND", REQUIREMENTS)
    zones = [each for each in requirements if each.get("key") == ZONE and each.get("operator") == "In"]
    draft.put("zones", list(zones[0].get("values") or []) if zones else [], REQUIREMENTS)


def _taints(listed: Any) -> list[dict[str, Any]]:
    return [
        taint(each.get("key"), each.get("value"), each.get("effect"))
        for each in (listed if type(listed) is list else ())
        if type(each) is dict
    ]


def _fixed(requirements: list[dict[str, Any]]) -> dict[str, str]:
    """Requirements with one value are labels of every node."""
    return {
        str(each.get("key")): str(each["values"][0])
        for each in requirements
        if each.get("operator") == "In" and type(each.get("values")) is list and len(each["values"]) == 1
    }


def _node_class(draft: Draft, world: World) -> None:
    """Root volume and image of the EC2NodeClass, when it is declared here."""
    name = dig(draft.resource.body, (*TEMPLATE, "nodeClassRef", "name"))
    for each in world.kind("karpenter.k8s.aws", "EC2NodeClass"):
        if each.name != name:
            continue
        family = dig(each.body, ("spec", "amiFamily"))
        draft.put("ami_type", family if isinstance(family, str) else "", ("spec", "amiFamily"), each)
        shared = dig(each.body, ("spec", "instanceStorePolicy")) == "RAID0"
        draft.put("ephemeral_shared", shared, ("spec", "instanceStorePolicy"), each)
        limit = dig(each.body, ("spec", "kubelet", "maxPods"))
        if limit is not None:
            draft.put("max_pods", limit, ("spec", "kubelet", "maxPods"), each)
        size = _volume_gib(dig(each.body, ("spec", "blockDeviceMappings")))
        if size is not None:
            draft.put("disk_gib", size, ("spec", "blockDeviceMappings"), each)


def _volume_gib(mappings: Any) -> int | None:
    from auditor.quantity import QuantityError, parse_quantity

    for each in mappings if type(mappings) is list else ():
        size = dig(each, ("ebs", "volumeSize"))
        if isinstance(size, str):
            try:
                return int(parse_quantity(size) / 2**30)
            except QuantityError:
                return None
    return None


def candidates(requirements: list[dict[str, Any]]) -> list[str] | Unknown:
    """Instance types of the table that satisfy the requirements, smallest first.

    Requirements on labels that the table cannot answer (hypervisor, EBS bandwidth …) are taken as satisfied.
    Unknown when a named type is not in the table and nothing else is left.
    """
    found = [each for each in all_instances() if _satisfies(each, requirements)]
    if found:
        found.sort(key=lambda each: (each.gpu_count, each.vcpu, each.memory_mib, each.name))
        return [each.name for each in found]
    named = [
        str(value)
        for each in requirements
        if each.get("key") == INSTANCE_TYPE and type(each.get("values")) is list
        for value in each["values"]
    ]
    if named:
        return Unknown(f"no instance type of the table meets the requirements ({', '.join(named)})")
    return []


def _satisfies(found: InstanceType, requirements: list[dict[str, Any]]) -> bool:
    labels = type_labels(found)
    for each in requirements:
        key = canonical(str(each.get("key")))
        if key in labels or key in KNOWN_KEYS:
            value = labels.get(key)
            if not expression_holds([] if value is None else [value], each):
                return False
    return True


def canonical(key: str) -> str:
    """EKS Auto Mode's spelling of instance labels → Karpenter's."""
    return key.replace("eks.amazonaws.com/instance-", "karpenter.k8s.aws/instance-")


KNOWN_KEYS = frozenset(
    f"karpenter.k8s.aws/instance-{name}"
    for name in ("gpu-count", "gpu-name", "gpu-manufacturer", "gpu-memory", "accelerator-count", "local-nvme")
)
"""Labels that a type has or has not: their absence counts."""


@cache
def type_labels(found: InstanceType) -> dict[str, str]:
    """Labels that follow from the instance type.

    https://karpenter.sh/docs/concepts/scheduling/#well-known-labels
    """
    family, _, size = found.name.partition(".")
    series = _SERIES.match(family)
    own = "karpenter.k8s.aws/instance-"
    labels = {
        INSTANCE_TYPE: found.name,
        "beta.kubernetes.io/instance-type": found.name,
        ARCH: found.arch,
        "beta.kubernetes.io/arch": found.arch,
        "kubernetes.io/os": "linux",
        own + "family": family,
        own + "size": size,
        own + "category": series[1] if series else family,
        own + "generation": series[2] if series else "",
        own + "cpu": str(found.vcpu),
        own + "memory": str(found.memory_mib),
    }
    if found.gpus:
        gpu = found.gpus[0]
        labels |= {
            own + "gpu-count": str(found.gpu_count),
            own + "gpu-name": gpu.model.lower().replace(" ", "-"),
            own + "gpu-manufacturer": gpu.manufacturer.lower(),
            own + "gpu-memory": str(gpu.memory_mib),
        }
    if found.neurons:
        labels[own + "accelerator-count"] = str(sum(each.devices for each in found.neurons))
    if found.nvme_gb:
        labels[own + "local-nvme"] = str(found.nvme_gb)
    return labels


def allowed(requirements: list[dict[str, Any]], key: str, universe: list[str]) -> list[str]:
    """The values of a label that requirements leave, of those there can be."""
    mine = [each for each in requirements if each.get("key") == key]
    return [value for value in universe if all(expression_holds([value], each) for each in mine)]


def expression_holds(values: list[str], expression: dict[str, Any]) -> bool:
    """Whether one of ``values`` satisfies a node selector expression; [] is an absent label."""
    operator = expression.get("operator")
    listed = expression.get("values")
    wanted = [str(each) for each in listed] if type(listed) is list else []
    if operator == "Exists":
        return bool(values)
    if operator == "DoesNotExist":
        return not values
    if operator == "NotIn":
        return not values or any(value not in wanted for value in values)
    if operator == "In":
        return any(value in wanted for value in values)
    return any(_compares(value, operator, wanted) for value in values)


def _compares(value: str, operator: Any, wanted: list[str]) -> bool:
    try:
        number, bound = int(value), int(wanted[0])
    except (ValueError, IndexError):
        return False
    return {"Gt": number > bound, "Lt": number < bound, "Gte": number >= bound, "Lte": number <= bound}.get(
        str(operator), False
    )
