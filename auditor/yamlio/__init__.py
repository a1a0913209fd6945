"""YAML and JSON with Go's semantics, the places of what was read, and byte-minimal edits."""

from auditor.yamlio.document import DEFAULT_LIMITS, Limits, YamlDocument
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
from auditor.yamlio.stream import load_stream

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
