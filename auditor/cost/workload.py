"""From a scaled GPU workload to what one scan of it is billed for. Nothing undeclared is guessed."""

from __future__ import annotations

from typing import Any, NamedTuple

from auditor.cost.scan import Scan
from auditor.data.instances import MIB_PER_GIB
from auditor.facts.burn import GroupBurn
from auditor.facts.cluster_autoscaler import ClusterAutoscaler
from auditor.facts.declared import Declared
from auditor.facts.scaling import ScalerTarget
from auditor.model import Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.world import World

COOLDOWN, UNNEEDED = 300.0, 600.0
"""Defaults in seconds: KEDA's cooldownPeriod, the Cluster Autoscaler's scale-down-unneeded-time."""
_TAG = "k8s.io/cluster-autoscaler/node-template/autoscaling-options/scaledownunneededtime"
_DURATION = regex(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")


class Known(NamedTuple):
    """What is known of one workload on one group. Seconds; None where it is not declared."""

    pod: Instance
    burn: GroupBurn
    scaled_job: bool
    start: float | None
    compute: float | None
    longest: float | None
    cooldown: float
    removal: float | None
    need_gib: float | None
    jobs_per_month: float | None
    sources: dict[str, str]
    undeclared: tuple[str, ...]

    @property
    def scan(self) -> Scan | None:
        """The seconds of one scan, when all of them are known."""
        if self.start is None or self.compute is None or self.removal is None:
            return None
        return Scan(self.start, self.compute, self.cooldown, self.removal)

    @property
    def over_requested(self) -> float | None:
        """Share of a whole GPU's memory that was asked for and is not needed, 0 to 1."""
        gpu = self.burn.group.value.get("gpu")
        size = gpu.get("vram_mib") if type(gpu) is dict else None
        if self.need_gib is None or type(size) is not int or size <= 0:
            return None
        return max(1 - self.need_gib * MIB_PER_GIB / size, 0.0)


def known(world: World, burn: GroupBurn, pod: Instance) -> Known | None:
    """None for a pod that no scaler brings up and down: it has no scans of its own."""
    scaler = _scaler(world, pod.resource)
    if scaler is None:
        return None
    declared = Declared(world).of(pod)
    undeclared: list[str] = []

    def number(name: str) -> float | None:
        value = declared[name]
        if isinstance(value, Unknown):
            undeclared.append(f"{value.reason}: {value.repair}")
            return None
        return float(value)

    cooldown, cooldown_from = _cooldown(scaler)
    removal, removal_from = _removal(world, burn)
    if removal is None:
        undeclared.append(removal_from)
    start, compute = number("cold_start_seconds"), number("p95_seconds")
    sources = {
        "start": _declared("cold_start_seconds", start),
        "compute": _declared("p95_seconds", compute),
        "cooldown": cooldown_from,
        "removal": removal_from,
    }
    return Known(
        pod=pod,
        burn=burn,
        scaled_job=scaler.kind == "ScaledJob",
        start=start,
        compute=compute,
        longest=number("max_seconds"),
        cooldown=cooldown,
        removal=removal,
        need_gib=number("vram_gib"),
        jobs_per_month=number("jobs_per_month"),
        sources=sources,
        undeclared=tuple(undeclared),
    )


def _declared(name: str, value: float | None) -> str:
    return f"{'not declared' if value is None else 'declared'}: {name}"


def _scaler(world: World, workload: Resource) -> Resource | None:
    targets = ScalerTarget(world)
    for scaler in world.instances("Scaler"):
        resource = scaler.resource
        if resource is workload or (resource.kind == "ScaledObject" and targets.find(resource) is workload):
            return resource
    return None


def _cooldown(scaler: Resource) -> tuple[float, str]:
    if scaler.kind == "ScaledJob":
        return 0.0, "a Job ends with its work"
    found = dig(scaler.body, ("spec", "cooldownPeriod"))
    if type(found) in (int, float):
        return float(found), f"cooldownPeriod of {scaler.title}"
    return COOLDOWN, "KEDA's default"


def _removal(world: World, burn: GroupBurn) -> tuple[float | None, str]:
    value = burn.group.value
    if value["autoscaler"] == "karpenter":
        disruption: Any = value.get("disruption")
        text = disruption.get("consolidateAfter") if type(disruption) is dict else None
        seconds = _seconds(text)
        if seconds is None:
            return (
                None,
                f"when Karpenter removes a node of {value['name']} is not known: set consolidateAfter",
            )
        return seconds, "consolidateAfter of the NodePool"
    tags = value.get("asg_tags")
    tag = _seconds(tags.get(_TAG)) if type(tags) is dict else None
    if tag is not None:
        return tag, "the group's tag scaledownunneededtime"
    fact = world.get_fact("cluster_autoscaler")
    assert isinstance(fact, ClusterAutoscaler)
    flag = _seconds(fact.flags.get("scale-down-unneeded-time"))
    return (
        (UNNEEDED, "the Cluster Autoscaler's default") if flag is None else (flag, "scale-down-unneeded-time")
    )


def _seconds(text: Any) -> float | None:
    """Go's spelling of a duration, as far as hours, minutes and seconds go."""
    found = _DURATION.match(text) if type(text) is str and text else None
    if found is None:
        return None
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)
