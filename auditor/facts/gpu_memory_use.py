"""What a workload's unused GPU memory costs, and how much of it its manifest declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.instances import instance
from auditor.data.prices import HOURS_PER_MONTH
from auditor.facts.metrics_prices import WORKLOADS, Declarations, hourly
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class GpuMemoryUse:
    """``facts.gpu_memory_use`` of a WorkloadUsage with ``gpu_memory``: ``{waste, declared_gib, refs}``.

    ``waste``: USD a month of the share of GPU memory that nobody used, at the price of the GPUs' nodes; Unknown where
    one of them has none. ``declared_gib``: ``auditor.dev/vram-gib`` of the manifest, else of the running object.
    """

    LOOKS_AT = ("/Node",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._declared = Declarations(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        twin = self._declared.of(*(body["workload"][field] for field in ("kind", "namespace", "name")))
        return {
            "waste": self._waste(body),
            "declared_gib": self._declared_gib(body["workload"], twin),
            "refs": [self._world.ref(twin)] if twin is not None else [],
        }

    def _waste(self, body: dict[str, Any]) -> float | Unknown:
        total = 0.0
        for node in body.get("gpu_memory", {}).get("nodes", ()):
            price, known = hourly(self._world, node), instance(node["instance_type"])
            if isinstance(price, Unknown):
                return price
            if known is None or not known.gpu_count:
                return Unknown(
                    f"how many GPUs a {node['instance_type']} has is not known", "declare no price for it"
                )
            total += float(node["unused_gpu_hours"]) * price / known.gpu_count
        hours = float(body["window"]["days"]) * 24
        return round(total / hours * HOURS_PER_MONTH, 2)

    def _declared_gib(self, workload: dict[str, Any], twin: Resource | None) -> Any:
        found = twin or self._running(workload)
        if found is None:
            title = f"{workload['kind']} {workload['namespace']}/{workload['name']}"
            return Unknown(f"no manifest of {title} was read", "add --git or --cluster")
        declared = self._world.fact("declared", Instance("", found, found.body))
        return declared if isinstance(declared, Unknown) else declared["vram_gib"]

    def _running(self, workload: dict[str, Any]) -> Resource | None:
        wanted = (workload["kind"], workload["namespace"], workload["name"])
        same = (
            each
            for each in self._world.anywhere(*WORKLOADS)
            if (each.kind, each.namespace, each.name) == wanted
        )
        return next((each for each in same if each.origin.source != "git"), None)
