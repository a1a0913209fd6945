"""The one spelling of a node group, whatever declares it, and how its parts are derived."""

from __future__ import annotations

from typing import Any

from auditor.data.instances import InstanceType, instance
from auditor.model import Path, Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views import typed
from auditor.views.interface import Instance

TEMPLATE = "k8s.io/cluster-autoscaler/node-template/"
"""Prefix of the ASG tags that tell the Cluster Autoscaler what a node of an empty group will be like."""

EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
GPU_LABELS = ("nvidia.com/gpu", "nvidia.com/gpu.present", "k8s.amazonaws.com/accelerator")
NO_GPU = {"count": 0, "model": "", "vram_mib": 0, "resource": "", "mig_capable": False}
_GPU_FAMILY = regex(r"(g\d|gr\d|p\d|inf\d|trn\d|dl\d)")
_LABELS_FLAG = regex(r"--node-labels[= ]['\"]?([^\s'\"\0]+)")
_TAINTS_FLAG = regex(r"--register-with-taints[= ]['\"]?([^\s'\"\0]+)")


class Draft:
    """A node group while it is read: values, and the place each came from."""

    def __init__(self, resource: Resource, where: Path, provider: str, source: str) -> None:
        self.resource = resource
        self.value: dict[str, Any] = {
            "name": "",
            "provider": provider,
            "source": source,
            "cluster": "",
            "instance_types": [],
            "ami_type": "",
            "capacity_type": "",
            "labels": {},
            "script_labels": [],
            "taints": [],
            "tags": {},
            "asg_tags": {},
            "asg_tags_complete": True,
            "subnets": [],
            "zones": [],
            "disk_gib": 20,
            "ephemeral_shared": False,
            "pinned": "",
            "autoscaler": "karpenter" if provider == "karpenter" else "cluster-autoscaler",
        }
        self.moved: dict[Path, Path] = {(): where}
        self.elsewhere: dict[Path, tuple[Resource, Path]] = {}

    def put(self, field: str, value: Any, path: Path | None = None, owner: Resource | None = None) -> None:
        """Set a field, and say where it stands; ``owner`` when that is another resource."""
        self.value[field] = value
        if path is None:
            return
        if owner is None or owner is self.resource:
            self.moved[(field,)] = path
        else:
            self.elsewhere[(field,)] = (owner, path)

    def finish(self) -> Instance:
        """Bring the fields to their types, derive what follows from them, and give the instance."""
        value = self.value
        _to_types(value)
        value["gpu"] = gpu_of(value["instance_types"])
        value["is_gpu"] = is_gpu(value)
        value["gpu_capable"] = gpu_capable(value)
        value["arch"] = arch_of(value)
        value["spot"] = spot_of(value["capacity_type"])
        value["template"] = template_of(value["asg_tags"])
        for field in ("gpu", "is_gpu", "gpu_capable", "arch"):
            self._follow(field, "instance_types")
        self._follow("template", "asg_tags")
        self._place_missing()
        return Instance("NodeGroup", self.resource, value, moved=self.moved, elsewhere=self.elsewhere)

    def _follow(self, field: str, source: str) -> None:
        """A derived field is shown where the field it derives from stands."""
        if (source,) in self.elsewhere:
            self.elsewhere.setdefault((field,), self.elsewhere[(source,)])
        elif (source,) in self.moved:
            self.moved.setdefault((field,), self.moved[(source,)])

    def _place_missing(self) -> None:
        """What nobody wrote is shown at the group itself, never at a field that happens to be alike."""
        where = self.moved[()]
        for field in self.value:
            if (field,) not in self.elsewhere:
                self.moved.setdefault((field,), where)


def _to_types(value: dict[str, Any]) -> None:
    for field in ("name", "cluster", "ami_type", "capacity_type"):
        value[field] = typed.text(field, value[field])
    for field in ("instance_types", "subnets", "zones"):
        value[field] = typed.texts(field, value[field])
    for field in ("labels", "tags", "asg_tags"):
        value[field] = typed.text_map(field, value[field])
    for field in ("min", "max", "desired", "disk_gib", "max_pods"):
        if field in value:
            value[field] = typed.number(field, value[field])
    value["ephemeral_shared"] = value["ephemeral_shared"] is True
    if isinstance(value["capacity_type"], str) and value["capacity_type"] == "CAPACITY_BLOCK":
        value["pinned"] = "capacity block"
    taints = value["taints"]
    if not isinstance(taints, Unknown):
        value["taints"] = [
            {name: typed.text(f"taint {name}", part) for name, part in each.items()}
            for each in typed.records(taints)
        ]


def spelled(effect: Any) -> Any:
    """A taint's effect in Kubernetes' spelling."""
    return EFFECTS.get(effect, effect) if isinstance(effect, str) else effect


def taint(key: Any, value: Any, effect: Any) -> dict[str, Any]:
    """One taint of the normal form; a missing value is ''."""
    return {"key": key, "value": "" if value is None else value, "effect": spelled(effect)}


def strings(value: Any) -> Any:
    """A list of what may be a list, one value, nothing, or unknown."""
    if value is None:
        return []
    return value if isinstance(value, Unknown | list) else [value]


def text_map(value: Any) -> Any:
    """A map with text values, as labels and tags have; unknown stays unknown."""
    if isinstance(value, Unknown):
        return value
    if type(value) is not dict:
        return {}
    return {key: item if isinstance(item, Unknown) else _text(item) for key, item in value.items()}


def _text(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def gpu_of(types: Any) -> Any:
    """``{count, model, vram_mib, resource, mig_capable}`` of the group's template type, the first one."""
    if isinstance(types, Unknown):
        return types
    if not types:
        return dict(NO_GPU)
    if isinstance(types[0], Unknown):
        return types[0]
    return accelerator(types[0])


def accelerator(name: str) -> dict[str, Any] | Unknown:
    """The accelerators of one instance type; unknown for a type that the table does not have."""
    found = instance(name)
    if found is None:
        return Unknown(f"instance type {name!r} is not in the table", "correct the type, or update auditor")
    return accelerator_of(found)


def accelerator_of(found: InstanceType) -> dict[str, Any]:
    """The same of a type at hand."""
    if found.gpus:
        first = found.gpus[0]
        makers = {"NVIDIA": "nvidia.com/gpu", "AMD": "amd.com/gpu", "Habana": "habana.ai/gaudi"}
        return {
            "count": found.gpu_count,
            "model": first.model,
            "vram_mib": first.memory_mib,
            "resource": makers.get(first.manufacturer, ""),
            "mig_capable": first.mig_capable,
        }
    if found.neurons:
        first_neuron = found.neurons[0]
        return {
            "count": sum(each.devices for each in found.neurons),
            "model": first_neuron.model,
            "vram_mib": first_neuron.memory_mib,
            "resource": "aws.amazon.com/neuron",
            "mig_capable": False,
        }
    return dict(NO_GPU)


def is_gpu(value: dict[str, Any]) -> Any:
    """Whether the group is there for accelerators: by type, by family, by image, else unknown.

    A Karpenter pool is when all its types have one; one that merely may start a GPU node is ``gpu_capable``.
    """
    types = value["instance_types"]
    if value["provider"] == "karpenter":
        return types if isinstance(types, Unknown) else bool(types) and all(map(_type_is_gpu, types))
    return gpu_capable(value)


def gpu_capable(value: dict[str, Any]) -> Any:
    """Whether some node of the group may have accelerators."""
    ami = value["ami_type"]
    if isinstance(ami, str) and ("GPU" in ami.upper() or "NVIDIA" in ami.upper() or "NEURON" in ami.upper()):
        return True
    types = value["instance_types"]
    if isinstance(types, Unknown):
        return types
    unknown: Unknown | None = None
    for name in types:
        if isinstance(name, Unknown):
            unknown = name
        elif _type_is_gpu(name):
            return True
    return False if unknown is None else unknown


def _type_is_gpu(name: Any) -> bool:
    found = instance(name) if isinstance(name, str) else None
    if found is not None:
        return bool(found.gpus or found.neurons)
    return isinstance(name, str) and _GPU_FAMILY.match(name) is not None


def arch_of(value: dict[str, Any]) -> Any:
    """``amd64`` or ``arm64``; '' when types of both are allowed or nothing is said."""
    types = value["instance_types"]
    if isinstance(types, Unknown):
        ami = value["ami_type"]
        return ("arm64" if "ARM" in ami.upper() else "amd64") if isinstance(ami, str) and ami else types
    found = {known.arch for name in types if isinstance(name, str) and (known := instance(name))}
    return found.pop() if len(found) == 1 else ""


def spot_of(capacity: Any) -> Any:
    """Whether all nodes are spot instances."""
    return capacity if isinstance(capacity, Unknown) else capacity == "SPOT"


def template_of(tags: Any) -> Any:
    """``{labels, taints, resources, options}`` that node-template tags tell the Cluster Autoscaler."""
    if isinstance(tags, Unknown):
        return tags
    found: dict[str, Any] = {"labels": {}, "taints": [], "resources": {}, "options": {}}
    for key, value in tags.items():
        if not key.startswith(TEMPLATE):
            continue
        section, _, name = key.removeprefix(TEMPLATE).partition("/")
        if section == "taint":
            found["taints"].append(_template_taint(name, value))
        elif section in ("label", "resources"):
            found["labels" if section == "label" else section][name] = value
        elif section == "autoscaling-options":
            found["options"][name] = value
    return found


def _template_taint(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Unknown):
        return {"key": key, "value": value, "effect": value, "text": value}
    text, colon, effect = str(value).partition(":")
    return {"key": key, "value": text, "effect": effect if colon else "", "text": str(value)}


def kubelet_flags(text: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Labels and taints that a node's start script gives the kubelet. Unknown parts of ``text`` are NUL."""
    labels: dict[str, str] = {}
    taints: list[dict[str, Any]] = []
    for match in _LABELS_FLAG.finditer(text):
        labels |= {
            key: value for key, _, value in (pair.partition("=") for pair in match[1].split(",")) if key
        }
    for match in _TAINTS_FLAG.finditer(text):
        for each in match[1].split(","):
            pair, _, effect = each.partition(":")
            key, _, value = pair.partition("=")
            if key and effect:
                taints.append(taint(key, value, effect))
    return labels, taints


def merged(*maps: Any) -> Any:
    """Maps joined, later ones winning; unknown when one of them is."""
    joined: dict[str, Any] = {}
    for each in maps:
        if isinstance(each, Unknown):
            return each
        joined |= each
    return joined


def empty(value: Any) -> bool:
    """Whether a list is there and has nothing in it; something unknown is not empty."""
    return type(value) is list and not value
