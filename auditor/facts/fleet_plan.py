"""Whether fewer nodes of the same family would hold what the always-on nodes hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.prices import HOURS_PER_MONTH
from auditor.facts.metrics_prices import hourly
from auditor.unknown import Unknown
from auditor.usage.fleet import consolidated
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

MIN_DAYS = 3.0


class FleetPlan:
    """``facts.fleet_plan`` of a Fleet: ``{usd_per_hour, plan, nodes, instance_type, saved, …}``.

    ``plan``: ``1 × t3.large``, '' where nothing is cheaper; ``saved``: share of today's price. It has to hold the most
    that was requested and the most that was used. Unknown without prices, or for a history under three days.
    """

    LOOKS_AT = ("/Node",)

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        if body["history_days"] < MIN_DAYS:
            days = f"{body['history_days']:.1f} days of history; a suggestion needs {MIN_DAYS:g}"
            return Unknown(days, "wait, or keep metrics for longer")
        if "requested_cores" not in body or "requested_gib" not in body:
            return Unknown("what pods request is not known", "run kube-state-metrics, and scrape it")
        today = 0.0
        for node in body["nodes"]:
            usd = hourly(self._world, node)
            if isinstance(usd, Unknown):
                return usd
            today += usd
        return {"usd_per_hour": today, **self._plan(body)}

    def _plan(self, body: dict[str, Any]) -> dict[str, Any]:
        cores, gib = (
            max(body[f"{kind}_{unit}"]["max"] for kind in ("requested", "used") if f"{kind}_{unit}" in body)
            for unit in ("cores", "gib")
        )
        region = next((node["region"] for node in body["nodes"]), "")
        types = [node["instance_type"] for node in body["nodes"]]
        found = consolidated(types, cores, gib, lambda kind: self._price(kind, region))
        if found is None:
            return {
                "plan": "",
                "nodes": 0,
                "instance_type": "",
                "plan_usd_per_hour": 0.0,
                "saved": 0.0,
                "saved_usd_per_month": 0.0,
            }
        saved = found.today_usd_per_hour - found.usd_per_hour
        return {
            "nodes": found.nodes,
            "instance_type": found.instance_type,
            "plan": f"{found.nodes} × {found.instance_type}",
            "plan_usd_per_hour": found.usd_per_hour,
            "saved": found.saved,
            "saved_usd_per_month": round(saved * HOURS_PER_MONTH, 2),
        }

    def _price(self, kind: str, region: str) -> float | None:
        found = hourly(self._world, {"instance_type": kind, "region": region})
        return None if isinstance(found, Unknown) else found
