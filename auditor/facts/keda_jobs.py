"""What one replica or job of a scaler takes, and how long its pod has to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.declared import Declared
from auditor.facts.queues import GRACE, consumer_pods
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World


class KedaJobs:
    """``facts.keda_jobs`` of a KEDA scaler: ``{owner, p95, longest, max_in_flight, grace, pre_stop, refs}``.

    Times in seconds. ``p95``, ``longest`` and ``max_in_flight`` are declared on the workload or on the scaler,
    else Unknown. ``pre_stop`` is the longest sleep of a container before it is asked to end; 0 without one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._declared = Declared(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        scaler = instance.resource
        pods = consumer_pods(self._world, scaler)
        owner = pods[0].resource if pods else scaler
        said = self._declared.of(Instance("", owner, owner.body))
        own = self._declared.of(instance)
        pick = {name: own[name] if isinstance(said[name], Unknown) else said[name] for name in said}
        absent = Unknown(
            f"the workload of {scaler.title} is not here",
            "audit the folder that holds it together with the scaler",
        )
        return {
            "owner": owner.title,
            "p95": pick["p95_seconds"],
            "longest": pick["max_seconds"],
            "max_in_flight": pick["max_in_flight"],
            "grace": float(pods[0].value.get("terminationGracePeriodSeconds", GRACE)) if pods else absent,
            "pre_stop": _pre_stop(pods[0].value) if pods else 0.0,
            "refs": [self._world.ref(pods[0].resource, pods[0].source_path(()))] if pods else [],
        }


def _pre_stop(pod: dict[str, Any]) -> float:
    containers = pod.get("containers")
    found = [
        dig(each, ("lifecycle", "preStop", "sleep", "seconds"))
        for each in (containers if type(containers) is list else ())
    ]
    return max((float(each) for each in found if isinstance(each, int)), default=0.0)
