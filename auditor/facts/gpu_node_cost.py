"""What a GPU node cost by phase of its life, and what keeps it while it does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.prices import HOURS_PER_MONTH
from auditor.facts.metrics_prices import METRICS, Declarations, hourly
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

IDLE = ("keep_warm", "drain", "empty")
"""Phases in which a GPU is paid for and does no work, nor gets ready for it."""
WORDS = {"keep_warm": "pods waited for work", "drain": "it was cordoned", "empty": "no GPU pod ran on it"}


class GpuNodeCost:
    """``facts.gpu_node_cost`` of a GpuNode: ``{usd_per_hour, usd, phases, idle_share, idle_usd_per_month, why,
    explanation, refs}``.

    ``usd``: of its life in the window; ``phases``: its parts, summing to it. ``why``: the idle phases in words.
    ``explanation``: what holds the node now, where its cluster was read; ``refs`` those that Git declares, in Git.
    Unknown where nobody measured the GPUs.
    """

    LOOKS_AT = ("/Node", "/Pod")

    def __init__(self, world: World) -> None:
        self._world = world
        self._declared = Declarations(world)
        self._nodes = {each.name: each for each in world.at_hand("", "Node")}

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        if not body["measured"]:
            return Unknown(
                f"no GPU of {body['node']} was measured: whether it computed is not known",
                "run NVIDIA's dcgm-exporter on it, and scrape it",
            )
        price = hourly(self._world, body)
        parts = body["gpu_seconds"]
        seconds = sum(parts.values())
        idle = sum(parts[each] for each in IDLE)
        return {
            "usd_per_hour": price,
            **_money(price, body),
            "idle_share": idle / seconds if seconds else 0.0,
            "idle_hours": idle / body["gpus"] / 3600,
            "why": ", ".join(
                f"{parts[each] / seconds:.0%} {WORDS[each]}" for each in IDLE if seconds and parts[each] > 0
            ),
            **self._held(body),
        }

    def _held(self, body: dict[str, Any]) -> dict[str, Any]:
        node = self._nodes.get(body["node"])
        if node is None or not body["alive"]:
            return {"explanation": "", "refs": []}
        found = self._world.fact("node_use", Instance("", node, node.body))
        if isinstance(found, Unknown):
            return {"explanation": "", "refs": []}
        refs = [self._in_git(each["ref"]) for each in found["blockers"] if each["ref"]]
        return {"explanation": found["explanation"], "refs": list(dict.fromkeys(refs))}

    def _in_git(self, ref: str) -> str:
        """The same object in Git: there it is repaired."""
        resolved = self._world.resolve(ref)
        live: Resource | None = resolved[0] if resolved else None
        twin = self._declared.of(live.kind, live.namespace, live.name) if live is not None else None
        return ref if twin is None else self._world.ref(twin)


def _money(price: float | Unknown, body: dict[str, Any]) -> dict[str, Any]:
    if isinstance(price, Unknown):
        return dict.fromkeys(("usd", "phases", "idle_usd_per_month"), price)
    per_second = price / body["gpus"] / 3600
    parts = {name: seconds * per_second for name, seconds in body["gpu_seconds"].items()}
    idle = sum(parts[each] for each in IDLE)
    return {
        "usd": sum(parts.values()),
        "phases": parts,
        "idle_usd_per_month": round(idle / (body["window"]["days"] * 24) * HOURS_PER_MONTH, 2),
    }


def gpu_usd(world: World) -> float | Unknown:
    """USD of all GPU nodes in the window; UnknownUsed where they were not read."""
    total = 0.0
    for each in world.kind(METRICS, "GpuNode"):
        price = hourly(world, each.body)
        if isinstance(price, Unknown):
            return price
        total += price * each.body["seconds"] / 3600
    return total
