"""What the API server would refuse or drop in an object of a built-in kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.k8s_schema import has_schema, structural_problems
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class Schema:
    """``facts.schema``: ``{known, problems: [{at, what, suggestion, kind}]}``.

    ``known``: there is a schema for the kind. ``at`` is the place in the path grammar; ``kind`` is
    unknown-field, missing-field, wrong-type or limit; ``suggestion`` the nearest right name of a field, or ''.
    ``problems`` is Unknown where only fields are missing and a chart was rendered with nothing but its own
    values: whoever installs it gives the rest.
    """

    def __init__(self, world: World) -> None:
        kind, name, path = world.label
        self._plain_chart = kind == "helm" and name == (path or ".")

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        known = has_schema(resource.api_version, resource.kind)
        found = structural_problems(resource.api_version, resource.kind, resource.body) if known else ()
        if found and self._plain_chart and all(problem.kind == "missing-field" for problem in found):
            words = f"{found[0].what} with the chart's own values, and whoever installs it may give more"
            return {
                "known": known,
                "problems": Unknown(words, "audit the chart with the values it is installed with"),
            }
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
