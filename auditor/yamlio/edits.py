"""Edits of single values that leave every other byte of the file as it is.

Each function gives one :class:`~auditor.spans.Edit`, or raises :class:`CannotEdit` with the reason. An
edit is only given out after the document with the edit in it was read back and held exactly the
intended values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from auditor.patterns import regex
from auditor.spans import Edit
from auditor.yamlio import emit
from auditor.yamlio.nodes import Entry, Node
from auditor.yamlio.sourcemap import Path, SourceMap
from auditor.yamlio.stream import load_stream
from auditor.yamlio.text import line_start

_ODD_BREAKS: Final = regex(rb"\r(?!\n)|\xc2\x85|\xe2\x80[\xa8\xa9]")


class CannotEdit(Exception):
    """Why an edit cannot be made safely."""


class EditConflict(ValueError):
    """Two edits of the same bytes that differ."""


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """``data`` with the edits made; identical ones count once. Raises :class:`EditConflict`."""
    parts: list[bytes] = []
    at = 0
    last: Edit | None = None
    for edit in sorted(set(edits)):
        if last and (edit.start < at or edit.start == last.start):
            raise EditConflict(f"two fixes change the bytes {edit.start} to {max(at, edit.end)}")
        parts += [data[at : edit.start], edit.text]
        at, last = edit.end, edit
    return b"".join([*parts, data[at:]])


def set_value(smap: SourceMap, path: Path, value: object) -> Edit:
    """Replace what stands at ``path``, or add it, with the parents that are missing."""
    editor = _Editor(smap)
    nodes = editor.nodes(path)
    if len(nodes) == len(path) + 1:
        return editor.checked(editor.replace(path, nodes, value), _with(editor.body, path, value))
    return editor.checked(editor.create(path, nodes, value), _with(editor.body, path, value))


def add_key(smap: SourceMap, path: Path, value: object) -> Edit:
    """Add the key that ends ``path``; it must not exist."""
    if smap.value(path) is not None:
        raise CannotEdit(f"{_dotted(path)} exists already")
    return set_value(smap, path, value)


def append_item(smap: SourceMap, path: Path, value: object) -> Edit:
    """Add an element at the end of the list at ``path``; a missing list is created."""
    editor = _Editor(smap)
    held = _get(editor.body, path)
    if held is None:
        return set_value(smap, path, [value])
    if not isinstance(held, list):
        raise CannotEdit(f"{_dotted(path)} is no list")
    return set_value(smap, (*path, len(held)), value)


def remove(smap: SourceMap, path: Path, *, prune: bool = True) -> Edit:
    """Remove a key or an item with its own lines.

    With ``prune`` a parent that holds nothing else goes as well; without it becomes ``{}`` or ``[]``.
    """
    editor = _Editor(smap)
    nodes = editor.nodes(path)
    if not path or len(nodes) < len(path) + 1:
        raise CannotEdit(f"{_dotted(path)} does not exist")
    while prune and len(path) > 1 and len(nodes[-2].entries) + len(nodes[-2].items) == 1:
        path, nodes = path[:-1], nodes[:-1]
    parent = nodes[-2]
    if len(parent.entries) + len(parent.items) == 1:
        empty: object = {} if parent.is_map else []
        return editor.checked(
            editor.replace(path[:-1], nodes[:-1], empty), _with(editor.body, path[:-1], empty)
        )
    return editor.checked(editor.cut(path, parent), _without(editor.body, path))


class _Editor:
    """Finds the bytes to change in one document."""

    def __init__(self, smap: SourceMap) -> None:
        document = smap.document
        if document.problem:
            raise CannotEdit(f"the document does not parse: {document.problem.what}")
        if smap.converted:
            raise CannotEdit("the file is not UTF-8")
        self.smap = smap
        self.data = smap.data
        self.start, self.end = document.start, document.end
        if _ODD_BREAKS.search(self.data, self.start, self.end):
            raise CannotEdit("the document has line breaks that are neither LF nor CRLF")
        self.body = _read(self.data[self.start : self.end])
        self.is_json = _is_json(self.data[self.start : self.end])
        newline = "\r\n" if self.data.find(b"\r\n", self.start, self.end) >= 0 else "\n"
        self.layout = _layout(self, newline)

    def nodes(self, path: Path) -> list[Node]:
        """The nodes along ``path`` as far as they exist, the root first."""
        found: list[Node] = []
        for depth in range(len(path) + 1):
            place = self.smap.locate(path[:depth])
            if place is None or place.depth < depth:
                break
            if place.alias:
                line = self.smap.nearest(path[:depth])[0].line
                raise CannotEdit(f"{_dotted(path[:depth])} comes from the alias or merge key in line {line}")
            if place.node.aliased:
                raise CannotEdit(f"{_dotted(path[:depth])} has an anchor that is used elsewhere")
            found.append(place.node)
        return found

    def checked(self, edit: Edit, intended: object) -> Edit:
        """The edit, once the document with it has proved to hold what is intended."""
        chunk = self.data[self.start : edit.start] + edit.text + self.data[edit.end : self.end]
        if _same(_read(chunk), intended):
            return edit
        raise CannotEdit("the layout of these lines leaves no safe place for the change")

    def replace(self, path: Path, nodes: list[Node], value: object) -> Edit:
        """Other text for an existing node."""
        node = nodes[-1]
        in_flow = any(parent.style == "flow" for parent in nodes[:-1])
        if not path and not in_flow and node.style == "block":
            raise CannotEdit("the whole document would be replaced")
        filled = isinstance(value, dict | list) and bool(value)
        if filled and not in_flow and node.style != "flow":
            return self._to_block(path, nodes, value)
        text = self._inline(value, node.style)
        if node.style == "block":
            return self._from_block(path, nodes, text)
        if node.style in ("literal", "folded"):
            text += self._header_comment(node)
        if node.start == node.end and self.data[node.start - 1 : node.start] in (b":", b"-"):
            text = " " + text
        return Edit(node.start, node.end, text.encode())

    def create(self, path: Path, nodes: list[Node], value: object) -> Edit:
        """Text for the part of ``path`` that does not exist yet."""
        depth = len(nodes) - 1
        if depth < 0:
            raise CannotEdit("the document is empty")
        step, node = path[depth], nodes[-1]
        value = _nested(path[depth + 1 :], value)
        if _get(self.body, path[:depth]) is None:
            inner = _nested((step,), value)
            return self.replace(path[:depth], nodes, inner)
        if node.style not in ("block", "flow"):
            raise CannotEdit(f"{_dotted(path[:depth])} is a single value and can hold nothing")
        if node.is_map != isinstance(step, str) or (not node.is_map and step != len(node.items)):
            raise CannotEdit(f"{_dotted(path[: depth + 1])} cannot exist")
        if node.style == "flow":
            return self._into_flow(node, step, value)
        return self._into_block(node, step, value)

    def cut(self, path: Path, parent: Node) -> Edit:
        """Take out one of several children."""
        step = path[-1]
        at = parent.last[step] if isinstance(step, str) else step
        if isinstance(step, str) and sum(entry.key == step for entry in parent.entries) > 1:
            raise CannotEdit(f"{_dotted(path)} is there twice")
        children = self._children(parent)
        begin, end = children[at]
        if parent.style == "flow":
            following = children[at + 1][0] if at + 1 < len(children) else None
            return Edit(begin, following, b"") if following else Edit(children[at - 1][1], end, b"")
        line, stop = line_start(self.data, begin), self._next_line(end)
        lead = self.data[line:begin]
        if not lead.strip():
            return Edit(line, stop, b"")
        if at + 1 == len(children):
            raise CannotEdit(f"{_dotted(path)} shares its line with what stands before it")
        following = children[at + 1][0]
        kept = self.data[stop : line_start(self.data, following)]
        return Edit(line, following, kept + lead)

    def _children(self, parent: Node) -> list[tuple[int, int]]:
        """Bytes of each child: an entry from its key on, a block list's item from its dash on."""
        if parent.is_map:
            return [(self._explicit(e).start, max(e.end, e.value.end)) for e in parent.entries]
        if parent.style == "flow":
            return [(item.start, item.end) for item in parent.items]
        return [(self._dash(item), item.end) for item in parent.items]

    def _explicit(self, entry: Entry) -> Entry:
        before = self.data[line_start(self.data, entry.start) : entry.start].rstrip()
        if before.endswith(b"?"):
            raise CannotEdit("the key is written with '?'")
        return entry

    def _dash(self, item: Node) -> int:
        dash = self.data.rfind(b"-", self.start, max(item.start, self.start))
        if dash < 0 or self.data[dash + 1 : item.start].strip():
            raise CannotEdit("a comment stands between an item and its dash")
        return dash

    def _colon(self, entry: Entry) -> int:
        """The offset behind an entry's colon."""
        colon = self.data.find(b":", self._explicit(entry).end)
        if colon < 0 or self.data[entry.end : colon].strip():
            raise CannotEdit("the key has no colon of its own")
        return colon + 1

    def _holder(self, path: Path, nodes: list[Node]) -> Entry | None:
        """The entry that holds the last node, None for an item or the root."""
        if len(nodes) < 2 or not isinstance(path[-1], str):
            return None
        parent = nodes[-2]
        return parent.entries[parent.last[path[-1]]]

    def _line_end(self, offset: int) -> int:
        """Where the line break of an offset's line stands."""
        at = self.data.find(b"\n", offset, self.end)
        if at < 0:
            return self.end
        return at - 1 if at > offset and self.data[at - 1 : at] == b"\r" else at

    def _next_line(self, offset: int) -> int:
        at = self.data.find(b"\n", offset, self.end)
        return self.end if at < 0 else at + 1

    def _column(self, offset: int) -> int:
        lead = self.data[max(line_start(self.data, offset), self.start) : offset]
        if lead.strip(b" -"):
            raise CannotEdit("the line begins with something that has no fixed width")
        return len(lead)

    def _lines(self, lines: list[str], column: int) -> str:
        return self.layout.newline.join(" " * column + line for line in lines)

    def _inline(self, value: object, style: str = "plain") -> str:
        try:
            if self.is_json:
                return emit.as_json(value)
            if isinstance(value, dict | list) and value:
                return emit.flow(value)
            return emit.scalar(value, style if style in ("single", "double") else "plain")
        except ValueError as error:
            raise CannotEdit(str(error)) from None

    def _header_comment(self, node: Node) -> str:
        """The comment behind ``|`` or ``>``, which has to stay."""
        eol = self._line_end(node.start)
        header = re.match(rb"[^#]*?(\s+#.*)", self.data[node.start : min(eol, node.end)])
        return header[1].decode() if header else ""

    def _to_block(self, path: Path, nodes: list[Node], value: Any) -> Edit:
        """A filled collection, as block, in place of a scalar or of another block."""
        node, entry = nodes[-1], self._holder(path, nodes)
        lines = self._block(value)
        if entry is None:
            if not path:
                raise CannotEdit("the whole document would be replaced")
            begin = self._dash(node) + 1
            text = self._lines(lines, self._column(begin) + 1).lstrip(" ")
            return Edit(begin, node.end, f" {text}".encode())
        width = self.layout.dash if isinstance(value, list) else self.layout.step
        text = self.layout.newline + self._lines(lines, self._column(entry.start) + width)
        colon = self._colon(entry)
        if node.style == "block":
            return Edit(self._line_end(colon), node.end, text.encode())
        tail = self.data[node.end : self._line_end(node.end)].decode()
        comment = self._header_comment(node) if node.style in ("literal", "folded") else tail
        if node.start == node.end:
            return Edit(self._line_end(colon), self._line_end(colon), text.encode())
        return Edit(colon, self._line_end(node.end), (comment.rstrip() + text).encode())

    def _block(self, value: Any) -> list[str]:
        try:
            return emit.block(value, self.layout)
        except ValueError as error:
            raise CannotEdit(str(error)) from None

    def _from_block(self, path: Path, nodes: list[Node], text: str) -> Edit:
        """A one-line value in place of a block, behind the key it belongs to."""
        node, entry = nodes[-1], self._holder(path, nodes)
        if entry is None:
            return Edit(node.start, node.end, text.encode())
        colon = self._colon(entry)
        comment = self.data[colon : min(self._line_end(colon), node.start)].decode().rstrip()
        return Edit(colon, node.end, f" {text}{comment}".encode())

    def _into_flow(self, node: Node, step: str | int, value: object) -> Edit:
        text = self._inline(value)
        if isinstance(step, str):
            key = emit.double_quoted(step) if self.is_json else emit.scalar(step)
            text = f"{key}: {text}"
        children = self._children(node)
        if not children:
            brace = self.data.find(b"{" if node.is_map else b"[", node.start, node.end)
            return Edit(brace + 1, brace + 1, text.encode())
        begin, end = children[-1]
        lead = self.data[line_start(self.data, begin) : begin]
        between = ", " if lead.strip() else "," + self.layout.newline + lead.decode()
        return Edit(end, end, (between + text).encode())

    def _into_block(self, node: Node, step: str | int, value: Any) -> Edit:
        children = self._children(node)
        column = self._column(children[0][0])
        lines = self._child_lines(node, step, value)
        end = children[-1][1]
        at = self._next_line(end)
        text = self._lines(lines, column)
        if self.data[at - 1 : at] == b"\n":
            return Edit(at, at, (text + self.layout.newline).encode())
        return Edit(at, at, (self.layout.newline + text).encode())

    def _child_lines(self, node: Node, step: str | int, value: Any) -> list[str]:
        try:
            if isinstance(step, str):
                return emit.entry(step, value, self.layout)
            shapes = {item.style for item in node.items if item.is_map or item.items}
            if shapes == {"flow"}:
                return [f"- {emit.flow(value)}"]
            return emit.item_lines(value, self.layout)
        except ValueError as error:
            raise CannotEdit(str(error)) from None


def _layout(editor: _Editor, newline: str) -> emit.Layout:
    """The document's own indentation: the first nested block of each sort decides."""
    step = dash = -1
    stack = [editor.smap.parsed.root]
    while stack and (step < 0 or dash < 0):
        node = stack.pop(0)
        if node is None or node.style != "block":
            continue
        for entry in node.entries:
            value = entry.value
            if value.style == "block" and (value.entries or value.items):
                width = _width(editor.data, entry, value)
                if value.is_map and step < 0 and width > 0:
                    step = width
                elif not value.is_map and dash < 0 and width >= 0:
                    dash = width
            stack.append(value)
        stack.extend(node.items)
    return emit.Layout(step if step > 0 else 2, dash if dash >= 0 else 2, newline)


def _width(data: bytes, entry: Entry, value: Node) -> int:
    """How many columns a nested block stands behind its key; below 0 when that cannot be told."""
    begin = value.entries[0].start if value.entries else data.rfind(b"-", 0, value.items[0].start)
    outer = entry.start - line_start(data, entry.start)
    return begin - line_start(data, begin) - outer


def _read(chunk: bytes) -> Any:
    """The body of a chunk that holds exactly one sound document, else :data:`_NOTHING`."""
    documents = load_stream(chunk, "document.yaml")
    if len(documents) != 1 or documents[0].problem:
        return _NOTHING
    return documents[0].body


_NOTHING: Final = object()


def _is_json(chunk: bytes) -> bool:
    if chunk.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(chunk)
    except ValueError:
        return False
    return True


def _same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and one == other


def _nested(steps: Path, value: object) -> object:
    for step in reversed(steps):
        if isinstance(step, int) and step != 0:
            raise CannotEdit("a list cannot begin with a later element")
        value = {step: value} if isinstance(step, str) else [value]
    return value


def _get(body: Any, path: Path) -> Any:
    for step in path:
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and isinstance(step, int) and step < len(body):
            body = body[step]
        else:
            return None
    return body


def _with(body: Any, path: Path, value: object) -> Any:
    """A copy of ``body`` that holds ``value`` at ``path``."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        inner = body.get(step) if isinstance(body, dict) else None
        return {**(body if isinstance(body, dict) else {}), step: _with(inner, rest, value)}
    items = list(body) if isinstance(body, list) else []
    inner = items[step] if step < len(items) else None
    return [*items[:step], _with(inner, rest, value), *items[step + 1 :]]


def _without(body: Any, path: Path) -> Any:
    """A copy of ``body`` without what stands at ``path``."""
    step, rest = path[0], path[1:]
    if rest:
        return _with(body, (step,), _without(body[step], rest))
    if isinstance(step, str):
        return {key: value for key, value in body.items() if key != step}
    return [*body[:step], *body[step + 1 :]]


def _dotted(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".") or "the document"
