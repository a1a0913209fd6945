"""The values of a release: which layer sets a key, and which keys a rendered field may come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from auditor.model import Path
from auditor.sources.kustomize.align import MISSING, value_at
from auditor.sources.manifests import ParsedFile
from auditor.yamlio import YamlDocument


class Layer(NamedTuple):
    """One values file. ``prefix`` is where the values of the (sub)chart stand in it."""

    parsed: ParsedFile
    document: YamlDocument
    prefix: Path
    inline: str = ""
    """Who writes these values when it is not a values file; they cannot be edited then."""


class Key(NamedTuple):
    """A key of a values file that sets something."""

    layer: Layer
    path: Path
    """In the file."""
    value: Any

    @property
    def place(self) -> str:
        """``values.yaml: a.b (line 3)``."""
        line = self.layer.parsed.line(self.layer.document, self.path)
        file = self.layer.inline or self.layer.parsed.file.path
        return f"{file}: {'.'.join(map(str, self.path))} (line {line})"


class ScopedValues:
    """Values as one chart or subchart sees them; later layers win."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def lookup(self, key: Path) -> Key | None:
        """The key in the layer that decides its value."""
        for layer in reversed(self._layers):
            value = value_at(layer.document.body, layer.prefix + key)
            if value is not MISSING:
                return Key(layer, layer.prefix + key, value)
        return None

    def candidates(self, references: Sequence[Path], path: Path, value: Any) -> Iterator[Key]:
        """Keys that the template names and that hold the rendered value, or the map it is part of."""
        for reference in references:
            found = self.lookup(reference)
            if found is None:
                continue
            if type(found.value) not in (dict, list):
                if same(found.value, value):
                    yield found
                continue
            for length in range(1, len(path) + 1):
                inner = self.lookup(reference + path[-length:])
                if inner and type(inner.value) not in (dict, list) and same(inner.value, value):
                    yield inner

    def holding(self, value: Any) -> Iterator[Key]:
        """Every key whose value is the rendered one, wherever it stands."""
        seen: set[Path] = set()
        for layer in reversed(self._layers):
            for path, leaf in leaves(value_at(layer.document.body, layer.prefix)):
                if path not in seen and same(leaf, value):
                    yield Key(layer, layer.prefix + path, leaf)
                seen.add(path)


def same(written: Any, value: Any) -> bool:
    """Whether a value of a values file renders to this one: templates print, so types may differ."""
    if type(written) is bool or type(value) is bool:
        return written is value or str(written).lower() == value
    return value is not MISSING and written is not None and str(written) == str(value)


def leaves(value: Any) -> Iterator[tuple[Path, Any]]:
    """Every scalar below a value, with its path."""
    if type(value) is dict:
        for key, inner in value.items():
            for path, leaf in leaves(inner):
                yield (key, *path), leaf
    elif type(value) is list:
        for index, inner in enumerate(value):
            for path, leaf in leaves(inner):
                yield (index, *path), leaf
    elif value is not MISSING:
        yield (), value


def changed(value: Any) -> Any:
    """Another value of the same type, that a template can still work with."""
    if type(value) is bool:
        return not value
    if type(value) in (int, float):
        return value + 1
    return f"{value}x"
