"""The line of a template that a line of its output came from.

A template is no YAML, so this is a search: down the path, for each key the first line below its parent's that is
the rendered line itself, or has the same key.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from auditor.model import Path
from auditor.patterns import regex
from auditor.spans import Span
from auditor.yamlio import SourceMap

_KEY: Final = regex(r"(?:- )*([\w./\"'-]+):(?:\s|$)")
_KIND: Final = regex(r"kind:\s*(\S+)")
_VALUES: Final = regex(r"\.Values((?:\.[A-Za-z_]\w*)+)")
_NEAR: Final = 3


class Found(NamedTuple):
    """A line of a template (from 1), and whether it is the one asked for or that of an ancestor."""

    line: int
    exact: bool


class Template:
    """A template file of a chart."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._lines = data.decode("utf-8", "replace").split("\n")

    def find(self, rendered: SourceMap, path: Path) -> Found:
        """The line that wrote ``path`` of a rendered document, or its nearest ancestor."""
        at, end = self._region(rendered)
        found = Found(at + 1, not path)
        for length in range(1, len(path) + 1):
            line = self._step(rendered, path[:length], at, end)
            if line is None:
                return Found(found.line, False)
            at, end = line, self._block_end(line, end)
            found = Found(line + 1, length == len(path))
        return found

    def _step(self, rendered: SourceMap, path: Path, at: int, end: int) -> int | None:
        """The line of the last step of ``path``; a list's elements are sought in their order."""
        last = path[-1]
        if type(last) is not int:
            return self._next(_rendered_line(rendered, path), at, end)
        line: int | None = None
        for index in range(last + 1):
            text = _rendered_line(rendered, (*path[:-1], index))
            line = self._next(text, at if line is None or text == self._lines[at].strip() else line + 1, end)
            if line is None:
                return None
        return line

    def _block_end(self, line: int, end: int) -> int:
        """The first line behind what belongs to ``line``; lines that begin with an action may stand anywhere."""
        text = self._lines[line]
        indent, item = _indent(text), text.lstrip().startswith("- ")
        for at in range(line + 1, end):
            other = self._lines[at]
            if not other.strip() or other.lstrip().startswith(("{{", "#")):
                continue
            same_level = _indent(other) == indent and not item and other.lstrip().startswith("- ")
            if _indent(other) <= indent and not same_level:
                return at
        return end

    def span(self, line: int) -> Span:
        """The text of a line, without its indentation."""
        text = self._lines[line - 1]
        start = sum(len(each.encode()) + 1 for each in self._lines[: line - 1])
        left = len(text) - len(text.lstrip())
        end = len(text.rstrip())
        return Span(line, left + 1, line, end + 1, start + left, start + len(text.rstrip().encode()))

    def excerpt(self, line: int, around: int) -> list[tuple[int, str]]:
        """Lines around a line, numbered."""
        first, last = max(line - around, 1), min(line + around, len(self._lines))
        return [(number, self._lines[number - 1]) for number in range(first, last + 1)]

    def comment(self, line: int) -> str:
        """The YAML comment on a line, or the comment lines directly above it."""
        above: list[str] = []
        at = line - 1
        while at > 0 and self._lines[at - 1].lstrip().startswith("#"):
            at -= 1
            above.insert(0, self._lines[at].lstrip("# "))
        _, mark, own = self._lines[line - 1].partition(" #")
        return "\n".join([*above, *([own.strip()] if mark else [])])

    def is_literal(self, line: int) -> bool:
        """Whether the line has nothing to fill in."""
        return "{{" not in self._lines[line - 1]

    def references(self, line: int) -> list[tuple[str, ...]]:
        """Paths below ``.Values`` that the line names, then those of the lines around it."""
        order = [
            line,
            *(line + step for step in range(1, _NEAR + 1)),
            *(line - step for step in range(1, _NEAR)),
        ]
        lines = [number for number in order if 0 < number <= len(self._lines)]
        return list(dict.fromkeys(each for number in lines for each in self._named(number - 1)))

    def printed_as(self, name: str, parent: int) -> list[tuple[str, ...]]:
        """Paths below ``.Values`` that stand for the key ``name`` in the block that begins at line ``parent``."""
        found: list[tuple[str, ...]] = []
        for at in range(parent - 1, self._block_end(parent - 1, len(self._lines))):
            key = _KEY.match(self._lines[at].strip())
            if key and key[1].strip("\"'") == name:
                near = [at, *(at - step for step in range(1, _NEAR)), at + 1]
                found += [each for line in near if 0 <= line < len(self._lines) for each in self._named(line)]
        return found

    def _named(self, at: int) -> list[tuple[str, ...]]:
        return [tuple(match[1][1:].split(".")) for match in _VALUES.finditer(self._lines[at])]

    def _region(self, rendered: SourceMap) -> tuple[int, int]:
        """The lines of the template that wrote the document: from its ``kind:`` to the next document's."""
        kinds = [at for at, text in enumerate(self._lines) if _KIND.match(text)]
        if not kinds:
            return 0, len(self._lines)
        lines = {text.strip() for text in _document(rendered).split("\n")} - {""}
        edges = [self._document_start(at, before) for before, at in zip([-1, *kinds], kinds, strict=False)]
        regions = list(zip(edges, [*edges[1:], len(self._lines)], strict=True))
        return max(regions, key=lambda region: self._alike(region, lines))

    def _document_start(self, kind: int, before: int) -> int:
        for at in range(kind, before, -1):
            if self._lines[at].startswith("---") or self._lines[at].startswith("apiVersion:"):
                return at
        return kind

    def _alike(self, region: tuple[int, int], lines: set[str]) -> int:
        own = [text.strip() for text in self._lines[region[0] : region[1]]]
        kind = any(_KIND.fullmatch(text) and text in lines for text in own)
        return sum(text in lines for text in own) + 1000 * kind

    def _next(self, text: str, at: int, end: int) -> int | None:
        """The first line that is the text, else the first with its key and something to fill in."""
        if not text:
            return None
        for line in range(at, end):
            if self._lines[line].strip() == text:
                return line
        key = _KEY.match(text)
        for line in range(at, end) if key else ():
            own = self._lines[line].strip()
            mine = _KEY.match(own) if "{{" in own else None
            if mine and key and mine[1].strip("\"'") == key[1].strip("\"'"):
                return line
        return None


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _document(rendered: SourceMap) -> str:
    return rendered.data[rendered.document.start : rendered.document.end].decode("utf-8", "replace")


def _rendered_line(rendered: SourceMap, path: Path) -> str:
    span = rendered.key(path)
    if span is None:
        return ""
    start = rendered.data.rfind(b"\n", 0, span.start) + 1
    end = rendered.data.find(b"\n", span.start)
    line = rendered.data[start : end if end >= 0 else len(rendered.data)]
    return line.decode("utf-8", "replace").strip()
