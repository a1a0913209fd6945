"""A view is a lens that many kinds share; it maps view paths to source paths.

A policy that matches a view serves every kind the view can read: a ``PodSpec`` policy judges a Pod, a
Deployment, a CronJob and a KEDA ScaledJob alike; a ``NodeGroup`` policy judges Terraform, eksctl,
Karpenter and the live cluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field

from auditor.model import Path, Resource

if TYPE_CHECKING:
    from auditor.world import World


class Instance(Struct, eq=False):
    """One thing seen through one view.

    ``value`` is what CEL sees under the view's variable. ``base`` is where the value stands in the
    resource's body. When a view rearranges what it reads, ``moved`` maps the first steps of a view path to
    the source path they come from (relative to ``base``); the longest match wins.
    """

    view: str
    resource: Resource
    value: Any
    base: Path = ()
    moved: dict[Path, Path] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    """Further CEL variables, e.g. ``pod`` for a container."""
    elsewhere: dict[Path, tuple[Resource, Path]] = field(default_factory=dict)
    """View paths whose values stand in another resource (a launch template): findings show that end too."""

    def source_path(self, path: Path) -> Path:
        """The path in the resource's body that ``path`` (in the view) comes from."""
        if self.moved:
            for length in range(len(path), -1, -1):
                found = self.moved.get(path[:length])
                if found is not None:
                    return self.base + found + path[length:]
        return self.base + path

    def other_end(self, path: Path) -> tuple[Resource, Path] | None:
        """Where ``path`` stands in another resource; None when the instance's own resource holds it."""
        for length in range(len(path), 0, -1):
            found = self.elsewhere.get(path[:length])
            if found is not None:
                return found[0], found[1] + path[length:]
            if path[:length] in self.moved:
                return None
        return None


class View(Protocol):
    """One lens. ``variable`` is the name its value has in CEL."""

    name: str
    variable: str

    def reads(self, api_version: str, kind: str) -> bool:
        """Whether objects of this kind can be seen through the view."""

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """What the view shows of ``resource``; nothing when the kind has none.

        Values that stand in another resource (a node group's launch template) are read through ``world``.
        """
