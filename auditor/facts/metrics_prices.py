"""What the nodes that metrics tell of cost, and where Git declares the workloads that they tell of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.data.instances import MIB_PER_GIB, instance
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

METRICS = "metrics"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "ScaledJob", "Pod")
HOLDERS = ("ScaledObject", "HorizontalPodAutoscaler", "PodDisruptionBudget")
"""Kinds beside workloads that keep a node from going."""


class UnitPrices(NamedTuple):
    """USD an hour of a core and of a GiB: half of a node's price is its cores', half its memory's."""

    core: float
    gib: float


class NodePrice:
    """``facts.node_price`` of what has an instance type: ``{usd_per_hour}``, Unknown where no table has it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        return {"usd_per_hour": hourly(self._world, instance.resource.body)}


def hourly(world: World, node: Mapping[str, Any]) -> float | Unknown:
    """USD an hour of one node, by its ``instance_type``, ``region`` and ``spot``."""
    kind, name = node.get("instance_type") or "", node.get("node") or node.get("name") or "a node"
    if not kind:
        return Unknown(
            f"the instance type of {name} is not known",
            "audit its cluster too (--cluster), or let kube-state-metrics export node labels"
            " (--metric-labels-allowlist=nodes=[node.kubernetes.io/instance-type,topology.kubernetes.io/region])",
        )
    if node.get("spot"):
        return world.spot_price(kind, name)
    region = node.get("region") or world.region
    if isinstance(region, Unknown):
        return region
    found = world.price(kind, region)
    if found is None:
        return Unknown(f"no price of {kind} in {region}", "declare it under [prices] in auditor.toml")
    return found.usd_per_hour


def fleet_usd(world: World, nodes: Iterable[Mapping[str, Any]]) -> float | Unknown:
    """USD an hour of nodes together; Unknown when one of them is."""
    total = 0.0
    for node in nodes:
        found = hourly(world, node)
        if isinstance(found, Unknown):
            return found
        total += found
    return total


def unit_prices(world: World) -> UnitPrices | Unknown:
    """What a core and a GiB cost on the always-on nodes; UnknownUsed where those were not read."""
    nodes = [node for fleet in world.kind(METRICS, "Fleet") for node in fleet.body["nodes"]]
    usd = fleet_usd(world, nodes)
    if isinstance(usd, Unknown):
        return usd
    types = [instance(node["instance_type"]) for node in nodes]
    cores = sum(each.vcpu for each in types if each is not None)
    gib = sum(each.memory_mib for each in types if each is not None) / MIB_PER_GIB
    if not cores or None in types:
        return Unknown(
            "no always-on node without GPUs was seen whose size is known", "scrape kube-state-metrics"
        )
    return UnitPrices(usd / 2 / cores, usd / 2 / gib)


class Declarations:
    """Workloads by kind, namespace and name, as Git declares them."""

    def __init__(self, world: World) -> None:
        self._found: dict[tuple[str, str, str], list[Resource]] = {}
        for each in world.anywhere(*WORKLOADS, *HOLDERS):
            if each.origin.source == "git":
                self._found.setdefault((each.kind, each.namespace, each.name), []).append(each)

    def of(self, kind: str, namespace: str, name: str) -> Resource | None:
        """The manifest of a workload; None where there is none, or several."""
        found = self._found.get((kind, namespace, name)) or self._found.get((kind, "", name), [])
        return found[0] if len(found) == 1 else None
