"""What a workload's unused requests cost, and where Git declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.prices import HOURS_PER_MONTH
from auditor.facts.metrics_prices import Declarations, unit_prices
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.facts.metrics_prices import UnitPrices
    from auditor.world import World

GIB = 1024**3


class UsageCost:
    """``facts.usage_cost`` of a WorkloadUsage: ``{waste, refs}``.

    ``waste``: USD a month of what is asked for and not used, by row (``worker/cpu``), at the on-demand price of the
    always-on nodes; Unknown without one. ``refs``: the manifest, where Git declares it once.
    """

    LOOKS_AT = ("metrics/Fleet", "/Node")

    def __init__(self, world: World) -> None:
        self._world = world
        self._declared = Declarations(world)
        try:
            self._prices: UnitPrices | Unknown = unit_prices(world)
        except UnknownUsed as used:
            self._prices = used.unknown

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        workload = body["workload"]
        twin = self._declared.of(workload["kind"], workload["namespace"], workload["name"])
        hours = body["window"]["days"] * 24
        return {
            "waste": {row["name"]: self._waste(row, hours) for row in body["rows"]},
            "refs": [self._world.ref(twin)] if twin is not None else [],
        }

    def _waste(self, row: dict[str, Any], hours: float) -> float | Unknown:
        if isinstance(self._prices, Unknown):
            return self._prices
        idle = float(row.get("idle_unit_hours", 0.0))
        usd = idle * self._prices.core if row["resource"] == "cpu" else idle / GIB * self._prices.gib
        return round(usd / hours * HOURS_PER_MONTH, 2)
