"""YAML and JSON with Go's semantics, the places of what was read, and byte-minimal edits."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from auditor.yamlio.document import DEFAULT_LIMITS, Limits, YamlDocument

if TYPE_CHECKING:
    from auditor.yamlio.edits import (
        CannotEdit,
        EditConflict,
        add_key,
        append_item,
        apply,
        remove,
        set_value,
    )
    from auditor.yamlio.sourcemap import Path, SourceMap

__all__ = [
    "DEFAULT_LIMITS",
    "CannotEdit",
    "EditConflict",
    "Limits",
    "Path",
    "SourceMap",
    "YamlDocument",
    "add_key",
    "append_item",
    "apply",
    "load_stream",
    "remove",
    "set_value",
]


def load_stream(
    data: bytes,
    path: str,
    *,
    wanted: Callable[[str, str], bool] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[YamlDocument]:
    """See :func:`auditor.yamlio.stream.load_stream`. The parser loads with the first file that is parsed."""
    from auditor.yamlio.stream import load_stream as load

    return load(data, path, wanted=wanted, limits=limits)


def __getattr__(name: str) -> Any:
    """Places and edits load on first use: most runs edit nothing, and some parse nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "sourcemap" if name in ("Path", "SourceMap") else "edits"
    return getattr(import_module(f"{__name__}.{home}"), name)
