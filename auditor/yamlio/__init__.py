"""YAML and JSON with Go's semantics, the places of what was read, and byte-minimal edits."""

from typing import TYPE_CHECKING, Any

from auditor.yamlio.document import DEFAULT_LIMITS, Limits, YamlDocument
from auditor.yamlio.sourcemap import Path, SourceMap
from auditor.yamlio.stream import load_stream

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


def __getattr__(name: str) -> Any:
    """Edits load on first use: an audit that fixes nothing does not pay for them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from auditor.yamlio import edits

    return getattr(edits, name)
