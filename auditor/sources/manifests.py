"""YAML and JSON files → Kubernetes resources that know their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditor.model import Origin, Path, Place, Precision, Resource
from auditor.spans import Edit, Problem, Span
from auditor.yamlio import YamlDocument, load_stream
from auditor.yamlio.text import NotTextError, as_utf8

if TYPE_CHECKING:
    from auditor.fixes import Editable
    from auditor.yamlio import SourceMap

Read = Callable[[str], bytes]
Wanted = Callable[[str, str], bool]

EXCERPT_LINES = 2


class SourceFile:
    """One file of the tree. Bytes are read again when lines are asked for: most files have no findings."""

    __slots__ = ("_data", "_lines", "_maps", "_read", "_text", "path")

    def __init__(self, path: str, read: Read) -> None:
        self.path = path
        self._read = read
        self._data: bytes | None = None
        self._text: bytes | None = None
        self._lines: list[bytes] | None = None
        self._maps: dict[int, SourceMap] = {}

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        if self._data is None:
            self._data = self._read(self.path)
        return self._data

    @property
    def text(self) -> bytes:
        """The bytes that positions refer to: the file as UTF-8, where it is a text."""
        if self._text is None:
            try:
                self._text = as_utf8(self.data)
            except NotTextError:
                self._text = self.data
        return self._text

    def map(self, document: YamlDocument) -> SourceMap:
        """Positions inside one document of the file."""
        found = self._maps.get(document.index)
        if found is None:
            from auditor.yamlio import SourceMap

            found = self._maps[document.index] = SourceMap(self.data, document, self.text)
        return found

    def lines(self, first: int, last: int) -> list[tuple[int, str]]:
        """Numbered lines ``first`` to ``last`` (both included, from 1), those that exist."""
        if self._lines is None:
            self._lines = self.text.split(b"\n")
        shown = self._lines[max(first, 1) - 1 : last]
        return [
            (n, line.decode("utf-8", "replace").rstrip("\r")) for n, line in enumerate(shown, max(first, 1))
        ]

    def lines_around(self, span: Span, count: int) -> list[tuple[int, str]]:
        """The line where a span begins, with ``count`` lines above and below it: :meth:`lines` without counting."""
        data = self.text
        first, start = span.line, data.rfind(b"\n", 0, span.start) + 1
        while start and span.line - first < count:
            start = data.rfind(b"\n", 0, start - 1) + 1
            first -= 1
        shown: list[tuple[int, str]] = []
        while start <= len(data) and first + len(shown) <= span.line + count:
            end = data.find(b"\n", start)
            end = end if end >= 0 else len(data)
            shown.append((first + len(shown), data[start:end].decode("utf-8", "replace").rstrip("\r")))
            start = end + 1
        return shown


class ParsedFile:
    """A file with all its documents, for those who must read more than the objects in it."""

    __slots__ = ("documents", "file")

    def __init__(self, path: str, read: Read) -> None:
        self.file = SourceFile(path, read)
        self.documents = load_stream(self.file.data, path)

    def line(self, document: YamlDocument, path: Path) -> int:
        """The line of ``path``, or of its nearest existing ancestor."""
        return self.file.map(document).nearest(path)[0].line

    def objects(self) -> Iterator[tuple[YamlDocument, Path, Any]]:
        """Every Kubernetes object: its document, where it stands in there, and its body."""
        for document in self.documents:
            if is_object(document.body):
                yield from object_places(document)


class ManifestOrigin:
    """Where a manifest came from: file, document, and (in a ``kind: List``) the item."""

    __slots__ = ("_file", "base", "document", "precision")

    source = "git"

    def __init__(
        self, file: SourceFile, document: YamlDocument, base: Path = (), precision: Precision = "exact"
    ) -> None:
        self._file, self.document, self.base = file, document, base
        self.precision = precision

    @property
    def file(self) -> str:
        """Path relative to the audited root."""
        return self._file.path

    @property
    def editable(self) -> bool:
        """A manifest on its own can always be edited."""
        return self.precision == "exact"

    def editable_at(self, path: Path) -> Editable:
        """How the file is edited there."""
        return editor(self._file.path, self._file.map(self.document), lambda at: self.base + at)

    def locate(self, path: Path) -> Place:
        """The exact lines of ``path`` or of its nearest existing ancestor."""
        span, _ = self._file.map(self.document).nearest(self.base + path)
        return Place(self._file.path, span, self.precision)

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """A few lines around the place."""
        return self._file.lines_around(place.span, EXCERPT_LINES) if place.span is not None else []

    def comment(self, place: Place) -> str:
        """The comment on the line or directly above it."""
        if place.span is None:
            return ""
        return self._file.map(self.document).comments_on(place.span.line)


def editor(file: str, smap: SourceMap, place: Callable[[Path], Path], note: str = "") -> Editable:
    """How a document is edited where ``place`` says that a path of the object stands in it."""
    from auditor.fixes import Editable, Refused
    from auditor.yamlio import CannotEdit, SourceMap, append_item, remove, set_value

    def guarded(edit: Callable[[], Edit]) -> Edit:
        try:
            return edit()
        except CannotEdit as error:
            raise Refused(str(error)) from error

    return Editable(
        file,
        lambda at, value: guarded(lambda: set_value(smap, place(at), value)),
        lambda at, value: guarded(lambda: append_item(smap, place(at), value)),
        lambda at: guarded(lambda: remove(smap, place(at))),
        note,
        lambda data: editor(file, SourceMap(data, load_stream(data, file)[smap.document.index]), place, note),
    )


def is_object(body: Any) -> bool:
    """Whether a YAML document is a Kubernetes object: a map with string ``apiVersion`` and ``kind``."""
    return type(body) is dict and type(body.get("apiVersion")) is str and type(body.get("kind")) is str


def without_nulls(value: Any) -> Any:
    """The value without null map values, as the API server drops them; list items keep their places."""
    if type(value) is dict:
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if type(value) is list:
        return [without_nulls(inner) for inner in value]
    return value


def resource_of(body: Any, origin: Origin) -> Resource:
    """The resource that a Kubernetes object is."""
    body = without_nulls(body)
    metadata = body.get("metadata")
    metadata = metadata if type(metadata) is dict else {}
    name = metadata.get("name")
    if type(name) is not str:
        prefix = metadata.get("generateName")
        name = f"{prefix}*" if type(prefix) is str else ""
    namespace = metadata.get("namespace")
    return Resource(
        body["apiVersion"], body["kind"], namespace if type(namespace) is str else "", name, body, origin
    )


class ManifestFile:
    """What one YAML or JSON file holds."""

    __slots__ = ("documents", "gaps", "others", "problems", "resources", "skipped")

    def __init__(self) -> None:
        self.resources: list[Resource] = []
        self.others: list[YamlDocument] = []
        """Documents that are no Kubernetes objects."""
        self.problems: list[Problem] = []
        self.gaps: list[Problem] = []
        """Keys that stand twice: only the last of them is judged."""
        self.documents = 0
        self.skipped = 0


def read_manifests(path: str, data: bytes, read: Read, wanted: Wanted | None) -> ManifestFile:
    """Every object in one file; a ``kind: List`` gives its items."""
    found = ManifestFile()
    file = SourceFile(path, read)
    for document in load_stream(data, path, wanted=wanted):
        found.documents += 1
        if document.problem is not None:
            found.problems.append(document.problem)
        elif document.skipped:
            found.skipped += 1
        elif is_object(document.body):
            found.resources += _objects(file, document)
            found.gaps += _shadowed(path, document.duplicates)
        elif document.body is not None:
            found.others.append(document)
    return found


def _shadowed(path: str, duplicates: Sequence[tuple[str, int]]) -> list[Problem]:
    """One row a document, at the first key that stands twice."""
    if not duplicates:
        return []
    (key, line), more = duplicates[0], len(duplicates) - 1
    others = f", and so do {more} more below" if more else ""
    what = (
        f"the key {key!r} stands here a second time{others}: the later one counts, and the one above is lost"
    )
    return [
        Problem(
            path, line, 0, what, "take one of them out; kustomize and other strict readers refuse the file"
        )
    ]


def _objects(file: SourceFile, document: YamlDocument) -> Iterator[Resource]:
    for _, base, body in object_places(document):
        yield resource_of(body, ManifestOrigin(file, document, base))


def object_places(document: YamlDocument) -> Iterator[tuple[YamlDocument, Path, Any]]:
    """The object that a document is, or those in its ``items`` when it is a list of objects."""
    body: Any = document.body
    items = body.get("items")
    if not body["kind"].endswith("List") or type(items) is not list:
        yield document, (), body
        return
    for index, item in enumerate(items):
        if is_object(item):
            yield document, ("items", index), item
