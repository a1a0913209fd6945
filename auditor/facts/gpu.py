"""Which GPUs a pod asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import CONTAINER_LISTS

if TYPE_CHECKING:
    from auditor.world import World

NVIDIA = "nvidia.com/"
VENDORS = {"nvidia.com", "amd.com", "gpu.intel.com", "aws.amazon.com", "habana.ai"}


def is_gpu_resource(name: str) -> bool:
    """Whether an extended resource is an accelerator: whole GPUs, MIG slices, shared GPUs, Neuron, Gaudi.

    Device plugins name them ``nvidia.com/gpu``, ``nvidia.com/gpu.shared``, ``nvidia.com/mig-1g.5gb``,
    ``amd.com/gpu``, ``gpu.intel.com/i915``, ``aws.amazon.com/neuron*`` and ``habana.ai/gaudi``.
    """
    vendor, _, device = name.partition("/")
    return vendor in VENDORS and device.startswith(("gpu", "mig-", "i915", "xe", "neuron", "gaudi"))


def gpu_resources(container: dict[str, Any]) -> dict[str, Any]:
    """Accelerators of one container, as written: limits, else requests. Keys are resource names."""
    found: dict[str, Any] = {}
    resources = container.get("resources")
    if type(resources) is not dict:
        return found
    for section in ("requests", "limits"):
        listed = resources.get(section)
        if type(listed) is dict:
            found |= {name: listed[name] for name in listed if is_gpu_resource(name)}
    return found


class Gpu:
    """``facts.gpu`` of a pod: ``{wants, count, resources}``.

    ``wants``: some container asks for an accelerator (more than zero of it). ``resources``: their names,
    sorted. ``count``: whole accelerators that the pod needs at once (the maximum of init containers and the
    sum of the others, as the scheduler counts), Unknown when an amount is no whole number.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        pod = instance.extra.get("pod", instance.value)
        if instance.view == "PodTemplate":
            pod = pod.get("spec")
        if type(pod) is not dict:
            pod = {}
        names: set[str] = set()
        together, alone = 0, 0
        for field in CONTAINER_LISTS:
            listed = pod.get(field)
            for container in listed if type(listed) is list else ():
                wanted = gpu_resources(container) if type(container) is dict else {}
                amounts = {name: _whole(amount) for name, amount in wanted.items()}
                names |= {name for name, amount in amounts.items() if amount != 0}
                total = sum(amount or 0 for amount in amounts.values())
                if field == "initContainers" and container.get("restartPolicy") != "Always":
                    alone = max(alone, total)
                else:
                    together += total
        return {"wants": bool(names), "resources": sorted(names), "count": max(together, alone)}


def _whole(amount: Any) -> int | None:
    if isinstance(amount, Unknown):
        return None
    try:
        return int(str(amount))
    except ValueError:
        return None
