"""Kustomizations: rendered, and every object traced back to the file and the setter of each field."""

from __future__ import annotations

from auditor.sources.git import Checkout
from auditor.sources.kustomize.graph import Graph
from auditor.sources.kustomize.leftovers import claim_unused_patches


def collect(checkout: Checkout) -> None:
    """One target a root kustomization; files that it renders, and files that are no objects, are claimed."""
    graph = checkout.shared(Graph)
    if not graph.nodes:
        return
    for node in graph.nodes.values():
        checkout.claim((node.path, *node.inputs))
    claim_unused_patches(checkout, graph)
    if checkout.options.render:
        from auditor.sources.kustomize.rendered import render_all

        render_all(checkout, graph)
