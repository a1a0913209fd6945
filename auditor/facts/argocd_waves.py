"""Sync waves: in which order Argo CD applies the objects of one Application, and whom it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.argocd import GROUP
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

WAVE = "argocd.argoproj.io/sync-wave"
HEALTH = "resource.customizations.health.argoproj.io_Application"
LEGACY = "resource.customizations"


def wave_of(resource: Resource) -> int:
    """The object's sync wave; 0 when it names none or no number (as Argo CD reads it)."""
    written = resource.annotations.get(WAVE)
    if isinstance(written, Unknown):
        return 0
    try:
        return int(str(written)) if written is not None else 0
    except ValueError:
        return 0


class SyncWave:
    """``facts.sync_wave`` of an object: ``{wave, definition}``.

    ``definition`` is ``{found, title, wave, refs}`` of the CustomResourceDefinition of its kind, when the same
    target deploys it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._definitions = {
            (str(dig(each.body, ("spec", "group"))), str(dig(each.body, ("spec", "names", "kind")))): each
            for each in world.kind("apiextensions.k8s.io", "CustomResourceDefinition")
        }

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        found = self._definitions.get((resource.group, resource.kind))
        definition: dict[str, Any] = {"found": False, "title": "", "wave": 0, "refs": []}
        if found is not None:
            path = ("metadata", "annotations", WAVE)
            refs = [self._world.ref(found, path)]
            definition = {"found": True, "title": found.title, "wave": wave_of(found), "refs": refs}
        return {"wave": wave_of(resource), "definition": definition}


class ApplicationHealth:
    """``facts.application_health`` of argocd-cm: ``{waves, applications, assessed, refs}``.

    ``waves``: how many different waves the Applications of the tree are in; ``assessed``: the ConfigMap says
    how the health of an Application is told, so that a wave waits for it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        applications = [each for each in world.anywhere("Application") if each.group == GROUP]
        self._waves = len({wave_of(each) for each in applications})
        self._waved = [each for each in applications if WAVE in each.annotations]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        data = instance.resource.body.get("data")
        data = data if type(data) is dict else {}
        path = ("metadata", "annotations", WAVE)
        return {
            "waves": self._waves,
            "applications": sorted({each.name for each in self._waved}),
            "assessed": HEALTH in data or "argoproj.io/Application" in str(data.get(LEGACY, "")),
            "refs": [self._world.ref(each, path) for each in self._waved[:3]],
        }
