"""An Argo CD Application at the moment: synced, healthy, and since when not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.running import in_words, seconds_since
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World


class ApplicationState:
    """``facts.application_state``: ``{known, sync, health, message, seconds, text, revision, operation, automated}``.

    ``seconds``: since the last operation ended, or the last change of health where it is later: how long the
    state has lasted at least.
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
            "revision": _text(body, "sync", "revision"),
            "automated": type(dig(body, ("spec", "syncPolicy", "automated"))) is dict,
        }


def _text(body: dict[str, Any], *path: str) -> str:
    found = dig(body, ("status", *path))
    return found if type(found) is str else ""
