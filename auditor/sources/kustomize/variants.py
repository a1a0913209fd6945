"""A rendering with one entry left out: whatever changes was that entry's doing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.model import Path
from auditor.sources.kustomize.align import MISSING, align, value_at
from auditor.sources.kustomize.kustomization import Kustomization
from auditor.sources.kustomize.renderer import Inputs, Kustomize, asking_origins, dump
from auditor.sources.sandbox import RenderFailed
from auditor.yamlio import load_stream

BUDGET = 40
"""Renderings a run may spend on questions that reading alone does not answer."""

Key = tuple[str, str, str, str]
"""apiVersion, kind, namespace and name of a rendered object."""


class Budget:
    """How many more renderings this run may make."""

    def __init__(self, left: int = BUDGET) -> None:
        self.left = left

    def take(self) -> bool:
        """Use one, if any are left."""
        self.left -= 1
        return self.left >= 0


def key_of(body: Any) -> Key:
    """What tells one rendered object from the others."""
    parts = [value_at(body, path) for path in (("apiVersion",), ("kind",))]
    parts += [value_at(body, ("metadata", name)) for name in ("namespace", "name")]
    first, second, third, fourth = ("" if part is MISSING else str(part) for part in parts)
    return first, second, third, fourth


class Variants:
    """Renderings of one root with one entry of one kustomization left out; each is made once."""

    def __init__(self, kustomize: Kustomize, inputs: Inputs, folder: str, budget: Budget) -> None:
        self._kustomize, self._inputs, self._folder, self._budget = kustomize, inputs, folder, budget
        self._made: dict[tuple[str, Path], dict[Key, Any] | None] = {}

    def changes(self, kustomization: Kustomization, at: Path, body: Any, path: Path) -> bool | None:
        """Whether the value at ``path`` of ``body`` is another one without the entry; None when that fails."""
        objects = self._without(kustomization, at)
        if objects is None:
            return None
        other = objects.get(key_of(body))
        if other is None:
            return True
        there = align(path, body, other)
        return len(there) < len(path) or value_at(other, there) != value_at(body, path)

    def _without(self, kustomization: Kustomization, at: Path) -> dict[Key, Any] | None:
        key = (kustomization.path, at)
        if key not in self._made:
            self._made[key] = self._render(kustomization, at) if self._budget.take() else None
        return self._made[key]

    def _render(self, kustomization: Kustomization, at: Path) -> dict[Key, Any] | None:
        body = without(kustomization.body, at)
        if kustomization.folder == self._folder:
            body = asking_origins(body)
        try:
            data = self._kustomize.render(
                self._inputs.of(self._folder, replaced={kustomization.path: dump(body)})
            )
        except RenderFailed:
            return None
        return dict(_objects(data))


def without(body: dict[str, Any], at: Path) -> dict[str, Any]:
    """The kustomization without the list entry at ``at``."""
    field, index = str(at[0]), at[1]
    return {**body, field: [item for place, item in enumerate(body[field]) if place != index]}


def _objects(data: bytes) -> Iterator[tuple[Key, Any]]:
    for document in load_stream(data, "", wanted=lambda _, kind: kind != "CustomResourceDefinition"):
        if type(document.body) is dict:
            yield key_of(document.body), document.body
