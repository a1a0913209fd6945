"""The places of a document's nodes, from a second pass over YAML events or a scan of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from auditor.patterns import regex
from auditor.yamlio.events import (
    AliasEvent,
    CParser,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    YAMLError,
)
from auditor.yamlio.scalars import HINTS, MERGE, MERGE_TAG, ScalarError, key_text, resolve_go, tagged
from auditor.yamlio.text import ByteIndex

_MAX_BYTES: Final = 8 * 1024 * 1024
_NO_KEYS: Final[Mapping[str, int]] = MappingProxyType({})
STYLES: Final = {"'": "single", '"': "double", "|": "literal", ">": "folded"}


class Node(Struct, eq=False):
    """A node's bytes ``[start, end)`` (anchor and tag included, trailing comments not) and its children.

    ``style`` is one of block, flow, plain, single, double, literal, folded, alias. ``target`` is what an
    alias stands for. ``aliased`` says that some alias repeats this node. ``last`` is, for each key of a mapping,
    its last entry.
    """

    start: int
    end: int
    style: str
    is_map: bool = False
    items: Sequence[Node] = ()
    entries: Sequence[Entry] = ()
    last: Mapping[str, int] = _NO_KEYS
    merges: bool = False
    target: Node | None = None
    aliased: bool = False


class Entry(Struct, eq=False):
    """A key of a mapping with its bytes, and its value; ``key`` is None for a merge key."""

    key: str | None
    start: int
    end: int
    style: str
    value: Node


_NOWHERE: Final = Node(0, 0, "plain")


class _Open:
    """A collection that is being read."""

    __slots__ = ("entries", "entry", "is_map", "items", "last", "merges", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.is_map = node.is_map
        self.entry: Entry | None = None
        """The entry that waits for its value."""
        self.items: list[Node] = []
        self.entries: list[Entry] = []
        self.last: dict[str, int] = {}
        self.merges = False

    def take(self, node: Node) -> None:
        """Add a child: an item, or the value of the waiting entry."""
        if not self.is_map:
            self.items.append(node)
            return
        entry = self.entry
        if entry is None:
            return
        self.entry = None
        entry.value = node
        if entry.key is None:
            self.merges = True
        else:
            self.last[entry.key] = len(self.entries)
        self.entries.append(entry)

    def close(self, end: int | None) -> Node:
        """The finished node; a block one ends where its last content does."""
        node = self.node
        node.items, node.entries, node.last, node.merges = self.items, self.entries, self.last, self.merges
        if end is not None:
            node.end = end
        elif self.entries:
            node.end = max(self.entries[-1].end, self.entries[-1].value.end)
        elif self.items:
            node.end = self.items[-1].end
        return node


class _Tree:
    """Builds nodes from a flat sequence of calls."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.tokens: list[tuple[int, int, str]] = []
        self._open: list[_Open] = []

    def scalar(self, node: Node, key: str | None) -> None:
        """Add a scalar or alias; ``key`` is its text should it stand where a mapping wants a key."""
        self.tokens.append((node.start, node.end, node.style))
        self._add(node, key)

    def open(self, node: Node) -> None:
        """Begin a collection."""
        self._open.append(_Open(node))

    def close(self, end: int | None) -> None:
        """End the innermost collection."""
        self._add(self._open.pop().close(end), "")

    def _add(self, node: Node, key: str | None) -> None:
        if not self._open:
            self.root = node
        elif self.wants_key:
            self._open[-1].entry = Entry(key, node.start, node.end, node.style, _NOWHERE)
        else:
            self._open[-1].take(node)

    @property
    def wants_key(self) -> bool:
        return bool(self._open) and self._open[-1].is_map and self._open[-1].entry is None


class Parsed(Struct, frozen=True):
    """A document's root node (None when it holds nothing) and its scalars' bytes in order."""

    root: Node | None = None
    tokens: Sequence[tuple[int, int, str]] = ()


def document_tree(data: bytes, start: int, end: int) -> Parsed:
    """The nodes of the document at ``data[start:end]``: YAML, else JSON, else nothing.

    Nothing either for a document far beyond what an API server stores: its nodes would fill the memory.
    """
    if end - start > _MAX_BYTES:
        return Parsed()
    try:
        return yaml_tree(data, start, end)
    except YAMLError:
        return json_tree(data, start, end)


def yaml_tree(data: bytes, start: int, end: int) -> Parsed:
    """The nodes of one YAML document. Raises ``yaml.YAMLError``.

    One loop, as in :func:`auditor.yamlio.construct.build`: calls are what it costs.
    """
    chunk = data[start:end]
    get, byte = CParser(chunk).get_event, ByteIndex(chunk).byte
    plain = chunk.isascii()  # as most are: then code points are bytes
    kind_of, style_of = type, STYLES.get
    root: Node | None = None
    tokens: list[tuple[int, int, str]] = []
    anchors: dict[str, Node] = {}
    anchor_keys: dict[str, str | None] = {}
    stack: list[_Open] = []
    top: _Open | None = None
    while True:
        event: Any = get()
        kind = kind_of(event)
        key: str | None = ""
        if kind is ScalarEvent:
            at, stop = event.start_mark.index, event.end_mark.index
            at, stop = (at + start, stop + start) if plain else (byte(at) + start, byte(stop) + start)
            style = style_of(event.style, "plain")
            if style == "literal" or style == "folded":
                stop = at + len(data[at:stop].rstrip(b" \t\r\n"))
            tokens.append((at, stop, style))
            wanted = top is not None and top.is_map and top.entry is None
            if wanted and top is not None and event.anchor is None:
                top.entry = Entry(_key_of(event), at, stop, style, _NOWHERE)
                continue
            node = Node(at, stop, style)
            if event.anchor is not None:
                key = _key_of(event)
                anchors[event.anchor] = node
                anchor_keys[event.anchor] = "<<" if key is None else key
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            at, stop = byte(event.start_mark.index) + start, byte(event.end_mark.index) + start
            node = Node(at, stop, "flow" if event.flow_style else "block", kind is MappingStartEvent)
            if event.anchor is not None:
                anchors[event.anchor] = node
            top = _Open(node)
            stack.append(top)
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            index = event.end_mark.index
            node = stack.pop().close(byte(index) + start if index > event.start_mark.index else None)
            top = stack[-1] if stack else None
        elif kind is AliasEvent:
            at, stop = byte(event.start_mark.index) + start, byte(event.end_mark.index) + start
            node = Node(at, stop, "alias")
            node.target = anchors.get(event.anchor)
            if node.target is not None:
                node.target.aliased = True
            tokens.append((node.start, node.end, node.style))
            key = anchor_keys.get(event.anchor, "")
        elif kind is DocumentEndEvent or event is None:
            return Parsed(root, tokens)
        else:
            continue
        if top is None:
            root = node
        elif top.is_map and top.entry is None:
            top.entry = Entry(key, node.start, node.end, node.style, _NOWHERE)
        else:
            top.take(node)


def _key_of(event: Any) -> str | None:
    """The key's text as the loader gives it; None for a merge key."""
    plain = bool(event.implicit[0])
    if plain and event.value[:1] not in HINTS and event.tag is None:
        return str(event.value)
    if event.value == "<<" and (plain or event.tag == MERGE_TAG):
        return None
    try:
        if plain and event.tag is None:
            value = resolve_go(event.value)
            return "<<" if value is MERGE else key_text(value)
        return key_text(tagged(event.tag, event.value)) if event.tag else str(event.value)
    except ScalarError:
        return str(event.value)


_TOKEN: Final = regex(
    rb'[ \t\r\n]*(?:(?P<string>"(?:[^"\\]|\\.)*+")|(?P<open>[\[{])|(?P<close>[\]}])'
    rb'|[,:]|(?P<bare>[^\s,:\[\]{}"]+))'
)


def json_tree(data: bytes, start: int, end: int) -> Parsed:
    """The nodes of one JSON value; of broken JSON the part that can be made out."""
    tree = _Tree()
    depth = 0
    for token in _tokens(data, start, end):
        begin, stop = token.span(token.lastgroup or 0)
        if token.lastgroup == "open":
            tree.open(Node(begin, stop, "flow", token["open"] == b"{"))
            depth += 1
        elif token.lastgroup == "close":
            if depth:
                tree.close(stop)
                depth -= 1
        elif token.lastgroup == "string":
            key = _json_string(token["string"]) if tree.wants_key else ""
            tree.scalar(Node(begin, stop, "double"), key)
        elif token.lastgroup == "bare":
            tree.scalar(Node(begin, stop, "plain"), token["bare"].decode("utf-8", "replace"))
    for _ in range(depth):
        tree.close(end)
    return Parsed(tree.root, tree.tokens)


def _tokens(data: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    token = _TOKEN.match(data, start, end)
    while token:
        yield token
        token = _TOKEN.match(data, token.end(), end)


def _json_string(quoted: bytes) -> str:
    import json

    try:
        text = str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1].decode("utf-8", "replace")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def duplicate_keys(parsed: Parsed) -> list[tuple[str, int]]:
    """Every repeated key of a tree: its dotted path and its byte offset."""
    found: list[tuple[str, int]] = []
    stack = [("", parsed.root)] if parsed.root else []
    while stack:
        path, node = stack.pop()
        seen: set[str] = set()
        children = []
        for entry in node.entries:
            dotted = f"{path}.{entry.key}" if path else str(entry.key)
            if entry.key in seen:
                found.append((dotted, entry.start))
            seen.add(str(entry.key))
            children.append((dotted, entry.value))
        children.extend((f"{path}[{at}]", item) for at, item in enumerate(node.items))
        stack.extend(reversed(children))
    return found
