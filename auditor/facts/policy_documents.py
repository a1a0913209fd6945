"""What a policy document grants too freely, and which data source a resource takes its document from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from auditor.iam.risks import Openness, analyse, data_reads, of_level
from auditor.iam.trust import entrances
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.identity import shown_entrance
from auditor.views.interface import Instance
from auditor.views.policy_documents import DATA, Held, held_documents

if TYPE_CHECKING:
    from auditor.world import World

SHOWN = 4
"""Actions that a message names before it only counts."""


class PolicyDocuments:
    """``facts.policy_document`` of a document: ``{statements, entrances}``.

    ``statements``, in their order: ``{unlimited, writes, grants, reads, escalations, shown}``: actions that a
    resource could limit and that the statement allows on every resource without a condition; those of them
    that write, that manage permissions, that read stored data; what can be made of it; and a text of each.
    ``entrances`` of a trust policy: ``{index, way, subjects, audiences, …}`` as in auditor.iam.trust.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._sources: dict[str, list[Resource]] | None = None

    def of(self, instance: Instance) -> Any:
        """See the class."""
        for held in held_documents(instance.resource):
            if held.base == instance.base:
                return self._answer(held)
        return Unknown("the document could not be found again", "report it")

    def source_of(self, resource: Resource, held: Held) -> Resource | None:
        """The data source that gives the document; one of the resource's own root where there are several."""
        if resource.api_version != "terraform":
            return None
        if self._sources is None:
            self._sources = _sources(self._world)
        value: Any = resource.body
        for step in held.base:
            value = value[step]
        found = self._sources.get(_canonical(value), []) if value is not None else []
        near = (each for each in found if self._world.at_address(resource, each.name) is each)
        return next(near, found[0] if found else None)

    def _answer(self, held: Held) -> Any:
        document = held.document
        if isinstance(document, Unknown):
            return document
        ways = list(entrances(document)) if held.purpose == "trust" else []
        return {
            "statements": [_row(each) for each in analyse(document)],
            "entrances": [each if isinstance(each, Unknown) else shown_entrance(each) for each in ways],
        }


def _row(found: Openness | Unknown) -> Any:
    if isinstance(found, Unknown):
        return found
    names = {
        "unlimited": [each.name for each in found.unlimited],
        "writes": of_level(found.unlimited, "Write"),
        "grants": of_level(found.unlimited, "Permissions management"),
        "reads": data_reads(found.unlimited),
        "escalations": list(found.escalations),
    }
    return {**names, "shown": {name: enumerated(listed) for name, listed in names.items()}}


def enumerated(names: list[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _sources(world: World) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for resource in world.kind("terraform", DATA):
        for name in ("json", "minified_json"):
            if name in resource.body:
                found.setdefault(_canonical(resource.body[name]), []).append(resource)
    return found


def _canonical(value: Any) -> str:
    """A text that is equal for equal documents, unknown parts compared by what they refer to."""
    from auditor.terraform import identity, policy_document

    def named(part: Any) -> str:
        return identity(part) or f"?{id(part)}"

    document = policy_document(value)
    if isinstance(document, Unknown):
        return named(value)
    return json.dumps(document, sort_keys=True, default=named)
