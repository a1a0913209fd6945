"""How the device plugin divides GPUs in a target: the names and numbers of what it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

GPU = "nvidia.com/gpu"


class GpuSharing:
    """``facts.gpu_sharing``: ``{found, replicas, renamed, ref}`` of the largest time-slicing configuration.

    ``replicas`` is how many pods share a GPU (1 without sharing); ``renamed`` whether the shares are called
    ``nvidia.com/gpu.shared``.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.replicas, self.renamed = 1, False
        self.place: tuple[Resource, Path] | None = None
        for resource in world.kind("", "ConfigMap"):
            data = resource.body.get("data")
            for key, text in data.items() if type(data) is dict else ():
                if isinstance(text, str) and ("timeSlicing" in text or "mps" in text):
                    self._read(resource, ("data", key), text)

    def _read(self, resource: Resource, path: Path, text: str) -> None:
        for slicing in _sharing(text):
            listed = slicing.get("resources")
            for entry in listed if type(listed) is list else ():
                replicas = entry.get("replicas") if type(entry) is dict else None
                if type(replicas) is int and entry.get("name") == GPU and replicas > self.replicas:
                    renamed = slicing.get("renameByDefault") is True or entry.get("rename") == f"{GPU}.shared"
                    self.replicas, self.renamed, self.place = replicas, renamed, (resource, path)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        del instance
        return {
            "found": self.place is not None,
            "replicas": self.replicas,
            "renamed": self.renamed,
            "ref": self._world.ref(*self.place) if self.place else "",
        }

    def offered(self, whole: dict[str, int]) -> dict[str, int]:
        """What a node offers whose type has ``whole`` accelerators."""
        count = whole.get(GPU)
        if not count or self.replicas == 1:
            return whole
        name = f"{GPU}.shared" if self.renamed else GPU
        return {**{key: value for key, value in whole.items() if key != GPU}, name: count * self.replicas}


def _sharing(text: str) -> list[dict[str, Any]]:
    from auditor.yamlio import load_stream

    found = []
    for document in load_stream(text.encode(), "config"):
        body = document.body
        sharing = body.get("sharing") if type(body) is dict and not isinstance(body, Unknown) else None
        for way in ("timeSlicing", "mps"):
            section = sharing.get(way) if type(sharing) is dict else None
            if type(section) is dict:
                found.append(section)
    return found
