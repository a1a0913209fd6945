"""What the files of one tree said when they were last read.

A file is known by its size, times and inode, as for git; one that changed within the second before it was read
is read again. Only plain data are kept: places are found anew in the file, lines are read from it, and a body is
decoded when somebody looks at it.
"""

# Annotations are not postponed: msgspec would evaluate each from its text, which takes ten times as long.
import os
from collections.abc import Callable, Iterable
from time import time_ns
from typing import Any

import msgspec
from msgspec import Struct

from auditor.cache.build import build
from auditor.cache.store import Store, digest, fingerprint
from auditor.model import Body, Path, Resource
from auditor.sources.manifests import ManifestOrigin, SourceFile
from auditor.sources.reading import FileReading, Outcome, Trace
from auditor.sources.texts import TextOrigin
from auditor.sources.tree import Tree
from auditor.spans import Problem
from auditor.waiver_comments import Mark
from auditor.yamlio import YamlDocument

_SETTLED_NS = 1_000_000_000
State = tuple[int, ...]


class _Object(Struct, array_like=True):
    """A Kubernetes object, or a file that is one thing: what it is, and the document it stands in."""

    api_version: str
    kind: str
    namespace: str
    name: str
    body: msgspec.Raw
    place: tuple[int, int, int, int]
    """Index, line, start and end of the document."""
    base: tuple[str | int, ...]


class _Text(Struct, array_like=True):
    """A text or a Dockerfile, with the places of what was found in it."""

    kind: str
    body: msgspec.Raw
    spans: list[tuple[tuple[str | int, ...], tuple[int, int]]]


class _Reading(Struct, array_like=True):
    """A :class:`FileReading` and the comments that ask for waivers, as plain data."""

    loose: bool
    marks: list[Mark]
    texts: list[_Text]
    files: list[_Object]
    objects: list[_Object]
    problems: list[Problem]
    gaps: list[Problem]
    documents: int
    skipped: int


class _Collected(Struct, array_like=True):
    """What a collector left, and all that it asked for."""

    given: str
    reads: dict[str, State]
    asked: dict[str, bool]
    outcome: Outcome


class _Entry(Struct, array_like=True):
    """One file's reading, and what was read."""

    state: State
    version: str
    reading: msgspec.Raw


class _Kept(Struct, array_like=True):
    """All that is kept of a tree."""

    files: dict[str, _Entry]
    collected: dict[str, _Collected]


_KEPT = msgspec.msgpack.Decoder(_Kept)
_READING = msgspec.msgpack.Decoder(_Reading)
_BODY = msgspec.msgpack.Decoder()
_ENCODER = msgspec.msgpack.Encoder()
_SLOT: Any = Resource.__dict__["body"]
_UNREAD: Any = None


class KeptResource(Resource, eq=False):
    """A resource whose body is still as it was kept until somebody looks at it."""

    kept: msgspec.Raw

    @property  # type: ignore[misc]
    def body(self) -> Body:  # type: ignore[override]
        """The body, decoded once."""
        found: Body | None = _SLOT.__get__(self)
        if found is None:
            found = _BODY.decode(self.kept)
            _SLOT.__set__(self, found)
        return found


def encoded(resource: Resource) -> msgspec.Raw:
    """The body as it is kept; an error of msgspec's for one that cannot be."""
    kept = resource.kept if isinstance(resource, KeptResource) else _ENCODER.encode(resource.body)
    return msgspec.Raw(kept)


class KeptReadings:
    """Readings of one tree; :class:`auditor.sources.reading.Readings`."""

    def __init__(self, store: Store, tree: Tree, *settings: str) -> None:
        self._store, self._tree = store, tree
        self.name = f"files-{digest(build(), os.fspath(tree.root.resolve()), *settings)}"
        self._kept = self._load()
        self._before, self._now = self._kept.files, _Kept({}, {})
        self._fresh: dict[str, tuple[State, FileReading]] = {}
        self._asked: dict[str, State | None] = {}
        self._collectors: set[str] = set()
        self.versions: dict[str, str] = {}
        """A digest of what each file holds."""
        self.marks: dict[str, list[Mark]] = {}
        """Comments in the files that were not read this time."""

    def _load(self) -> _Kept:
        data = self._store.read(self.name)
        try:
            return _KEPT.decode(data) if data is not None else _Kept({}, {})
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _Kept({}, {})

    def get(self, path: str, *, loose: bool) -> FileReading | None:
        """See :class:`Readings`."""
        entry = self._before.get(path)
        if entry is None or entry.state != self._state(path):
            return None
        try:
            kept = _READING.decode(entry.reading)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if kept.loose != loose:
            return None
        self._now.files[path], self.versions[path] = entry, entry.version
        if kept.marks:
            self.marks[path] = kept.marks
        return self._restored(path, kept)

    def keep(self, path: str, data: bytes, reading: FileReading) -> None:
        """See :class:`Readings`."""
        self.versions[path] = fingerprint(data)
        state = self._settled(path)
        if state is not None:
            self._fresh[path] = (state, reading)

    def outcome(self, collector: str, given: Iterable[str], is_file: Callable[[str], bool]) -> Outcome | None:
        """See :class:`Readings`."""
        self._collectors.add(collector)
        kept = self._kept.collected.get(collector)
        if kept is None or kept.given != digest(*given):
            return None
        if any(self._state(path) != state for path, state in kept.reads.items()):
            return None
        if any(is_file(path) is not answer for path, answer in kept.asked.items()):
            return None
        self._now.collected[collector] = kept
        return kept.outcome

    def keep_outcome(self, collector: str, given: Iterable[str], trace: Trace, outcome: Outcome) -> None:
        """See :class:`Readings`."""
        states = {path: self._settled(path) for path in trace.reads}
        known = {path: state for path, state in states.items() if state is not None}
        if len(known) == len(states):
            self._now.collected[collector] = _Collected(digest(*given), known, trace.asked, outcome)

    def everything(self) -> str:
        """A digest of all that this run was told by the tree; '' where a collector may have looked elsewhere.

        Only for runs that render nothing.
        """
        if self._collectors != self._now.collected.keys():
            return ""
        versions = [part for path in sorted(self.versions) for part in (path, self.versions[path])]
        return digest(*versions, _ENCODER.encode(self._now.collected))

    def _state(self, path: str) -> State | None:
        """The file's state, asked once a run: it is the one under which the file is then read and kept."""
        if path not in self._asked:
            self._asked[path] = self._tree.state(path)
        return self._asked[path]

    def _settled(self, path: str) -> State | None:
        """A file's state, when it is older than the clock's grain: then another state means another file."""
        state = self._state(path)
        return state if state is not None and max(state[1], state[2]) < time_ns() - _SETTLED_NS else None

    def save(self, marks: dict[str, list[Mark]]) -> None:
        """Write what changed. ``marks`` are the waiver comments of the files that were read."""
        for path, (state, reading) in self._fresh.items():
            try:
                data = _ENCODER.encode(_plain(reading, marks.get(path, [])))
            except (TypeError, OverflowError, UnicodeEncodeError, RecursionError):
                continue  # a value that JSON cannot say: the file is read each time
            self._now.files[path] = _Entry(state, self.versions[path], msgspec.Raw(data))
        same = self._now.files.keys() == self._before.keys() and self._now.collected == self._kept.collected
        if self._fresh or not same:
            self._store.keep(self.name, self._now)

    def _restored(self, path: str, kept: _Reading) -> FileReading:
        file = SourceFile(path, self._tree.read)
        texts: list[Resource] = [
            KeptResource(
                "file",
                each.kind,
                "",
                path,
                _UNREAD,
                TextOrigin(path, self._tree.read, dict(each.spans)),
                each.body,
            )
            for each in kept.texts
        ]
        texts += [_resource(file, each) for each in kept.files]
        objects = [_resource(file, each) for each in kept.objects]
        return FileReading(kept.loose, texts, objects, kept.problems, kept.gaps, kept.documents, kept.skipped)


def _resource(file: SourceFile, kept: _Object) -> Resource:
    index, line, start, end = kept.place
    document = YamlDocument(index=index, line=line, start=start, end=end)
    origin = ManifestOrigin(file, document, kept.base)
    return KeptResource(kept.api_version, kept.kind, kept.namespace, kept.name, _UNREAD, origin, kept.body)


def _plain(reading: FileReading, marks: list[Mark]) -> _Reading:
    texts = [each for each in reading.texts if isinstance(each.origin, TextOrigin)]
    files = [each for each in reading.texts if not isinstance(each.origin, TextOrigin)]
    return _Reading(
        reading.loose,
        marks,
        [_text(each) for each in texts],
        [_object(each) for each in files],
        [_object(each) for each in reading.objects],
        reading.problems,
        reading.gaps,
        reading.documents,
        reading.skipped,
    )


def _text(resource: Resource) -> _Text:
    assert isinstance(resource.origin, TextOrigin)
    spans: dict[Path, tuple[int, int]] = resource.origin.spans
    return _Text(resource.kind, encoded(resource), list(spans.items()))


def _object(resource: Resource) -> _Object:
    origin = resource.origin
    assert isinstance(origin, ManifestOrigin)
    document = origin.document
    return _Object(
        resource.api_version,
        resource.kind,
        resource.namespace,
        resource.name,
        encoded(resource),
        (document.index, document.line, document.start, document.end),
        origin.base,
    )
