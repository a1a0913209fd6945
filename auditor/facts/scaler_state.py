"""A ScaledObject or ScaledJob at work: what KEDA says of it, and how long its last replica and node stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.cluster_autoscaler import ClusterAutoscaler
from auditor.facts.running import in_words, pods_of, seconds_since
from auditor.facts.scaling import target_reference
from auditor.model import Resource
from auditor.patterns import regex
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

COOLDOWN, STABILIZATION, UNNEEDED = 300, 300, 600
"""Defaults in seconds: KEDA's cooldownPeriod, the HPA's scale-down window, the autoscaler's unneeded time."""
_DURATION = regex(r"(\d+)(h|m|s)")
_UNITS = {"h": 3600, "m": 60, "s": 1}
PAUSED = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")


class ScalerState:
    """``facts.scaler_state`` of a ScaledObject or ScaledJob: ``{known, paused, ready, active, fallback, failing,
    replicas, idle_seconds, slow}``.

    ``ready``, ``active``, ``fallback``: ``{status, reason, message, seconds}`` of KEDA's conditions; status ''
    where KEDA has not said. ``failing``: ``[{trigger, failures}]`` of triggers that cannot be asked. ``replicas``:
    of its target now. ``idle_seconds``: since when it is not active beyond its cooldown, 0 while it is.
    ``slow``: ``{seconds, text, parts}``: the longest time from the last message to an empty node, with its parts.
    """

    LOOKS_AT = ("/Pod", "apps/Deployment", "apps/StatefulSet", "keda.sh/ScaledObject")

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        scaler = instance.resource
        conditions = {name: self._condition(scaler, name) for name in ("Ready", "Active", "Fallback")}
        return {
            "known": conditions["Ready"]["status"] != "",
            "paused": any(name in scaler.annotations for name in PAUSED),
            "ready": conditions["Ready"],
            "active": conditions["Active"],
            "fallback": conditions["Fallback"],
            "failing": _failing(scaler),
            "replicas": self._replicas(scaler),
            "idle_seconds": self._idle(scaler, conditions["Active"]),
            "idle_text": in_words(self._idle(scaler, conditions["Active"])),
            "slow": self._slow(scaler),
        }

    def _condition(self, scaler: Resource, name: str) -> dict[str, Any]:
        listed = dig(scaler.body, ("status", "conditions"))
        found = [each for each in (listed if type(listed) is list else ()) if type(each) is dict]
        one = next((each for each in found if each.get("type") == name), {})
        since = seconds_since(self._world, one.get("lastTransitionTime"))
        words = {key: str(one.get(key, "")) for key in ("status", "reason", "message")}
        return {**words, "seconds": since or 0.0, "text": in_words(since or 0.0)}

    def _replicas(self, scaler: Resource) -> int | Unknown:
        reference = target_reference(scaler)
        if reference is None:
            return 0
        group, kind, name = reference
        key = f"{group}/{kind}/{scaler.namespace}/{name}"
        return len(pods_of(self._world).by_owner.get(key, []))

    def _idle(self, scaler: Resource, active: dict[str, Any]) -> float:
        """Seconds for which the target should have been at its minimum: inactive, less the cooldown."""
        if active["status"] != "False":
            return 0.0
        last = dig(scaler.body, ("status", "lastActiveTime"))
        since = seconds_since(self._world, last)
        if since is None:
            since = seconds_since(self._world, scaler.metadata.get("creationTimestamp")) or 0.0
        return max(since - _number(dig(scaler.body, ("spec", "cooldownPeriod")), COOLDOWN), 0.0)

    def _slow(self, scaler: Resource) -> dict[str, Any]:
        spec = ("spec", "advanced", "horizontalPodAutoscalerConfig", "behavior", "scaleDown")
        parts = {
            "cooldownPeriod": _number(dig(scaler.body, ("spec", "cooldownPeriod")), COOLDOWN),
            "stabilizationWindowSeconds": _number(
                dig(scaler.body, (*spec, "stabilizationWindowSeconds")), STABILIZATION
            ),
            "scale-down-unneeded-time": self._unneeded(),
        }
        total = sum(parts.values())
        words = " + ".join(f"{name} {in_words(seconds)}" for name, seconds in parts.items())
        return {"seconds": total, "text": in_words(total), "parts": words}

    def _unneeded(self) -> int:
        try:
            fact = self._world.get_fact("cluster_autoscaler")
        except UnknownUsed:
            return UNNEEDED
        assert isinstance(fact, ClusterAutoscaler)
        text = fact.flags.get("scale-down-unneeded-time", "")
        return sum(int(n) * _UNITS[unit] for n, unit in _DURATION.findall(text)) or UNNEEDED


def _failing(scaler: Resource) -> list[dict[str, Any]]:
    health = dig(scaler.body, ("status", "health"))
    rows = health.items() if type(health) is dict else ()
    return [
        {"trigger": name, "failures": _number(each.get("numberOfFailures"), 0)}
        for name, each in sorted(rows)
        if type(each) is dict and each.get("status") == "Failing"
    ]


def _number(value: Any, default: int) -> int:
    return value if type(value) is int else default
