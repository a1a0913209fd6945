"""Kubernetes objects inside other resources: what Terraform applies as manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor.model import Path, Resource
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from auditor.world import World

APPLYING = ("kubernetes_manifest", "kubectl_manifest")


class Manifest(Struct, frozen=True):
    """An object, where it stands in the resource, and whether paths below are the resource's own."""

    body: dict[str, Any]
    base: Path
    exact: bool

    def place(self, path: Path) -> Path:
        """The path in the resource's body that gives ``path`` of the object."""
        return self.base + path if self.exact else self.base


def applied(world: World) -> Iterator[Resource]:
    """Terraform blocks that apply manifests."""
    for kind in APPLYING:
        yield from world.kind("terraform", kind)


def manifests(resource: Resource) -> Iterator[Manifest]:
    """The Kubernetes objects that a resource is or applies."""
    if resource.api_version != "terraform":
        yield Manifest(resource.body, (), True)
    elif resource.kind == "kubernetes_manifest":
        found = resource.body.get("manifest")
        if type(found) is dict:
            yield Manifest(found, ("manifest",), True)
    elif resource.kind == "kubectl_manifest":
        text = resource.body.get("yaml_body")
        if isinstance(text, str):
            yield from (Manifest(body, ("yaml_body",), False) for body in _parsed(text))


def _parsed(text: str) -> Iterator[dict[str, Any]]:
    from auditor.yamlio import load_stream

    for document in load_stream(text.encode(), "yaml_body"):
        if type(document.body) is dict:
            yield document.body


def same(value: Any, wanted: Any) -> bool:
    """Whether two texts are known and equal."""
    known = not isinstance(value, Unknown) and not isinstance(wanted, Unknown)
    return known and isinstance(value, str) and bool(value == wanted)
