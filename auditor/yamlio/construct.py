"""Parser events to plain values, with the semantics of sigs.k8s.io/yaml."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from auditor.yamlio.document import Limits
from auditor.yamlio.events import (
    AliasEvent,
    CParser,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from auditor.yamlio.scalars import (
    MEMO,
    MERGE,
    MERGE_TAG,
    MISSING,
    ScalarError,
    Special,
    key_text,
    resolve,
    resolve_go,
    tagged,
    through_json,
)


class ConstructError(Exception):
    """A document that parses but that sigs.k8s.io/yaml refuses; ``index`` counts code points."""

    def __init__(self, what: str, index: int) -> None:
        super().__init__(what)
        self.what = what
        self.index = index


class Built(Struct, frozen=True):
    """One document of a chunk. ``start`` and the duplicates' places count code points in the chunk."""

    start: int
    body: object
    duplicates: list[tuple[str, int]]
    aliased: bool


class _NoKey:
    """The state of a mapping that waits for a key."""


_NO_KEY: Final = _NoKey()
_MAX_MERGED: Final = 1_000_000


def build(chunk: bytes, limits: Limits, out: list[Built], starts: list[int]) -> None:
    """Append every document of a UTF-8 chunk to ``out`` and every document's beginning to ``starts``.

    After an error ``out`` holds the documents before the broken one. Raises ``yaml.YAMLError`` and
    :class:`ConstructError`. One loop, because its speed is the loader's speed: calls are what it costs.
    """
    get = CParser(chunk).get_event
    kind_of, max_depth = type, limits.max_depth
    known, missing = MEMO.get, MISSING
    scalar, map_start, map_end = ScalarEvent, MappingStartEvent, MappingEndEvent
    stack: list[tuple[Any, Any, Any]] = []
    push, pop = stack.append, stack.pop
    anchors: dict[str, Any] = {}
    anchor_events: dict[str, Any] = {}
    duplicates: list[tuple[str, int]] = []
    merged: dict[int, set[str]] = {}
    merged_count = 0
    aliased = False
    root: Any = None
    current: Any = None
    container: Any = None
    key: Any = _NO_KEY
    while True:
        event: Any = get()
        kind = kind_of(event)
        if kind is scalar:
            value = event.value
            if event.implicit[0]:
                value = known(value, missing)
                if value is missing:
                    value = resolve(event.value)
                if kind_of(value) is not str:
                    value = _plain(event, value, container is map_start and key is _NO_KEY)
            elif event.tag is not None:
                value = _tagged(event, container is map_start and key is _NO_KEY)
            if event.anchor is not None:
                anchors[event.anchor] = "<<" if value is MERGE else value
                anchor_events[event.anchor] = event
        elif kind is map_start or kind is SequenceStartEvent:
            opened: Any = {} if kind is map_start else []
            if event.anchor is not None:
                anchors[event.anchor] = opened
            if len(stack) >= max_depth:
                raise ConstructError(f"nested deeper than {max_depth} levels", event.start_mark.index)
            push((current, key, container))
            current, key, container = opened, _NO_KEY, kind
            continue
        elif kind is map_end or kind is SequenceEndEvent:
            value = current
            current, key, container = pop()
        elif kind is AliasEvent:
            value = _alias(event, anchors, current, stack, key is MERGE)
            aliased = True
        elif kind is DocumentStartEvent:
            starts.append(event.start_mark.index)
            if event.version and event.version != (1, 1):
                raise ConstructError("a %YAML directive other than 1.1", event.start_mark.index)
            anchors, anchor_events, merged, duplicates = {}, {}, {}, []
            aliased = False
            continue
        elif kind is DocumentEndEvent:
            out.append(Built(starts[-1], root, duplicates, aliased))
            continue
        elif kind is StreamEndEvent:
            return
        else:
            continue
        if container is map_start:
            if key is _NO_KEY:
                if kind_of(value) is not str and value is not MERGE:
                    value = _key(event, value, anchor_events)
                if value in current and value not in merged.get(id(current), ()):
                    duplicates.append((_dotted(stack, current, value), event.start_mark.index))
                key = value
            elif key is MERGE:
                keys = _merge(current, value, event)
                merged.setdefault(id(current), set()).update(keys)
                merged_count += len(keys)
                if merged_count > _MAX_MERGED:
                    raise ConstructError("merge keys copy too many entries", event.start_mark.index)
                key = _NO_KEY
            else:
                current[key] = value
                key = _NO_KEY
        elif container is SequenceStartEvent:
            current.append(value)
        else:
            root = value


def _plain(event: Any, value: object, is_key: bool) -> object:
    """What a plain scalar that resolved to ``value``, which is no string, means where it stands."""
    if event.tag is not None:  # the non-specific tag "!": a string, though a merge key stays one
        return MERGE if is_key and event.value == "<<" else event.value
    if type(value) is Special:
        if value is MERGE:
            return value if is_key else "<<"
        if not is_key:
            raise ConstructError(f"the number {event.value} does not exist in JSON", event.start_mark.index)
    return value


def _tagged(event: Any, is_key: bool) -> object:
    if event.tag == MERGE_TAG and event.value == "<<" and is_key:
        return MERGE
    try:
        value = through_json(tagged(event.tag, event.value))
    except ScalarError as error:
        raise ConstructError(str(error), event.start_mark.index) from None
    if type(value) is Special and not is_key:
        raise ConstructError(f"the number {event.value} does not exist in JSON", event.start_mark.index)
    return value


def _key(event: Any, value: object, anchor_events: dict[str, Any]) -> str:
    """The string for a mapping key that is none; floats need their own spelling, so look at the text."""
    if isinstance(value, dict | list):
        raise ConstructError("a mapping or a list cannot be a mapping key", event.start_mark.index)
    scalar = anchor_events[str(event.anchor)] if type(event) is AliasEvent else event
    try:
        return key_text(resolve_go(scalar.value) if scalar.implicit[0] else tagged(scalar.tag, scalar.value))
    except ScalarError as error:
        raise ConstructError(str(error), event.start_mark.index) from None


def _alias(
    event: Any, anchors: dict[str, Any], current: object, stack: list[tuple[Any, Any, Any]], merging: bool
) -> Any:
    try:
        value = anchors[event.anchor]
    except KeyError:
        raise ConstructError(f"unknown anchor {event.anchor!r}", event.start_mark.index) from None
    if isinstance(value, dict | list) and (value is current or any(value is frame[0] for frame in stack)):
        raise ConstructError(f"anchor {event.anchor!r} contains itself", event.start_mark.index)
    if merging and not isinstance(value, dict):
        raise ConstructError("a merge key needs a mapping or a list of mappings", event.start_mark.index)
    return value


def _merge(target: dict[str, Any], value: object, event: Any) -> set[str]:
    """Apply ``<<``: what stands later in the document wins, and in a list of sources the earlier one."""
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        raise ConstructError("a merge key needs a mapping or a list of mappings", event.start_mark.index)
    keys: set[str] = set()
    for source in reversed(sources):
        target.update(source)
        keys.update(source)
    return keys


def _dotted(stack: list[tuple[Any, Any, Any]], current: object, key: object) -> str:
    parts: list[str] = []
    for container, held, _ in stack[1:]:
        if isinstance(container, list):
            parts.append(f"[{len(container)}]")
        else:
            parts.append("<<" if held is MERGE else str(held))
    parts.append("<<" if key is MERGE else str(key))
    return ".".join(parts).replace(".[", "[")
