"""How large a document becomes when its aliases are expanded, counted without expanding them."""

from __future__ import annotations

from typing import Any, Final

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
    YAMLError,
)
from auditor.yamlio.scalars import MERGE_TAG

_RATIO_LOW: Final = 400_000
_RATIO_HIGH: Final = 4_000_000


class _Frame:
    """An open collection: the nodes in it so far, and whether its next child is a merge key's value."""

    __slots__ = ("anchor", "at_key", "is_map", "merging", "size")

    def __init__(self, is_map: bool, anchor: str | None, size: int) -> None:
        self.is_map = is_map
        self.anchor = anchor
        self.size = size
        self.at_key = is_map
        self.merging = False


class _Counter:
    """go.yaml.in/yaml/v2's decode and alias counts for one document."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.frames: list[_Frame] = []
        self.decoded = 1
        self.by_alias = 0
        self.excessive = False

    def scalar(self, event: Any) -> None:
        frame = self.frames[-1] if self.frames else None
        if event.anchor is not None:
            self.sizes[event.anchor] = 1
        if frame and frame.at_key and _is_merge(event):
            frame.merging, frame.at_key = True, False
            return
        self._add(1)
        self._step()

    def open(self, event: Any, is_map: bool) -> None:
        merge_list = not is_map and bool(self.frames) and self.frames[-1].merging
        own = 0 if merge_list else 1
        self.decoded += own
        self.frames.append(_Frame(is_map, event.anchor, own))

    def close(self) -> None:
        frame = self.frames.pop()
        if frame.anchor is not None:
            self.sizes[frame.anchor] = frame.size
        if self.frames:
            self.frames[-1].size += frame.size
        self._step()

    def alias(self, event: Any) -> None:
        size = self.sizes.get(event.anchor, 1)
        self.by_alias += size
        self._add(1 + size)
        self._check()
        self._step()

    def _add(self, count: int) -> None:
        self.decoded += count
        if self.frames:
            self.frames[-1].size += count

    def _step(self) -> None:
        if self.frames and self.frames[-1].is_map:
            frame = self.frames[-1]
            frame.at_key, frame.merging = not frame.at_key, False

    def _check(self) -> None:
        if self.by_alias > 100 and self.decoded > 1000:
            allowed = _allowed_ratio(self.decoded)
            self.excessive = self.excessive or self.by_alias > allowed * self.decoded


def _is_merge(event: Any) -> bool:
    return event.value == "<<" and bool(event.implicit[0] or event.tag == MERGE_TAG)


def _allowed_ratio(decoded: int) -> float:
    if decoded <= _RATIO_LOW:
        return 0.99
    if decoded >= _RATIO_HIGH:
        return 0.10
    return 0.99 - 0.89 * (decoded - _RATIO_LOW) / (_RATIO_HIGH - _RATIO_LOW)


def expansions(chunk: bytes) -> list[tuple[int, bool]]:
    """For each document of a chunk, up to one that does not parse: its nodes after expansion, and whether
    Go's YAML reader would refuse it for excessive aliasing (the share of nodes that aliases bring)."""
    get = CParser(chunk).get_event
    counted: list[tuple[int, bool]] = []
    counter = _Counter()
    while True:
        try:
            event: Any = get()
        except YAMLError:
            return counted
        kind = type(event)
        if kind is ScalarEvent:
            counter.scalar(event)
        elif kind is AliasEvent:
            counter.alias(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            counter.open(event, kind is MappingStartEvent)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            counter.close()
        elif kind is DocumentStartEvent:
            counter = _Counter()
        elif kind is DocumentEndEvent:
            counted.append((counter.decoded, counter.excessive))
        elif kind is StreamEndEvent:
            return counted
