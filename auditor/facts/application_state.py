"""An Argo CD Application at the moment: synced, healthy, and since when not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.running import in_words, seconds_since
from auditor.model import Resource
from auditor.patterns import regex
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

_COMMIT = regex("[0-9a-f]{40}|[0-9a-f]{64}")


class ApplicationState:
    """``facts.application_state``: ``{known, sync, health, message, seconds, text, operation, audited, commits}``.

    ``seconds``: since the last operation ended, or the last change of health where it is later: how long the
    state has lasted at least. ``commits``: what was synced, of each source that is a Git repository. ``audited``: the
    commit of the tree, where it declares what this Application deploys; else ''.
    """

    LOOKS_AT = ("argoproj.io/Application",)

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        sync, health = _text(body, "sync", "status"), _text(body, "health", "status")
        times = [
            dig(body, ("status", "operationState", "finishedAt")),
            dig(body, ("status", "health", "lastTransitionTime")),
        ]
        ages = [age for each in times if (age := seconds_since(self._world, each)) is not None]
        age = (
            min(ages)
            if ages
            else seconds_since(self._world, instance.resource.metadata.get("creationTimestamp")) or 0.0
        )
        conditions = dig(body, ("status", "conditions"))
        said = [str(each.get("message", "")) for each in conditions or () if type(each) is dict]
        words = (
            _text(body, "health", "message") or _text(body, "operationState", "message") or "; ".join(said)
        )
        return {
            "known": bool(sync),
            "sync": sync,
            "health": health,
            "operation": _text(body, "operationState", "phase"),
            "message": words[:160],
            "seconds": age,
            "text": in_words(age),
            "commits": _commits(body),
            "audited": self._audited(instance.resource),
        }

    def _audited(self, application: Resource) -> str:
        deployers = (each.deployed_by for each in self._world.around.targets)
        same = any(
            each is not None
            and each.name == application.name
            and each.namespace in ("", application.namespace)
            for each in deployers
        )
        return self._world.around.commit if same else ""


def _commits(body: dict[str, Any]) -> list[str]:
    """Versions of charts are left out: no tree is at them."""
    several = dig(body, ("status", "sync", "revisions"))
    found = several if type(several) is list and several else [_text(body, "sync", "revision")]
    return [each for each in found if type(each) is str and _COMMIT.fullmatch(each)]


def _text(body: dict[str, Any], *path: str) -> str:
    found = dig(body, ("status", *path))
    return found if type(found) is str else ""
