"""The places of a document's nodes, from a second pass over YAML events or a scan of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from auditor.yamlio.scalars import MERGE, MERGE_TAG, ScalarError, key_text, resolve_go, tagged
from auditor.yamlio.text import ByteIndex

_MAX_BYTES: Final = 8 * 1024 * 1024
STYLES: Final = {"'": "single", '"': "double", "|": "literal", ">": "folded"}


class Node:
    """A node's bytes ``[start, end)`` (anchor and tag included, trailing comments not) and its children.

    ``style`` is one of block, flow, plain, single, double, literal, folded, alias. ``target`` is what an
    alias stands for. ``aliased`` says that some alias repeats this node.
    """

    __slots__ = ("aliased", "end", "entries", "is_map", "items", "last", "merges", "start", "style", "target")

    def __init__(self, start: int, end: int, style: str, is_map: bool = False) -> None:
        self.start = start
        self.end = end
        self.style = style
        self.is_map = is_map
        holds = style in ("block", "flow")
        self.items: list[Node] = [] if holds else _NO_ITEMS
        self.entries: list[Entry] = [] if holds else _NO_ENTRIES
        self.last: dict[str, int] = {} if holds else _NO_KEYS
        self.merges = False
        self.target: Node | None = None
        self.aliased = False


class Entry:
    """A key of a mapping with its bytes, and its value; ``key`` is None for a merge key."""

    __slots__ = ("end", "key", "start", "style", "value")

    def __init__(self, key: str | None, start: int, end: int, style: str) -> None:
        self.key = key
        self.start = start
        self.end = end
        self.style = style
        self.value: Node = _NOWHERE


# Most nodes are scalars: they share their empty containers, which nothing fills.
_NO_ITEMS: Final[list[Node]] = []
_NO_ENTRIES: Final[list[Entry]] = []
_NO_KEYS: Final[dict[str, int]] = {}
_NOWHERE: Final = Node(0, 0, "plain")


class _Tree:
    """Builds nodes from a flat sequence of calls."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.tokens: list[tuple[int, int, str]] = []
        self._open: list[Node] = []
        self._keys: list[Entry | None] = []

    def scalar(self, node: Node, key: str | None) -> None:
        """Add a scalar or alias; ``key`` is its text should it stand where a mapping wants a key."""
        self.tokens.append((node.start, node.end, node.style))
        if self.wants_key:
            self._keys[-1] = Entry(key, node.start, node.end, node.style)
        else:
            self._attach(node)

    def open(self, node: Node) -> None:
        self._open.append(node)
        self._keys.append(None)

    def close(self, end: int | None) -> None:
        """End the innermost collection; a block one ends where its last content does."""
        node = self._open.pop()
        self._keys.pop()
        if end is not None:
            node.end = end
        elif node.is_map and node.entries:
            node.end = max(node.entries[-1].end, node.entries[-1].value.end)
        elif node.items:
            node.end = node.items[-1].end
        if self.wants_key:
            self._keys[-1] = Entry("", node.start, node.end, node.style)
        else:
            self._attach(node)

    def _attach(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if not parent.is_map:
            parent.items.append(node)
            return
        entry = self._keys[-1]
        if entry is None:
            return
        self._keys[-1] = None
        entry.value = node
        parent.entries.append(entry)
        if entry.key is None:
            parent.merges = True
        else:
            parent.last[entry.key] = len(parent.entries) - 1

    @property
    def wants_key(self) -> bool:
        return bool(self._open) and self._open[-1].is_map and self._keys[-1] is None


class Parsed:
    """A document's root node (None when it holds nothing) and its scalars' bytes in order."""

    __slots__ = ("root", "tokens")

    def __init__(self, tree: _Tree) -> None:
        self.root = tree.root
        self.tokens = tree.tokens


def document_tree(data: bytes, start: int, end: int) -> Parsed:
    """The nodes of the document at ``data[start:end]``: YAML, else JSON, else nothing.

    Nothing either for a document far beyond what an API server stores: its nodes would fill the memory.
    """
    if end - start > _MAX_BYTES:
        return Parsed(_Tree())
    try:
        return yaml_tree(data, start, end)
    except YAMLError:
        return json_tree(data, start, end)


def yaml_tree(data: bytes, start: int, end: int) -> Parsed:
    """The nodes of one YAML document. Raises ``yaml.YAMLError``."""
    chunk = data[start:end]
    get, byte = CParser(chunk).get_event, ByteIndex(chunk).byte
    tree = _Tree()
    anchors: dict[str, Node] = {}
    anchor_keys: dict[str, str | None] = {}
    while True:
        event: Any = get()
        kind = type(event)
        if kind is DocumentEndEvent or event is None:
            return Parsed(tree)
        if kind is ScalarEvent:
            node = _scalar_node(
                event, data, start + byte(event.start_mark.index), start + byte(event.end_mark.index)
            )
            key = _key_of(event) if tree.wants_key or event.anchor else ""
            tree.scalar(node, key)
            if event.anchor:
                anchors[event.anchor] = node
                anchor_keys[event.anchor] = "<<" if key is None else key
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            begin = start + byte(event.start_mark.index)
            style = "flow" if event.flow_style else "block"
            node = Node(begin, start + byte(event.end_mark.index), style, kind is MappingStartEvent)
            if event.anchor:
                anchors[event.anchor] = node
            tree.open(node)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            index = event.end_mark.index
            tree.close(start + byte(index) if index > event.start_mark.index else None)
        elif kind is AliasEvent:
            node = Node(start + byte(event.start_mark.index), start + byte(event.end_mark.index), "alias")
            node.target = anchors.get(event.anchor)
            if node.target:
                node.target.aliased = True
            tree.scalar(node, anchor_keys.get(event.anchor, ""))


def _scalar_node(event: Any, data: bytes, start: int, end: int) -> Node:
    style = STYLES.get(event.style, "plain")
    if style in ("literal", "folded"):
        end = start + len(data[start:end].rstrip(b" \t\r\n"))
    return Node(start, end, style)


def _key_of(event: Any) -> str | None:
    """The key's text as the loader gives it; None for a merge key."""
    plain = bool(event.implicit[0])
    if event.value == "<<" and (plain or event.tag == MERGE_TAG):
        return None
    try:
        if plain and event.tag is None:
            value = resolve_go(event.value)
            return "<<" if value is MERGE else key_text(value)
        return key_text(tagged(event.tag, event.value)) if event.tag else str(event.value)
    except ScalarError:
        return str(event.value)


_TOKEN: Final = re.compile(
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
    return Parsed(tree)


def _tokens(data: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    token = _TOKEN.match(data, start, end)
    while token:
        yield token
        token = _TOKEN.match(data, token.end(), end)


def _json_string(quoted: bytes) -> str:
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
