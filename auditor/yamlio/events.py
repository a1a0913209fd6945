"""PyYAML's C parser, with events that are made in C too.

The parser makes each event by calling a class of ``yaml.events`` whose ``__init__`` is Python: a quarter of the
time of parsing. Structs of the same fields take their place. Nobody else in a process sees the difference: loaders
on libyaml build their nodes without events, and loaders in Python have a parser and events of their own.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from auditor.patterns import compiled_when_used

with compiled_when_used():
    from yaml import MarkedYAMLError, YAMLError, _yaml
    from yaml._yaml import CParser
    from yaml.events import StreamEndEvent
    from yaml.reader import ReaderError

__all__ = [
    "AliasEvent",
    "CParser",
    "DocumentEndEvent",
    "DocumentStartEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "MarkedYAMLError",
    "ReaderError",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "YAMLError",
]


class _Event(Struct, gc=False):
    start_mark: Any = None
    end_mark: Any = None


class DocumentStartEvent(_Event, gc=False):
    """``---``, written or not."""

    explicit: Any = None
    version: Any = None
    tags: Any = None


class DocumentEndEvent(_Event, gc=False):
    """``...``, written or not."""

    explicit: Any = None


class AliasEvent(Struct, gc=False):
    """``*name``."""

    anchor: Any
    start_mark: Any = None
    end_mark: Any = None


class ScalarEvent(Struct, gc=False):
    """A scalar. ``implicit``: whether its tag follows from its text when plain, and when quoted."""

    anchor: Any
    tag: Any
    implicit: Any
    value: Any
    start_mark: Any = None
    end_mark: Any = None
    style: Any = None


class _Start(Struct, gc=False):
    anchor: Any
    tag: Any
    implicit: Any
    start_mark: Any = None
    end_mark: Any = None
    flow_style: Any = None


class SequenceStartEvent(_Start, gc=False):
    """The begin of a sequence."""


class MappingStartEvent(_Start, gc=False):
    """The begin of a mapping."""


class SequenceEndEvent(_Event, gc=False):
    """The end of a sequence."""


class MappingEndEvent(_Event, gc=False):
    """The end of a mapping."""


_OURS = (
    DocumentStartEvent,
    DocumentEndEvent,
    AliasEvent,
    ScalarEvent,
    SequenceStartEvent,
    MappingStartEvent,
    SequenceEndEvent,
    MappingEndEvent,
)
for _ours in _OURS:
    setattr(_yaml, _ours.__name__, _ours)
