"""Images that a build tool of the same tree builds, tags and writes into the manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.services import listed
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

SKAFFOLD = ("skaffold", "Config")


class ImageBuilds:
    """``facts.image_build`` of a container: ``{by}``, the file of the Skaffold configuration that builds its image.

    Skaffold looks for the bare name of each artifact in the manifests and puts its own tag there. ``by`` is ''
    where none of the tree does.
    """

    def __init__(self, world: World) -> None:
        self._files: dict[str, str] = {}
        for resource in world.anywhere(SKAFFOLD[1]):
            self._add(resource)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        image = instance.value.get("image")
        return {"by": "" if isinstance(image, Unknown) else self._files.get(str(image), "")}

    def _add(self, resource: Resource) -> None:
        if (resource.group, resource.kind) != SKAFFOLD:
            return
        builds = [resource.body, *(each for _, each in listed(resource.body, ("profiles",)))]
        for build in builds:
            for _, artifact in listed(build, ("build", "artifacts")):
                name = dig(artifact, ("image",))
                if type(name) is str:
                    self._files.setdefault(name, resource.origin.file)
