"""Which Terraform blocks speak of a block: a repository's lifecycle policy, a VPC's flow logs, a bucket's ACL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.views.interface import Instance
from auditor.views.terraform_values import targets_of

if TYPE_CHECKING:
    from auditor.world import World

_IDENTIFIERS = ("id", "arn")
_OWN_NAMES = (*_IDENTIFIERS, "name")


class Referrers:
    """``facts.referrers`` of a Terraform block: ``{type: [{address, field, body, ref}]}``.

    A block refers to another one by its address, by its id or ARN (in a state), or, within one service, by its
    name. ``field`` is the argument that does. Blocks of the same root only.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_address: dict[tuple[int, str], list[tuple[Resource, str]]] = {}
        self._by_value: dict[str, list[tuple[Resource, str]]] = {}
        for target in (world.target, *world.tied):
            for resource in target.resources:
                if resource.api_version == "terraform" and resource.kind != "root":
                    self._index(id(target), resource)
        self._unread = {
            kind: found.why
            for target in (world.target, *world.tied)
            if target.reach is not None
            for table in (target.reach.unread, target.reach.skipped)
            for (group, kind), found in table.items()
            if group == "terraform"
        }
        self._home = {
            id(resource): id(target)
            for target in (world.target, *world.tied)
            for resource in target.resources
        }

    def _index(self, home: int, resource: Resource) -> None:
        for field, value in resource.body.items():
            for address in dict.fromkeys(address for address, _ in targets_of(value)):
                self._by_address.setdefault((home, address), []).append((resource, field))
            if isinstance(value, str) and value and field not in _OWN_NAMES:
                self._by_value.setdefault(value, []).append((resource, field))

    def of(self, instance: Instance) -> dict[str, Any]:
        """See the class. Types that could not be read live are Unknown."""
        found: dict[str, Any] = {}
        for resource, field in self.to(instance.resource):
            row = {"address": resource.name, "field": field, "body": resource.body}
            found.setdefault(resource.kind, []).append({**row, "ref": self._world.ref(resource, (field,))})
        return {**self._unread, **found}

    def to(self, resource: Resource) -> Iterator[tuple[Resource, str]]:
        """Blocks that refer to ``resource``, and by which argument."""
        home = self._home.get(id(resource), 0)
        yield from self._by_address.get((home, resource.name), ())
        whole = resource.name.partition("[")[0]
        if whole != resource.name:
            yield from self._by_address.get((home, whole), ())
        for name in _OWN_NAMES:
            value = resource.body.get(name)
            for other, field in self._by_value.get(value, ()) if isinstance(value, str) else ():
                if other is not resource and (name != "name" or _service(other) == _service(resource)):
                    yield other, field


def _service(resource: Resource) -> str:
    """``aws_ecr`` of ``aws_ecr_repository``: a name alone says something only inside one service."""
    return "_".join(resource.kind.split("_")[:2])
