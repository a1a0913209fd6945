"""How one container reaches GPUs: through the device plugin, and past it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.gpu import gpu_resources, is_gpu_resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class GpuContainer:
    """``facts.gpu_container``: ``{wants, resources, problem, device_mounts}``.

    ``problem`` says in words what the API server would refuse about the GPU amounts, '' when nothing.
    ``device_mounts`` are host paths of GPU device files that the container mounts, sorted.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """Facts of a container instance."""
        container, pod = instance.value, instance.extra.get("pod", {})
        wanted = gpu_resources(container)
        return {
            "wants": any(str(amount) != "0" for amount in wanted.values() if not isinstance(amount, Unknown)),
            "resources": sorted(wanted),
            "problem": _problem(container),
            "device_mounts": _device_mounts(container, pod),
        }


def _problem(container: dict[str, Any]) -> str | Unknown:
    resources = container.get("resources")
    if type(resources) is not dict:
        return ""
    limits, requests = (_gpu_amounts(resources.get(section)) for section in ("limits", "requests"))
    for name in sorted({*limits, *requests}):
        amount, asked = limits.get(name), requests.get(name)
        for value in (amount, asked):
            if isinstance(value, Unknown):
                return value
            if value is not None and not _is_whole(value):
                return f"{name} is {value!r}, not a whole number"
        if amount is None:
            return f"{name} is requested but not limited; GPUs stand in limits"
        if asked is not None and str(asked) != str(amount):
            return f"{name} requests {asked} and limits {amount} differ; GPUs cannot be overcommitted"
    return ""


def _gpu_amounts(listed: Any) -> dict[str, Any]:
    return {name: listed[name] for name in listed if is_gpu_resource(name)} if type(listed) is dict else {}


def _is_whole(value: Any) -> bool:
    """Whether the API server takes the amount for an extended resource: any quantity that is an integer."""
    from auditor.quantity import QuantityError, parse_quantity

    try:
        return parse_quantity(value).denominator == 1
    except QuantityError:
        return False


def _device_mounts(container: dict[str, Any], pod: dict[str, Any]) -> list[str]:
    volumes = pod.get("volumes")
    paths = {
        volume["name"]: volume["hostPath"].get("path")
        for volume in (volumes if type(volumes) is list else ())
        if type(volume) is dict and type(volume.get("hostPath")) is dict and type(volume.get("name")) is str
    }
    mounts = container.get("volumeMounts")
    found = {
        paths.get(mount["name"])
        for mount in (mounts if type(mounts) is list else ())
        if type(mount) is dict and type(mount.get("name")) is str
    }
    return sorted(path for path in found if type(path) is str and path.startswith("/dev/nvidia"))
