"""The whole Kubernetes object, for rules about metadata that every kind has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.model import Resource
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class ObjectView:
    """Any Kubernetes object as it is; ``object`` in CEL, as everywhere."""

    name = "Object"
    variable = "object"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for everything that is neither Terraform nor a plain file."""
        return api_version not in ("terraform", "file")

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a resource."""
        yield Instance("Object", resource, resource.body)
