"""What kustomizations render to, one target for each root."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from auditor.guard import REPAIR, described
from auditor.model import Resource, Target
from auditor.progress import over
from auditor.sources.git import Checkout
from auditor.sources.kustomize.graph import Graph, Node
from auditor.sources.kustomize.origin import RenderedOrigin, Rendering
from auditor.sources.kustomize.renderer import (
    ORIGIN,
    TRANSFORMATIONS,
    Inputs,
    Kustomize,
    render,
    take_annotation,
)
from auditor.sources.kustomize.variants import Budget, Variants
from auditor.sources.manifests import is_object, resource_of
from auditor.sources.sandbox import RenderFailed
from auditor.sources.tree import Unreadable
from auditor.spans import Problem
from auditor.yamlio import load_stream

GET_TOOL = "install kubectl or kustomize, or say --no-render to judge the files as they lie there"
CHECK = "render it by hand: kubectl kustomize DIR"
WORKERS = 2


def render_all(checkout: Checkout, graph: Graph) -> None:
    """Add a target for each kustomization that no other includes, or a row that says why there is none."""
    _blocked(checkout, graph)
    roots = graph.roots()
    kustomize = Kustomize.find(checkout.options.memory)
    if kustomize is None:
        for folder in roots:
            what = f"{folder or '.'}: not rendered, there is neither kubectl nor kustomize"
            checkout.inventory.gaps.append(Problem(graph.nodes[folder].path, 0, 0, what, GET_TOOL))
        return
    builder = Builder(checkout, graph, kustomize, roots)
    with ThreadPoolExecutor(WORKERS) as pool:
        streams = over(pool.map(builder.render, roots), "rendering kustomizations", len(roots))
        for folder, rendered in zip(roots, streams, strict=True):
            with checkout.guarded(graph.nodes[folder].path, "what it renders to could not be read"):
                resources = builder.resources(folder, rendered)
                if resources is not None:
                    checkout.add(Target(folder or ".", "kustomize", folder or ".", resources))


def _blocked(checkout: Checkout, graph: Graph) -> None:
    """A row for each fault, and one for each kustomization that cannot be rendered here although it has none."""
    faults = {problem for node in graph.nodes.values() for problem in node.problems}
    checkout.inventory.problems += sorted(faults)
    for folder in sorted(graph.nodes):
        gaps = [gap for node in graph.closure(folder) for gap in node.gaps]
        if gaps:
            checkout.inventory.unrendered[folder or "."] = frozenset(
                path for node in graph.closure(folder) for path in node.resources
            )
            more = f", and {len(gaps) - 1} more such reference{'s' * (len(gaps) > 2)}" * (len(gaps) > 1)
            what = f"{folder or '.'}: not rendered, {gaps[0].what}{more}"
            checkout.inventory.gaps.append(gaps[0]._replace(what=what))


class Builder:
    """Renders kustomizations of one checkout into resources."""

    def __init__(self, checkout: Checkout, graph: Graph, kustomize: Kustomize, roots: list[str]) -> None:
        self._checkout, self._graph, self._kustomize, self._roots = checkout, graph, kustomize, roots
        self._inputs = Inputs(checkout, graph)
        self._budget = Budget()

    def render(self, folder: str, instead: dict[str, Any] | None = None) -> bytes | Problem:
        """The rendered stream, or the row that says why there is none. ``instead`` replaces the kustomization."""
        path = self._graph.nodes[folder].path
        try:
            whole = self._checkout.options.full_parse
            return render(self._kustomize, self._inputs, folder, whole=whole, instead=instead)
        except RenderFailed as error:
            return Problem(path, 0, 0, f"does not render: {error.what}", error.repair or CHECK)
        except Unreadable as error:
            return Problem(
                path, 0, 0, f"does not render, a file it needs is no input: {error.what}", error.repair
            )
        except Exception as error:
            return Problem(path, 0, 0, f"does not render: {described(error)}", REPAIR)

    def resources(self, folder: str, rendered: bytes | Problem) -> list[Resource] | None:
        """The objects in a rendered stream; None (and a row) when there is none."""
        if isinstance(rendered, Problem):
            self._checkout.inventory.problems.append(rendered)
            return None
        variants = Variants(self._kustomize, self._inputs, folder, self._budget)
        rendering = Rendering(self._checkout, self._graph, folder, variants, self._roots)
        self._claim(self._graph.closure(folder))
        return [*self._objects(rendering, rendered)]

    def _claim(self, nodes: list[Node]) -> None:
        counts = self._checkout.inventory.counts
        for node in nodes:
            counts.manifests += len(set(node.resources) - self._checkout.claimed)
            self._checkout.claim(node.resources)

    def _objects(self, rendering: Rendering, rendered: bytes) -> Iterator[Resource]:
        inventory, path = self._checkout.inventory, rendering.root_path
        for document in load_stream(rendered, path, wanted=self._checkout.wanted):
            inventory.counts.documents += 1
            if document.skipped:
                inventory.counts.skipped_documents += 1
            elif document.problem:
                problem = document.problem
                what = f"renders to what cannot be read: {problem.what}"
                inventory.problems.append(Problem(path, 0, 0, what, problem.repair))
            elif is_object(document.body):
                body = document.body
                origin, transformations = (
                    take_annotation(body, ORIGIN),
                    take_annotation(body, TRANSFORMATIONS),
                )
                yield resource_of(body, RenderedOrigin(rendering, body, origin, transformations))
