"""A place in a kustomization, a patch or a base file that sets something in a rendered object."""

from __future__ import annotations

from typing import NamedTuple

from auditor.model import Path
from auditor.sources.manifests import ParsedFile
from auditor.spans import Span
from auditor.yamlio import SourceMap, YamlDocument


class Site(NamedTuple):
    """Where a value is set. ``refusal`` says why it cannot be edited there by program; '' when it can."""

    parsed: ParsedFile
    document: YamlDocument
    path: Path
    setter: str
    """What kind of thing sets it: ``base``, ``patch``, ``images`` …, as a person says it."""
    refusal: str = ""
    inner: Span | None = None
    """The place inside a patch that is written as a text in the kustomization file."""

    @property
    def span(self) -> Span:
        """The lines to show."""
        return self.inner or self.parsed.file.map(self.document).nearest(self.path)[0]


def inline_span(outer: SourceMap, at: Path, inner: Span) -> Span | None:
    """A span inside a text that is a literal block scalar, in the lines of the file; None in other styles."""
    value = outer.value(at)
    if value is None or outer.style(at) != "literal":
        return None
    data = outer.data
    first = data.find(b"\n", value.start) + 1
    start = _line_start(data, first, inner.line)
    end = _line_start(data, first, inner.end_line)
    indent = _indent(data, first)
    left, right = start + indent + inner.column - 1, end + indent + inner.end_column - 1
    line = value.line + inner.line
    return Span(
        line,
        indent + inner.column,
        line + inner.end_line - inner.line,
        indent + inner.end_column,
        left,
        right,
    )


def _line_start(data: bytes, first: int, line: int) -> int:
    for _ in range(line - 1):
        first = data.find(b"\n", first) + 1
    return first


def _indent(data: bytes, first: int) -> int:
    """How far the first line of a block scalar with content is indented."""
    while True:
        end = data.find(b"\n", first)
        line = data[first : end if end >= 0 else len(data)]
        if line.strip() or end < 0:
            return len(line) - len(line.lstrip(b" "))
        first = end + 1
