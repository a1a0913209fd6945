"""What lies in other targets of the tree and may be applied beside this one.

A kustomization that cannot be rendered here leaves its parts as targets of their own, and a platform is often
applied in several steps: a NetworkPolicy, a budget or a binding in another target is a reason to say nothing. A
target that holds the judged object too is a variant of this one (dev beside prod), and tells nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.model import Resource, Target
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from auditor.world import World


class Beside:
    """The resources of some kinds that other targets hold."""

    def __init__(self, world: World, *kinds: str) -> None:
        self._world, self._kinds = world, kinds
        self._found: list[tuple[Target, Resource]] | None = None
        self._names: dict[int, set[tuple[str, str]]] = {}

    def may(self, resource: Resource, does: str, fits: Callable[[Resource], bool]) -> bool | Unknown:
        """False where no other target holds what ``fits``; else why it is unknown. ``does``: ``may isolate x``."""
        if self._found is None:
            self._found = list(self._world.elsewhere(*self._kinds))
        for target, other in self._found:
            if fits(other) and (resource.kind, resource.name) not in self._named(target):
                words = f"{other.title} of {target.name}, which may be applied beside this, {does}"
                return Unknown(words, "audit them as one target, or the running cluster")
        return False

    def _named(self, target: Target) -> set[tuple[str, str]]:
        found = self._names.get(id(target))
        if found is None:
            found = self._names[id(target)] = {(each.kind, each.name) for each in target.resources}
        return found
