"""Whether nodes have accelerators, as EC2 itself says of their type: newer than any table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.instances import MIG_MODELS
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

TYPE = "data.aws_ec2_instance_type"
_RESOURCES = {"NVIDIA": "nvidia.com/gpu", "AMD": "amd.com/gpu", "Habana": "habana.ai/gaudi"}


def told_by_ec2(group: Instance, world: World) -> Instance:
    """The node group with what EC2 says of its types' GPUs, where EC2 was asked about all of them."""
    types = group.value["instance_types"]
    if type(types) is not list or not types or not all(type(each) is str for each in types):
        return group
    known = {each.body.get("instance_type"): each.body for each in world.at_hand("terraform", TYPE)}
    found = [known.get(each) for each in types]
    if not all(found):
        return group
    gpus = [body.get("gpus", []) for body in found if body is not None]
    if any(gpus):
        group.value["is_gpu"] = group.value["gpu_capable"] = True
    if gpus[0]:
        group.value["gpu"] = _shown(gpus[0])
    return group


def _shown(gpus: list[dict[str, Any]]) -> dict[str, Any]:
    first = gpus[0]
    memory = (first.get("memory_info") or [{}])[0]
    model = str(first.get("name", ""))
    return {
        "count": sum(each.get("count", 0) for each in gpus),
        "model": model,
        "vram_mib": memory.get("size_in_mib", 0),
        "resource": _RESOURCES.get(str(first.get("manufacturer", "")), ""),
        "mig_capable": model in MIG_MODELS,
    }
