"""Pods that are always there, may run on GPU nodes, and say how an autoscaler must treat them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.gpu import Gpu
from auditor.facts.scale_to_zero import ScaleToZero
from auditor.facts.workloads import DO_NOT_DISRUPT, annotations_of
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class Pinning:
    """``facts.pinning`` of a pod or pod template: ``{always_on, on_gpu_nodes, do_not_disrupt, refs}``.

    ``on_gpu_nodes``: it asks for a GPU, or a GPU group that is known here surely takes it.
    """

    def __init__(self, world: World) -> None:
        self._world, self._gpu = world, Gpu(world)
        fact = world.get_fact("scale_to_zero")
        assert isinstance(fact, ScaleToZero)
        self._zero = fact

    def of(self, instance: Instance) -> Any:
        """See the class."""
        pods = [instance]
        if instance.view != "PodSpec":
            pods = self._world.instances_of("PodSpec", instance.resource)
        if not pods:
            return {"always_on": "", "on_gpu_nodes": False, "do_not_disrupt": False, "refs": []}
        fact = self._zero.of(pods[0])
        return {
            "always_on": fact["always_on"],
            "on_gpu_nodes": self._gpu.of(pods[0])["wants"] or bool(fact["lands_on"]),
            "do_not_disrupt": annotations_of(pods[0]).get(DO_NOT_DISRUPT, "false") != "false",
            "refs": fact["group_refs"],
        }
