"""From a kustomization and all it includes to the objects it renders to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from auditor.sources.git import Checkout
from auditor.sources.kustomize.graph import Graph, Node
from auditor.sources.kustomize.slim import slim
from auditor.sources.sandbox import (
    Limits,
    Memory,
    RenderFailed,
    RenderInput,
    environment,
    find_tool,
    remembered,
    run,
    scratch,
)

ORIGIN = "config.kubernetes.io/origin"
TRANSFORMATIONS = "alpha.config.kubernetes.io/transformations"
_METADATA = ("originAnnotations", "transformerAnnotations")


class Kustomize:
    """The renderer that this machine has."""

    def __init__(self, tool: str, limits: Limits | None = None, memory: Memory | None = None) -> None:
        self._tool, self._memory = tool, memory
        self._build = (tool, "build") if PurePath(tool).name == "kustomize" else (tool, "kustomize")
        self._limits = limits or Limits()

    @classmethod
    def find(cls, memory: Memory | None = None) -> Kustomize | None:
        """``kustomize`` or ``kubectl`` on PATH; None when there is neither."""
        tool = find_tool("kustomize", "kubectl")
        return cls(tool, memory=memory) if tool else None

    def render(self, wanted: RenderInput) -> bytes:
        """The rendered stream; :class:`RenderFailed` with kustomize's own words."""
        return remembered(self._memory, self._tool, wanted, lambda: self._render(wanted))

    def _render(self, wanted: RenderInput) -> bytes:
        with scratch(wanted.files) as root:
            return run((*self._build, *wanted.arguments), root, environment(root), self._limits)


class Inputs:
    """Gathers what renderings of one checkout read; each file is read and slimmed once."""

    def __init__(self, checkout: Checkout, graph: Graph) -> None:
        self._checkout = checkout
        self._graph = graph
        self._slim: dict[str, bytes] = {}

    def of(
        self, folder: str, *, whole: bool = False, replaced: Mapping[str, bytes] | None = None
    ) -> RenderInput:
        """Input for ``folder``; ``whole`` keeps CRD schemas, ``replaced`` stands in for files of the tree."""
        replaced = replaced or {}
        files: dict[str, bytes] = {}
        for node in self._graph.closure(folder):
            for path in (node.path, *node.inputs):
                files[path] = replaced[path] if path in replaced else self._checkout.read(path)
            for path in node.resources:
                files[path] = replaced[path] if path in replaced else self._resource(path, whole)
        root = self._graph.nodes[folder]
        files[root.path] = with_origins(root, files[root.path], whole_body(root, replaced))
        return RenderInput((f"./{folder}",), files)

    def path(self, folder: str) -> str:
        """The kustomization file of a folder."""
        return self._graph.nodes[folder].path

    def _resource(self, path: str, whole: bool) -> bytes:
        if whole:
            return self._checkout.read(path)
        found = self._slim.get(path)
        if found is None:
            data = self._checkout.read(path)
            found = slim(data)
            if found is data:
                return data
            self._slim[path] = found
        return found


def whole_body(root: Node, replaced: Mapping[str, bytes]) -> dict[str, Any] | None:
    """The root kustomization as data, where it can be written anew without hiding a fault in its text."""
    if root.path in replaced:
        return None
    kustomization = root.kustomization
    return kustomization.body if kustomization and not kustomization.document.duplicates else None


def with_origins(root: Node, data: bytes, body: dict[str, Any] | None) -> bytes:
    """The root kustomization with the request to say where each object comes from and what changed it."""
    return data if body is None else dump(asking_origins(body))


def asking_origins(body: Mapping[str, Any]) -> dict[str, Any]:
    """The kustomization with ``buildMetadata`` that asks for origins, beside what it asks for itself."""
    own = body.get("buildMetadata")
    kept = [name for name in own if name not in _METADATA] if type(own) is list else []
    return {**body, "buildMetadata": [*kept, *_METADATA]}


def dump(body: Mapping[str, Any]) -> bytes:
    """YAML that every reader agrees on: JSON."""
    return json.dumps(body).encode()


def render(
    kustomize: Kustomize,
    inputs: Inputs,
    folder: str,
    *,
    whole: bool = False,
    instead: Mapping[str, Any] | None = None,
) -> bytes:
    """Render one kustomization: slim first, on the full files when that does not work.

    ``instead`` is what to render in place of what its file says.
    """
    replaced = {inputs.path(folder): dump(asking_origins(instead))} if instead is not None else None
    if not whole:
        slimmed = inputs.of(folder, replaced=replaced)
        try:
            return kustomize.render(slimmed)
        except RenderFailed:
            full = inputs.of(folder, whole=True, replaced=replaced)
            if slimmed.files == full.files:
                raise
            return kustomize.render(full)
    return kustomize.render(inputs.of(folder, whole=True, replaced=replaced))


def take_annotation(body: Any, name: str) -> str:
    """Remove an annotation from an object and give its text; '' when there is none."""
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if type(metadata) is dict else None
    if type(annotations) is not dict or name not in annotations:
        return ""
    text = annotations.pop(name)
    if not annotations:
        del metadata["annotations"]
    return text if type(text) is str else ""
