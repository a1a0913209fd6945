"""What a node of a group is like: labels, resources, and what is left after reserves and DaemonSets."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.data.instances import Allocatable, InstanceType, allocatable, instance
from auditor.facts.node_labels import mismatch
from auditor.facts.pod_needs import Needs, needs
from auditor.facts.tolerations import BLOCKING, DAEMONSET_KEYS, untolerated
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance
from auditor.views.nodegroups_karpenter import CAPACITY, ZONE, allowed, type_labels

if TYPE_CHECKING:
    from auditor.world import World

MIB_PER_GIB = 1024
SYSTEM_DAEMONSETS = {"aws-node": 50, "kube-proxy": 100}
"""CPU requests in millicores of the DaemonSets that EKS runs on every node; they request no memory.

https://github.com/aws/amazon-vpc-cni-k8s (two containers of 25m), EKS's kube-proxy add-on.
"""

OPTIMISTIC_MEMORY_OVERHEAD = Fraction(3, 100)
"""The smallest gap seen between nominal memory and what the kernel reports; the table's figure is the largest."""

GPU_NODE_LABELS = ("nvidia.com/", "feature.node.kubernetes.io/", "nvidia.com/mig")
"""Labels that software on a running GPU node adds (GPU Feature Discovery, NFD): no empty group shows them."""

TOPOLOGY = ("topology.", "failure-domain.")
GENERIC_LABELS = ("kubernetes.io/os", "beta.kubernetes.io/os")


class Room(NamedTuple):
    """What one node leaves for a pod: surely, and at best (memory is not known exactly)."""

    cpu_m: Fraction
    memory_mib: Fraction
    memory_best_mib: Fraction
    ephemeral_mib: Fraction | None
    pods: int
    extended: dict[str, int]


class NodeTemplate:
    """Nodes of one group."""

    def __init__(self, world: World, group: Instance, daemonsets: list[Instance]) -> None:
        self.world, self.group = world, group
        self.value = group.value
        self.name = _text(self.value["name"])
        self._daemonsets = daemonsets
        self._rooms: dict[str, Room] = {}
        self._types: list[InstanceType] | Unknown | None = None
        self.is_karpenter = self.value["provider"] == "karpenter"

    @property
    def may_be_empty(self) -> bool:
        """Whether the group can have no node; an unknown minimum counts as 0."""
        low = self.value.get("min", 0)
        return isinstance(low, Unknown) or low == 0

    def types(self) -> list[InstanceType] | Unknown:
        """The types to try: all of a Karpenter pool, the template's of an Auto Scaling group."""
        if self._types is None:
            self._types = self._known_types()
        return self._types

    def _known_types(self) -> list[InstanceType] | Unknown:
        names = self.value["instance_types"]
        if isinstance(names, Unknown):
            return names
        if not names:
            return Unknown(f"no instance type is known for {self.name}", "name its instance types")
        tried = names if self.is_karpenter else names[:1]
        found = []
        for name in tried:
            known = name if isinstance(name, Unknown) else instance(str(name))
            if isinstance(known, Unknown):
                return known
            if known is None:
                return Unknown(f"instance type {name!r} is not in the table", "correct it, or update auditor")
            found.append(known)
        return found

    def label(self, key: str, found: InstanceType | None) -> Any:
        """Values that a label has on a node of type ``found``; see :mod:`auditor.facts.node_labels`."""
        own = self.value["labels"]
        if isinstance(own, Unknown):
            return own
        if key in own:
            return [own[key]]
        if key in ("kubernetes.io/hostname",):
            return []
        if key in (ZONE, "failure-domain.beta.kubernetes.io/zone"):
            return self.zones()
        if key.startswith(TOPOLOGY):
            return None
        return self._derived(key, found)

    def _derived(self, key: str, found: InstanceType | None) -> Any:
        typed = type_labels(found) if found else {}
        if key in typed and (self.is_karpenter or not key.startswith("karpenter.")):
            return [typed[key]]
        if key in GENERIC_LABELS:
            return ["linux"]
        if self.is_karpenter:
            return self._required(key)
        if found is None and key.endswith(("/instance-type", "/arch")):
            return Unknown(f"the instance type of {self.name} is not known", "name its instance types")
        if self.value["gpu_capable"] is True and key.startswith(GPU_NODE_LABELS):
            return None
        return []

    def _required(self, key: str) -> Any:
        """A label that a pool's requirements allow: their values, or any for ``Exists``."""
        if key == CAPACITY:
            return allowed(self.value["requirements"], key, ["on-demand", "spot"])
        for each in self.value["requirements"]:
            if each.get("key") == key:
                values = each.get("values")
                return [str(value) for value in values] if each.get("operator") == "In" else None
        return []

    def zones(self) -> list[str] | None:
        """The zones of the group; None when nothing names them."""
        named = self.value["zones"]
        if isinstance(named, list) and named:
            return None if any(isinstance(each, Unknown) for each in named) else [str(each) for each in named]
        return self._subnet_zones()

    def _subnet_zones(self) -> list[str] | None:
        from auditor.views.terraform_values import referenced

        listed = self.value["subnets"]
        zones: set[str] = set()
        for subnet in listed if type(listed) is list else ():
            block = referenced(self.world, self.group.resource, subnet, "aws_subnet")
            named = block.body.get("availability_zone") if block is not None else None
            if not isinstance(named, str):
                return None
            zones.add(named)
        return sorted(zones) or None

    def repels(self) -> bool:
        """Whether a taint keeps other pods away: who runs here tolerates it on purpose."""
        taints = self.value["taints"]
        return type(taints) is list and any(
            isinstance(each["effect"], str) and each["effect"] in BLOCKING for each in taints
        )

    def room(self, found: InstanceType) -> Room:
        """What is left on an empty node after the kubelet's and the system's reserves and DaemonSets."""
        known = self._rooms.get(found.name)
        if known is None:
            known = self._rooms[found.name] = self._room(found)
        return known

    def _room(self, found: InstanceType) -> Room:
        disk = self.value["disk_gib"]
        size = disk if isinstance(disk, int) and not isinstance(disk, bool) else None
        pods = self.value.get("max_pods")
        limit = pods if isinstance(pods, int) else None
        total = allocatable(found.name, max_pods=limit, disk_gib=size or 20)
        assert total is not None
        taken = self._taken(found)
        best = _best_memory(found, total)
        return Room(
            total.cpu_m - taken.cpu_m,
            total.memory_mib - taken.memory_mib,
            best - taken.memory_mib,
            self._disk(total, found, size, taken),
            total.pods - taken.extended["pods"],
            _with_aliases(total.resources),
        )

    def _disk(
        self, total: Allocatable, found: InstanceType, size: int | None, taken: Needs
    ) -> Fraction | None:
        if self.value["ephemeral_shared"] is True and found.nvme_gb:
            return Fraction(found.nvme_gb * 10**9, 2**20) * 9 // 10 - taken.ephemeral_mib
        return None if size is None else total.ephemeral_storage_mib - taken.ephemeral_mib

    def _taken(self, found: InstanceType) -> Needs:
        """Requests of the DaemonSets that would land on a node of this type, and as ``pods`` their number."""
        cpu = memory = disk = Fraction(0)
        names = set()
        for pod in self._daemonsets:
            if not self._lands(pod, found):
                continue
            names.add(pod.resource.name)
            try:
                wanted = needs(pod.value)
            except UnknownUsed:
                continue
            cpu, memory, disk = cpu + wanted.cpu_m, memory + wanted.memory_mib, disk + wanted.ephemeral_mib
        cpu += sum(amount for name, amount in SYSTEM_DAEMONSETS.items() if name not in names)
        return Needs(cpu, memory, disk, {"pods": len(names | set(SYSTEM_DAEMONSETS))})

    def _lands(self, pod: Instance, found: InstanceType) -> bool:
        taints = self.value["taints"]
        listed = taints if type(taints) is list else []
        relevant = [each for each in listed if _key(each) not in DAEMONSET_KEYS]
        if untolerated(pod.value.get("tolerations"), relevant) != []:
            return False
        return mismatch(pod.value, lambda key: self.label(key, found)) is None


def daemonsets(world: World) -> list[Instance]:
    """Every DaemonSet's pod once, however many targets hold it."""
    seen: set[tuple[str, str]] = set()
    found = []
    for resource in world.kind("apps", "DaemonSet"):
        key = (resource.namespace, resource.name)
        if key not in seen:
            seen.add(key)
            found += world.instances_of("PodSpec", resource)
    return found


def templates(world: World) -> Iterator[NodeTemplate]:
    """Every group of the world that can start nodes."""
    pods = daemonsets(world)
    for group in world.instances("NodeGroup"):
        if group.value["provider"] != "node":
            yield NodeTemplate(world, group, pods)


def _with_aliases(resources: dict[str, int]) -> dict[str, int]:
    """The Neuron device plugin offers its devices under an older name too."""
    devices = resources.get("aws.amazon.com/neuron")
    return resources if devices is None else {**resources, "aws.amazon.com/neurondevice": devices}


def _best_memory(found: InstanceType, total: Allocatable) -> Fraction:
    """Allocatable memory if the kernel reported the most it has been seen to."""
    from auditor.data.instances import capacity_memory_mib

    more = found.memory_mib * (1 - OPTIMISTIC_MEMORY_OVERHEAD) - capacity_memory_mib(found)
    return total.memory_mib + max(Fraction(0), more)


def _key(taint: dict[str, Any]) -> Any:
    key = taint["key"]
    return "" if isinstance(key, Unknown) else key


def _text(name: Any) -> str:
    return name if isinstance(name, str) else "(name not known)"
