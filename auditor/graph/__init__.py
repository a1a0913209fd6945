"""The joins of a workload as a graph: what it runs on, what scales it, who it is, what it reads.

Everything drawn here was decided by a fact (``auditor/facts``): this package only puts their answers beside
each other. docs/joins.md says how each join is decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from auditor.graph.draft import Draft, Grades
from auditor.graph.identities import draw_identity
from auditor.graph.neighbours import draw_neighbours
from auditor.graph.node_groups import draw_node_groups
from auditor.graph.scalers import draw_scalers
from auditor.model import Resource, Verdict
from auditor.report import Graph
from auditor.unknown import UnknownUsed
from auditor.views.interface import Instance
from auditor.views.pods import TEMPLATES, group_of

if TYPE_CHECKING:
    from auditor.world import World

__all__ = ["graphs"]


class Workload(NamedTuple):
    """One thing to draw: its pods (workflows have several), and where it is judged."""

    world: World
    resource: Resource
    pods: list[Instance]


def graphs(
    worlds: Iterable[World], verdicts: Sequence[Verdict], *, workload: str = "", limit: int = 0
) -> tuple[Graph, ...]:
    """One graph a GPU workload, or one a workload that the pattern ``workload`` names.

    ``workload`` is a shell pattern on the name, ``namespace/name``, ``Kind namespace/name`` or
    ``group/kind/namespace/name``. ``verdicts`` must be of the same resources as ``worlds``: a node shows
    the gravest one on it. ``limit`` draws only so many (0: all).
    """
    grades = Grades(verdicts)
    chosen = [each for world in worlds for each in _chosen(world, workload)]
    titles = Counter(each.resource.title for each in chosen)
    drawn = (
        _graph_if_known(each, grades, ambiguous=titles[each.resource.title] > 1)
        for each in (chosen[:limit] if limit else chosen)
    )
    return tuple(graph for graph in drawn if graph is not None)


def _graph_if_known(workload: Workload, grades: Grades, *, ambiguous: bool) -> Graph | None:
    """None for what runs where its joins were not read: the chosen policies did not ask for them."""
    try:
        return _graph(workload, grades, ambiguous=ambiguous)
    except UnknownUsed:
        if workload.world.is_live:
            return None
        raise


def _chosen(world: World, pattern: str) -> Iterator[Workload]:
    """Workloads of the target itself: those of its ties are drawn where they are deployed."""
    for resource in world.target.resources:
        pods = world.instances_of("PodSpec", resource)
        if not pods or _is_fragment(world, resource):
            continue
        if _named(resource, pattern) if pattern else any(_wants_gpu(world, pod) for pod in pods):
            yield Workload(world, resource, pods)


def _is_fragment(world: World, resource: Resource) -> bool:
    """Whether the manifest is only a patch of a workload."""
    if world.is_live or (group_of(resource.api_version), resource.kind) not in TEMPLATES:
        return False
    found = world.fact("pods", Instance("Object", resource, resource.body))
    return found["fragment"] is True


def _named(resource: Resource, pattern: str) -> bool:
    names = (resource.name, f"{resource.namespace}/{resource.name}", resource.title, resource.key)
    return any(fnmatchcase(name, pattern) for name in names)


def _wants_gpu(world: World, pod: Instance) -> bool:
    return world.fact("gpu", pod)["wants"] is True


def _graph(workload: Workload, grades: Grades, *, ambiguous: bool) -> Graph:
    world, resource, pods = workload
    draft = Draft(world, grades, resource)
    for pod in pods:
        draw_scalers(draft, pod)
        draw_node_groups(draft, pod)
        draw_identity(draft, pod)
        draw_neighbours(draft, pod)
    where = resource.origin.file if world.target.kind == "loose" else world.target.name
    return draft.graph(f"{resource.title} ({where})" if ambiguous else resource.title)
