"""Where in the file a path of a body stands."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from auditor.patterns import regex
from auditor.spans import Span
from auditor.yamlio.document import YamlDocument
from auditor.yamlio.nodes import Entry, Node, Parsed, document_tree
from auditor.yamlio.split import content_start
from auditor.yamlio.text import Lines, NotTextError, as_utf8, line_start

Path = tuple[str | int, ...]

_COMMENT: Final = regex(rb"#(?:(?![\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]).)*", re.DOTALL)
_BLOCK_HEADER: Final = regex(rb"(?:[&!][^ \t]*[ \t]+)*[|>][-+0-9]*[ \t]*")


class Place(NamedTuple):
    """How far a path leads: the node reached, the entry or item that holds it, the alias on the way."""

    depth: int
    node: Node
    entry: Entry | None
    alias: Node | None
    alias_entry: Entry | None


class SourceMap:
    """Places of one document's keys and values.

    The second parser pass happens on the first question; a broken document has no places but its
    first line. A UTF-16 file is mapped as its UTF-8 text.
    Paths that lead through an alias or a merge key are at the place that uses it. ``text`` is ``data`` as UTF-8,
    where somebody has it already: large files hold many documents.
    """

    def __init__(self, data: bytes, document: YamlDocument, text: bytes | None = None) -> None:
        try:
            self.data = as_utf8(data) if text is None else text
        except NotTextError:
            self.data = data
        self.converted = self.data is not data
        self.document = document
        self._parsed: Parsed | None = None
        self._comments: dict[int, tuple[str, bool]] | None = None
        content = content_start(self.data, document.start, document.end)
        start = line_start(self.data, document.start)
        self._content = content
        self._lines = Lines(self.data, start, document.line - self.data.count(b"\n", start, content))

    @property
    def parsed(self) -> Parsed:
        """The document's nodes."""
        if self._parsed is None:
            broken = self.document.problem is not None
            end = self.document.start if broken else self.document.end
            self._parsed = document_tree(self.data, self.document.start, end)
        return self._parsed

    def key(self, path: Path) -> Span | None:
        """The span of the mapping key at ``path``, or of a list item's first character."""
        place = self.locate(path)
        if place is None or place.depth < len(path) or not path:
            return None
        return self._key_span(place)

    def value(self, path: Path) -> Span | None:
        """The span of the value at ``path``, without what follows it; empty for an absent value."""
        place = self.locate(path)
        if place is None or place.depth < len(path):
            return None
        node = place.alias or place.node
        return self._lines.span(node.start, node.end)

    def nearest(self, path: Path) -> tuple[Span, Path]:
        """The key span of the longest part of ``path`` that exists, and that part.

        Of a list item the whole item; of the document itself its first line of content.
        """
        place = self.locate(path)
        if place is None or place.depth == 0:
            return self._first_line(), ()
        found = path[: place.depth]
        if type(found[-1]) is int and not place.alias:
            return self._lines.span(place.node.start, place.node.end), found
        return self._key_span(place), found

    def style(self, path: Path) -> str:
        """How the value at the nearest existing part of ``path`` is written (see :class:`Node`)."""
        place = self.locate(path)
        if place is None:
            return "plain"
        return "alias" if place.alias else place.node.style

    def comments_on(self, line: int) -> str:
        """The comments on a line of the file and on comment-only lines directly above it, one a line."""
        if self._comments is None:
            self._comments = self._find_comments()
        texts = []
        if line in self._comments:
            texts.append(self._comments[line][0])
        above = line - 1
        while above in self._comments and self._comments[above][1]:
            texts.append(self._comments[above][0])
            above -= 1
        return "\n".join(reversed(texts))

    def locate(self, path: Path) -> Place | None:
        """Follow ``path`` as far as it exists; None when the document has no nodes."""
        node, entry = self.parsed.root, None
        if node is None:
            return None
        alias: Node | None = None
        alias_entry: Entry | None = None
        for depth, step in enumerate(path):
            if node.style == "alias" and alias is None:
                alias, alias_entry = node, entry
            found = _child(node.target if node.target else node, step)
            if found is None:
                return Place(depth, node, entry, alias, alias_entry)
            node, entry, merge = found
            if merge and alias is None:
                alias, alias_entry = merge.value, merge
        if node.style == "alias" and alias is None:
            alias, alias_entry = node, entry
        return Place(len(path), node, entry, alias, alias_entry)

    def _key_span(self, place: Place) -> Span:
        entry = place.alias_entry if place.alias else place.entry
        if entry:
            return self._lines.span(entry.start, entry.end)
        node = place.alias or place.node
        if node.start < node.end:
            width = len(self.data[node.start : node.start + 4].decode("utf-8", "ignore")[:1].encode())
            return self._lines.span(node.start, node.start + width)
        dash = self.data.rfind(b"-", 0, node.start)
        return self._lines.span(dash, dash + 1) if dash >= 0 else self._lines.span(node.start, node.start)

    def _first_line(self) -> Span:
        end = self.data.find(b"\n", self._content, self.document.end)
        line = self.data[self._content : end if end >= 0 else self.document.end]
        return self._lines.span(self._content, self._content + len(line.rstrip()))

    def _find_comments(self) -> dict[int, tuple[str, bool]]:
        """Comments by line: text, and whether the line holds nothing else.

        What no scalar covers is punctuation and comments, so a ``#`` there begins a comment.
        """
        comments: dict[int, tuple[str, bool]] = {}
        if self.document.problem:
            return comments
        at = self.document.start
        for start, end, style in self.parsed.tokens:
            self._comments_between(at, start, comments)
            if style in ("literal", "folded"):
                header = _BLOCK_HEADER.match(self.data, start, end)
                eol = self.data.find(b"\n", start, end)
                if header and eol >= 0:
                    self._comments_between(header.end(), eol, comments)
            at = end
        self._comments_between(at, self.document.end, comments)
        return comments

    def _comments_between(self, start: int, end: int, into: dict[int, tuple[str, bool]]) -> None:
        for match in _COMMENT.finditer(self.data, start, end):
            line = line_start(self.data, match.start())
            alone = not self.data[line : match.start()].strip()
            text = match[0][1:].decode("utf-8", "replace").strip()
            into[self._lines.line(match.start())] = (text, alone)


def _child(node: Node, step: str | int) -> tuple[Node, Entry | None, Entry | None] | None:
    """The child node, the entry that holds it, and the merge entry it came through."""
    if not node.is_map:
        if isinstance(step, int) and 0 <= step < len(node.items):
            return node.items[step], None, None
        return None
    if not node.merges:
        at = node.last.get(step) if isinstance(step, str) else None
        return (node.entries[at].value, node.entries[at], None) if at is not None else None
    for entry in reversed(node.entries):
        if entry.key == step:
            return entry.value, entry, None
        if entry.key is None:
            for source in _sources(entry.value):
                found = _child(source, step)
                if found:
                    return found[0], found[1], entry
    return None


def _sources(value: Node) -> list[Node]:
    """The mappings that a merge key's value brings, the winning one first."""
    nodes = value.items if value.style != "alias" and not value.is_map else [value]
    return [node.target or node for node in nodes]
