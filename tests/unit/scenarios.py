"""Loads a tree of tests/scenarios and asks facts of its workloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditor.model import Resource
from auditor.sources.git import GitSource
from auditor.sources.tree import Tree
from auditor.targets import arrange
from auditor.views.interface import Instance
from auditor.world import World

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


class Scenario:
    """One tree, judged where its manifests are."""

    def __init__(self, name: str) -> None:
        inventory = GitSource(Tree(SCENARIOS / name)).collect()
        assert inventory.problems == []
        targets, _ = arrange(inventory.targets, {})
        by_name = {target.name: target for target in targets}
        self._worlds = {
            target.name: World(target, [by_name[tie] for tie in target.ties]) for target in targets
        }

    def resource(self, kind: str, name: str) -> tuple[World, Resource]:
        """A resource and the world of its target."""
        for world in self._worlds.values():
            for found in world.target.resources:
                if (found.kind, found.name) == (kind, name):
                    return world, found
        raise LookupError(f"{kind} {name}")

    def instance(self, view: str, kind: str, name: str) -> tuple[World, Instance]:
        """What a view shows of a resource."""
        world, found = self.resource(kind, name)
        return world, world.instances_of(view, found)[0]

    def fact(
        self, fact: str, view: str = "PodSpec", kind: str = "Deployment", name: str = "ml-worker"
    ) -> Any:
        """A fact of one resource, by default of the GPU worker."""
        world, instance = self.instance(view, kind, name)
        return world.fact(fact, instance)

    def lines(self, refs: list[str], kind: str = "Deployment", name: str = "ml-worker") -> list[str]:
        """``file:line`` of refs that a fact carries."""
        world, _ = self.resource(kind, name)
        places = []
        for ref in refs:
            resolved = world.resolve(ref)
            assert resolved is not None
            place = resolved[0].origin.locate(resolved[1])
            places.append(f"{place.file}:{place.span.line if place.span else 0}")
        return places
