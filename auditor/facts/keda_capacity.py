"""How many GPU replicas the node groups can hold at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.checks import GroupFit
from auditor.facts.gpu import Gpu
from auditor.facts.node_fit import NodeFit
from auditor.facts.queues import consumer_pods
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class KedaCapacity:
    """``facts.keda_capacity`` of a KEDA scaler: ``{gpu, replicas, groups, refs}``.

    ``gpu``: its pods ask for accelerators. ``replicas``: how many of them the groups that take one hold when all
    are at their maximum; Unknown when no group is known or one has no known maximum.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._gpu = Gpu(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        answer: dict[str, Any] = {"gpu": False, "replicas": 0, "groups": "", "refs": []}
        pods = consumer_pods(self._world, instance.resource)
        if not pods or not self._gpu.of(pods[0])["wants"]:
            return answer
        return answer | {"gpu": True} | self._capacity(pods[0])

    def _capacity(self, pod: Instance) -> dict[str, Any]:
        fact = self._world.get_fact("node_fit")
        assert isinstance(fact, NodeFit)
        fits = fact.fits(pod)
        if isinstance(fits, Unknown):
            return {"replicas": fits}
        taking = [fit for fit in fits if fit.ok is not False]
        if not taking:
            none = Unknown("no node group takes a pod of it", "repair what GPU-001 says first")
            return {"replicas": none}
        held = [self._replicas(pod, fit) for fit in taking]
        unknown = next((each for each in held if isinstance(each, Unknown)), None)
        total = unknown if unknown is not None else sum(each for each in held if isinstance(each, int))
        groups = [fit.template.group for fit in taking]
        return {
            "replicas": total,
            "groups": ", ".join(sorted(fit.template.name for fit in taking)),
            "refs": [self._world.ref(each.resource, each.source_path(("max",))) for each in groups],
        }

    def _replicas(self, pod: Instance, fit: GroupFit) -> int | Unknown:
        """Replicas that a group holds: its maximum of nodes by what one node has of the accelerator."""
        most, types = fit.template.value.get("max"), fit.template.types()
        if isinstance(most, Unknown):
            return most
        if isinstance(types, Unknown):
            return types
        wanted = self._gpu.of(pod)
        if not isinstance(most, int):
            return _within_limits(fit, wanted)
        offered = max(
            (fit.template.room(each).extended.get(name, 0) for each in types for name in wanted["resources"]),
            default=0,
        )
        if not offered:
            return Unknown(
                f"how many pods share a GPU of {fit.template.name} is not known", "declare the sharing"
            )
        return most * int(offered // max(wanted["count"], 1))


def _within_limits(fit: GroupFit, wanted: dict[str, Any]) -> int | Unknown:
    """Replicas that a pool's limits of accelerators leave room for; such a pool has no number of nodes."""
    limits = fit.template.value.get("limits")
    found = [limits[name] for name in wanted["resources"] if type(limits) is dict and name in limits]
    if not found or not all(str(each).isdigit() for each in found):
        name = fit.template.name
        return Unknown(f"{name} has no maximum of nodes", "set a maximum, or a GPU limit on the NodePool")
    count: int = wanted["count"]
    return min(int(each) for each in found) // max(count, 1)
