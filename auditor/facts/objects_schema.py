"""What the API server would refuse or drop in an object of a built-in kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.k8s_schema import has_schema, structural_problems
from auditor.paths import render
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class Schema:
    """``facts.schema``: ``{known, problems: [{at, what, suggestion, kind}]}``.

    ``known``: there is a schema for the kind. ``at`` is the place in the path grammar; ``kind`` is
    unknown-field, missing-field, wrong-type or limit; ``suggestion`` the nearest right name of a field, or ''.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        known = has_schema(resource.api_version, resource.kind)
        found = structural_problems(resource.api_version, resource.kind, resource.body) if known else ()
        return {
            "known": known,
            "problems": [
                {
                    "at": render(resource.body, problem.path),
                    "what": problem.what,
                    "suggestion": problem.suggestion,
                    "kind": problem.kind,
                }
                for problem in found
            ],
        }
