"""Karpenter's NodePool: the instance types that its requirements leave, and what its nodes carry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.data.instances import InstanceType, all_instances
from auditor.model import Path, Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views import typed
from auditor.views.applied_manifests import Manifest, applied, manifests, same
from auditor.views.expressions import expression_holds
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import Draft, merged, taint, text_map
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

TEMPLATE: Path = ("spec", "template", "spec")
LABELS: Path = ("spec", "template", "metadata", "labels")
REQUIREMENTS: Path = (*TEMPLATE, "requirements")
ZONE = "topology.kubernetes.io/zone"
CAPACITY = "karpenter.sh/capacity-type"
ARCH = "kubernetes.io/arch"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
_SERIES = regex(r"^([a-z]+)(?:-[0-9]+tb)?([0-9]+)")


def read(resource: Resource, world: World) -> Iterator[Instance]:
    """One group a pool; also of a pool that Terraform applies, unless the manifest itself is among the files."""
    for found in manifests(resource):
        if _is_pool(found.body) and not _is_copy(resource, found.body, world):
            yield _pool(resource, found, world)


def _is_copy(resource: Resource, body: dict[str, Any], world: World) -> bool:
    """Whether Terraform reads the pool from a file that is judged as what it is."""
    name = dig(body, ("metadata", "name"))
    pools = world.kind("karpenter.sh", "NodePool") if resource.api_version == "terraform" else []
    return any(same(pool.name, name) for pool in pools)


def _is_pool(body: dict[str, Any]) -> bool:
    version, kind = body.get("apiVersion"), body.get("kind")
    return isinstance(version, str) and version.startswith("karpenter.sh/") and kind == "NodePool"


def _pool(resource: Resource, found: Manifest, world: World) -> Instance:
    draft = Draft(resource, found.base, "karpenter", "NodePool")
    body = found.body
    spec = body.get("spec")
    spec = spec if type(spec) is dict else {}
    name = dig(body, ("metadata", "name"))
    requirements = [_requirement(each) for each in typed.records(dig(body, REQUIREMENTS))]
    labels = text_map(dig(body, LABELS))
    limits, disruption = spec.get("limits"), spec.get("disruption")
    fixed = {"karpenter.sh/nodepool": name, **_fixed(requirements)}
    fields: dict[str, tuple[Any, Path]] = {
        "name": ("" if name is None else name, ("metadata", "name")),
        "requirements": (requirements, REQUIREMENTS),
        "instance_types": (_types(dig(body, REQUIREMENTS), requirements), REQUIREMENTS),
        "labels": (merged(fixed, labels), LABELS),
        "taints": (_taints(dig(body, (*TEMPLATE, "taints"))), (*TEMPLATE, "taints")),
        "min": (spec.get("replicas", 0), ("spec", "replicas")),
        "static": ("replicas" in spec, ("spec", "replicas")),
        "limits": (typed.text_map("limits", limits if type(limits) is dict else {}), ("spec", "limits")),
        "disruption": (disruption if type(disruption) is dict else {}, ("spec", "disruption")),
        **_placement(requirements),
    }
    for field, (value, path) in fields.items():
        draft.put(field, value, found.place(path))
    _node_class(draft, world, body)
    return draft.finish()


def _types(listed: Any, requirements: list[dict[str, Any]]) -> list[str] | Unknown:
    """The types that are left; unknown when a requirement is."""
    if isinstance(listed, Unknown):
        return listed
    for raw in typed.records(listed):
        values = raw.get("values")
        for part in (raw.get("key"), raw.get("operator"), values, *(values if type(values) is list else ())):
            if isinstance(part, Unknown):
                return part
    return candidates(requirements)


def _requirement(raw: dict[str, Any]) -> dict[str, Any]:
    """``{key, operator, values}`` of texts."""
    values = typed.texts("values", raw.get("values", []))
    known = values if type(values) is list else []
    return {
        "key": str(raw.get("key", "")) if isinstance(raw.get("key"), str) else "",
        "operator": raw.get("operator") if isinstance(raw.get("operator"), str) else "",
        "values": [each for each in known if isinstance(each, str)],
    }


def _placement(requirements: list[dict[str, Any]]) -> dict[str, tuple[Any, Path]]:
    capacity = allowed(requirements, CAPACITY, ["on-demand", "spot"])
    zones = [each for each in requirements if each["key"] == ZONE and each["operator"] == "In"]
    return {
        "capacity_type": ("SPOT" if capacity == ["spot"] else "ON_DEMAND", REQUIREMENTS),
        "zones": (list(zones[0]["values"]) if zones else [], REQUIREMENTS),
    }


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
        if each["operator"] == "In" and len(each["values"]) == 1
    }


def _node_class(draft: Draft, world: World, pool: dict[str, Any]) -> None:
    """Root volume and image of the EC2NodeClass, when it is declared here."""
    name = dig(pool, (*TEMPLATE, "nodeClassRef", "name"))
    for owner in (*world.kind("karpenter.k8s.aws", "EC2NodeClass"), *applied(world)):
        for found in manifests(owner):
            if found.body.get("kind") == "EC2NodeClass" and same(dig(found.body, ("metadata", "name")), name):
                _apply_class(draft, owner, found)


def _apply_class(draft: Draft, owner: Resource, found: Manifest) -> None:
    body = found.body
    family = dig(body, ("spec", "amiFamily"))
    draft.put("ami_type", "" if family is None else family, found.place(("spec", "amiFamily")), owner)
    shared = same(dig(body, ("spec", "instanceStorePolicy")), "RAID0")
    draft.put("ephemeral_shared", shared, found.place(("spec", "instanceStorePolicy")), owner)
    limit = dig(body, ("spec", "kubelet", "maxPods"))
    if limit is not None:
        draft.put("max_pods", limit, found.place(("spec", "kubelet", "maxPods")), owner)
    size = _volume_gib(dig(body, ("spec", "blockDeviceMappings")))
    if size is not None:
        draft.put("disk_gib", size, found.place(("spec", "blockDeviceMappings")), owner)


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


_labels: dict[str, dict[str, str]] = {}


def type_labels(found: InstanceType) -> dict[str, str]:
    """Labels that follow from the instance type; not to be changed.

    https://karpenter.sh/docs/concepts/scheduling/#well-known-labels
    """
    known = _labels.get(found.name)
    if known is None:
        known = _labels[found.name] = _labels_of(found)
    return known


def _labels_of(found: InstanceType) -> dict[str, str]:
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
