"""What the API server would refuse or drop in an object of a built-in kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.k8s_schema import has_schema, structural_problems
from auditor.paths import get, render
from auditor.placeholders import has_placeholder
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class Schema:
    """``facts.schema``: ``{known, problems: [{at, what, suggestion, kind}]}``.

    ``known``: there is a schema for the kind. ``at`` is the place in the path grammar; ``kind`` is
    unknown-field, missing-field, wrong-type or limit; ``suggestion`` the nearest right name of a field, or ''.
    ``problems`` is Unknown where only fields are missing and a chart was rendered with nothing but its own
    values: whoever installs it gives the rest. It is Unknown too where all that is wrong are placeholders.
    """

    def __init__(self, world: World) -> None:
        kind, name, path = world.label
        self._plain_chart = kind == "helm" and name == (path or ".")

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        known = has_schema(resource.api_version, resource.kind)
        listed = structural_problems(resource.api_version, resource.kind, resource.body) if known else []
        found = [each for each in listed if not has_placeholder(get(resource.body, each.path))]
        if listed and not found:
            words = f"{resource.title} is a template: {listed[0].what}"
            return {"known": known, "problems": Unknown(words, "audit what it is filled in to")}
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
