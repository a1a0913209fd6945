"""USD a month of the GPU node groups, from declarations alone.

- **floor**: what runs when there is no work: the larger of the group's minimum and the nodes that GPU workloads
  keep alive (their least replicas, by the scaler or the manifest), times the price.
- **worst**: the group's maximum, all month, each node of the dearest type that the group may take.
- **expected**: the floor plus the declared work (``jobs_per_month`` × ``p95_seconds``); unknown when undeclared.

A price or a size that is not known makes that number unknown, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from auditor.data.prices import HOURS_PER_MONTH, Price
from auditor.facts.declared import Declared
from auditor.facts.disruption import counts_of
from auditor.facts.gpu import Gpu
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

SCALED_JOB = "ScaledJob"
NEVER_IDLE = frozenset({"DaemonSet", "Job", "CronJob"})
"""Kinds that keep no GPU node for their own sake: they follow nodes, or end."""


class GroupBurn(Struct):
    """One group's money; a number is None when ``notes`` say what is missing."""

    group: Instance
    instance_type: str = ""
    price: Price | None = None
    """Of the first type, which is tried first."""
    dearest: Price | None = None
    floor_nodes: int | None = None
    worst_nodes: int | None = None
    work_hours: float | None = None
    """Declared GPU node hours of work a month."""
    pods: list[Instance] = field(default_factory=list)
    """GPU pods that it is the first to start a node for."""
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The group's name, or its resource's where that is not known."""
        name = self.group.value.get("name")
        return name if type(name) is str and name else self.group.resource.title

    @property
    def floor(self) -> float | None:
        """USD a month without work."""
        return _month(self.floor_nodes, self.price)

    @property
    def worst(self) -> float | None:
        """USD a month at the group's maximum."""
        return _month(self.worst_nodes, self.dearest)

    @property
    def expected(self) -> float | None:
        """USD a month with the declared work, at most the worst."""
        if self.floor is None or self.price is None or self.work_hours is None:
            return None
        wanted = self.floor + self.work_hours * self.price.usd_per_hour
        return wanted if self.worst is None else min(wanted, max(self.worst, self.floor))


def _month(nodes: int | None, price: Price | None) -> float | None:
    if nodes == 0:
        return 0.0
    if nodes is None or price is None:
        return None
    return nodes * price.usd_per_hour * HOURS_PER_MONTH


class Burn:
    """``facts.burn`` of a node group: ``{floor, worst, total_worst, largest, instance_type}`` in USD a month.

    ``total_worst`` sums all GPU groups of the target; ``largest`` is true of the group that weighs most in it
    (one verdict a target). Numbers that are not known are Unknown.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._gpu = Gpu(world)
        self._declared = Declared(world)
        self._pods = [pod for pod in world.instances("PodSpec") if self._gpu.of(pod)["wants"]]
        self._hosts = self._hosted()
        self._burns = {
            id(group): self._burn(group) for group in world.instances("NodeGroup") if _is_gpu(group)
        }

    def own(self) -> Iterator[GroupBurn]:
        """The GPU groups of the target itself (not of its ties)."""
        mine = {id(resource) for resource in self._world.target.resources}
        for burn in self._burns.values():
            if id(burn.group.resource) in mine:
                yield burn

    def of(self, instance: Instance) -> Any:
        """See the class."""
        burn = self._burns.get(id(instance))
        if burn is None:
            return Unknown(f"{instance.resource.title} is no GPU node group")
        mine = list(self.own())
        worst = [each.worst for each in mine]
        missing = (
            "; ".join(sorted({note for each in mine for note in each.notes}))
            or "a size or price is not known"
        )
        total = None if None in worst else sum(value for value in worst if value is not None)
        largest = max(mine, key=lambda each: each.worst or 0.0, default=None)
        return {
            "instance_type": burn.instance_type,
            "floor": _known(burn.floor, missing),
            "worst": _known(burn.worst, missing),
            "total_worst": _known(total, missing),
            "largest": largest is burn,
        }

    def _hosted(self) -> dict[str, list[Instance]]:
        """GPU pods by the name of the first group that can start a node for them."""
        hosts: dict[str, list[Instance]] = {}
        for pod in self._pods:
            found = self._world.fact("scale_from_zero", pod)
            fits = [] if isinstance(found, Unknown) else found["fits"]
            if fits:
                hosts.setdefault(fits[0], []).append(pod)
        return hosts

    def _burn(self, group: Instance) -> GroupBurn:
        value = group.value
        burn = GroupBurn(group, _first(value.get("instance_types")))
        self._price(burn)
        pods = self._hosts.get(value["name"], []) if type(value.get("name")) is str else []
        burn.pods = pods
        gpus = value.get("gpu", {}).get("count") if type(value.get("gpu")) is dict else None
        kept = sum(self._kept(pod) for pod in pods)
        kept_nodes = ceil(kept / gpus) if kept and type(gpus) is int and gpus > 0 else 0
        low = size_of(value.get("min"))
        burn.floor_nodes = None if low is None else max(low, kept_nodes)
        burn.worst_nodes = _most(value, gpus)
        if burn.floor_nodes is None:
            burn.notes.append(f"the minimum size of {value.get('name')} is not known")
        if burn.worst_nodes is None:
            burn.notes.append(f"the maximum size of {value.get('name')} is not known")
        burn.work_hours = self._work(pods)
        return burn

    def _price(self, burn: GroupBurn) -> None:
        region = self._world.region
        if isinstance(region, Unknown):
            burn.notes.append(region.reason)
            return
        if not burn.instance_type:
            burn.notes.append(f"the instance type of {burn.group.value.get('name')} is not known")
            return
        burn.price, burn.dearest, unpriced = priced(self._world, burn.group.value["instance_types"], region)
        for kind in unpriced:
            burn.notes.append(f"no price of {kind} in {region}; declare it under [prices] in auditor.toml")

    def _kept(self, pod: Instance) -> int:
        """GPUs that a workload holds while there is no work."""
        resource = pod.resource
        if resource.kind in NEVER_IDLE:
            return 0
        if resource.kind == SCALED_JOB:
            spec = resource.body.get("spec")
            least = spec.get("minReplicaCount", 0) if type(spec) is dict else 0
        else:
            replicas = counts_of(self._world).count(resource)
            least = replicas.least if replicas else int(resource.kind == "Pod")
        count = self._gpu.of(pod)["count"]
        return least * count if type(least) is int and type(count) is int else 0

    def _work(self, pods: list[Instance]) -> float | None:
        """Declared GPU node hours a month of all jobs; None when any of them is undeclared."""
        hours = 0.0
        for pod in pods:
            declared = self._declared.of(pod)
            jobs, seconds = declared["jobs_per_month"], declared["p95_seconds"]
            if isinstance(jobs, Unknown) or isinstance(seconds, Unknown):
                return None
            hours += jobs * seconds / 3600
        return hours if pods else None


def priced(world: World, types: Any, region: str) -> tuple[Price | None, Price | None, list[str]]:
    """Prices of a group's first type and of its dearest, and the types of which no price is known.

    The dearest is None where any is missing: that one could be it.
    """
    listed = types if type(types) is list else []
    known = [world.price(kind, region) if type(kind) is str else None for kind in listed]
    found = [each for each in known if each is not None]
    dearest = max(found, key=lambda each: each.usd_per_hour, default=None)
    missing = [str(kind) for kind, price in zip(listed, known, strict=True) if price is None]
    return known[0] if known else None, None if missing else dearest, missing


def burn_of(world: World) -> Burn:
    """The world's own :class:`Burn`."""
    found = world.get_fact("burn")
    assert isinstance(found, Burn)
    return found


def _is_gpu(group: Instance) -> bool:
    return group.value.get("is_gpu") is True


def _first(types: Any) -> str:
    return types[0] if type(types) is list and types and type(types[0]) is str else ""


def size_of(value: Any) -> int | None:
    """A group's size as a number; Terraform's tfvars may spell it as a string."""
    if type(value) is int:
        return value
    return int(value) if type(value) is str and value.isdigit() else None


def _most(value: dict[str, Any], gpus: Any) -> int | None:
    """Most nodes that a group may have: its maximum, or Karpenter's GPU limit divided by the GPUs of a node."""
    most = size_of(value.get("max"))
    if most is not None:
        return most
    limits = value.get("limits")
    resource = (
        value.get("gpu", {}).get("resource", "nvidia.com/gpu") if type(value.get("gpu")) is dict else ""
    )
    limit = size_of(limits.get(resource)) if type(limits) is dict else None
    return limit // gpus if limit is not None and type(gpus) is int and gpus > 0 else None


def _known(value: float | None, reason: str) -> float | Unknown:
    return Unknown(reason, reason) if value is None else value
