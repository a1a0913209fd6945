"""YAML and JSON with Go's semantics, the places of what was read, and byte-minimal edits."""

from auditor.yamlio.document import DEFAULT_LIMITS, Limits, YamlDocument
from auditor.yamlio.sourcemap import Path, SourceMap
from auditor.yamlio.stream import load_stream

__all__ = ["DEFAULT_LIMITS", "Limits", "Path", "SourceMap", "YamlDocument", "load_stream"]
