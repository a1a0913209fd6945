"""Patches that lie beside a kustomization and that none uses: half an object, deployed by nobody."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from auditor.patterns import regex
from auditor.sources.git import Checkout
from auditor.sources.kustomize.graph import Graph
from auditor.sources.manifests import is_object
from auditor.sources.reading import MANIFEST_SUFFIXES
from auditor.sources.tree import Unreadable
from auditor.spans import Problem

_NAMED = regex(r"(^|[-_.])patch(es)?([-_.]|$)", re.IGNORECASE)
_SELECTING = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})


def claim_unused_patches(checkout: Checkout, graph: Graph) -> None:
    """Take them out of the loose rest, where each would be judged as a broken workload; a warning for each."""
    for path in _candidates(checkout, graph):
        try:
            bodies: list[Any] = [each.body for each in checkout.parsed(path).documents]
        except Unreadable:
            continue
        bodies = [body for body in bodies if body is not None]
        if bodies and all(is_object(body) and _is_partial(body) for body in bodies):
            checkout.claim([path])
            what = "a patch that no kustomization names: not judged, and applied by nobody"
            checkout.inventory.warnings.append(
                Problem(path, 0, 0, what, "name it under patches, or delete it")
            )


def _candidates(checkout: Checkout, graph: Graph) -> Iterator[str]:
    """Files called a patch, in the folder of a kustomization or right below it, that no kustomization names."""
    used = {path for node in graph.nodes.values() for path in (*node.inputs, *node.resources)}
    for path in checkout.files:
        folder, name = posixpath.split(path)
        parent, beside = posixpath.split(folder)
        if not path.endswith(MANIFEST_SUFFIXES) or path in used:
            continue
        below = parent in graph.nodes and (_NAMED.search(name) or _NAMED.search(beside))
        if below or (folder in graph.nodes and _NAMED.search(name)):
            yield path


def _is_partial(body: dict[str, Any]) -> bool:
    kind, spec = body["kind"], body.get("spec")
    if kind in _SELECTING:
        return type(spec) is not dict or "selector" not in spec
    return kind.endswith("WebhookConfiguration") and "webhooks" not in body
