"""What a scan costs: marginal, as the workers' time, and loaded, as its share of all that the platform cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.gpu_node_cost import gpu_usd
from auditor.facts.metrics_prices import METRICS, fleet_usd
from auditor.unknown import Unknown, UnknownUsed
from auditor.usage.scans import cost_of
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

LEAST = 10
"""Scans below which a share of change says nothing."""


class ScanCosts:
    """``facts.scan_cost`` of a ScanCost: ``{marginal, loaded, change}``.

    USD a scan; ``change``: of the marginal cost, the second half of the window against the first (0.2: a fifth more).
    Unknown without a scan, without a price, or where one of the halves has fewer than ten scans.
    """

    LOOKS_AT = ("metrics/GpuNode", "metrics/Fleet", "metrics/ScanCost", "/Node")

    def __init__(self, world: World) -> None:
        self._world = world
        self._scans = sum(each.body["scans"] for each in world.kind(METRICS, "ScanCost"))

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        if not body["scans"]:
            none = Unknown(f"{body['job']} did no scan in the window", "read more days, or send it a scan")
            return dict.fromkeys(("marginal", "loaded", "change"), none)
        unpriced = Unknown(f"the workers of {body['job']} know no price", "set the worker's usd_per_hour")
        marginal = cost_of(body["scans"], body["usd"], 0.0).marginal
        return {
            "marginal": marginal if body["usd"] > 0 else unpriced,
            "loaded": self._loaded(body),
            "change": _change(*body["halves"]) if body["usd"] > 0 else unpriced,
        }

    def _loaded(self, body: dict[str, Any]) -> float | Unknown:
        try:
            gpus = gpu_usd(self._world)
            nodes = [node for fleet in self._world.kind(METRICS, "Fleet") for node in fleet.body["nodes"]]
            base = fleet_usd(self._world, nodes)
        except UnknownUsed as used:
            return used.unknown
        for each in (gpus, base):
            if isinstance(each, Unknown):
                return each
        hours = body["window"]["days"] * 24
        return cost_of(self._scans, 0.0, gpus + base * hours).loaded


def _change(before: dict[str, float], after: dict[str, float]) -> float | Unknown:
    if min(before["scans"], after["scans"]) < LEAST or not before["usd"]:
        return Unknown(f"fewer than {LEAST} scans in a half of the window", "read more days")
    return (after["usd"] / after["scans"]) / (before["usd"] / before["scans"]) - 1
