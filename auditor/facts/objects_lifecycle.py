"""What becomes of an object's API version: when it is deprecated, when removed, what replaces it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.api_versions import ApiLifecycle, lifecycle
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

NEVER = 10_000
"""Stands for a minor that is not planned, so that a policy can compare without asking for null."""

_STAYS: dict[str, Any] = {"leaving": False, "deprecated_minor": NEVER, "removed_minor": NEVER, "use": ""}


class ApiVersion:
    """``facts.api_version``: ``{leaving, deprecated_minor, removed_minor, use}`` of the object's API version.

    Minors are those of Kubernetes 1.x, :data:`NEVER` where none is planned. ``leaving``: the version is known
    and on its way out. ``use`` is ``apiVersion kind`` of the replacement, '' where there is none.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        found = lifecycle(instance.resource.api_version, instance.resource.kind)
        return _STAYS if found is None else _row(found)


def _row(found: ApiLifecycle) -> dict[str, Any]:
    return {
        "leaving": True,
        "deprecated_minor": NEVER if found.deprecated_minor is None else found.deprecated_minor,
        "removed_minor": NEVER if found.removed_minor is None else found.removed_minor,
        "use": " ".join(found.replacement) if found.replacement else "",
    }
