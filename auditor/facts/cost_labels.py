"""By which labels the cost of a workload's pods can be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.scaling import wants_gpu
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World


class CostLabels:
    """``facts.cost_labels`` of a pod template: ``{gpu, labels}``.

    ``labels``: the pods' labels and those of their namespace where the tree declares it, as OpenCost and
    Kubecost allocate by.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._namespaces = {each.name: each.labels for each in world.kind("", "Namespace")}

    def of(self, instance: Instance) -> Any:
        """See the class."""
        labels = dig(instance.value, ("metadata", "labels"))
        labels = labels if type(labels) is dict else {}
        own = self._namespaces.get(instance.resource.namespace, {})
        return {"gpu": wants_gpu(self._world, instance.resource), "labels": {**own, **labels}}
