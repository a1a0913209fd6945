"""Reading a file: every document of its stream, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable

from auditor.spans import Problem
from auditor.yamlio.construct import Built, ConstructError, build
from auditor.yamlio.document import DEFAULT_LIMITS, Limits, YamlDocument
from auditor.yamlio.events import YAMLError
from auditor.yamlio.split import chunks, content_start, identity, markers
from auditor.yamlio.text import UTF8_BOM, ByteIndex, Lines, NotTextError, as_utf8, check_utf8, size_problem

Wanted = Callable[[str, str], bool]


def load_stream(
    data: bytes, path: str, *, wanted: Wanted | None = None, limits: Limits = DEFAULT_LIMITS
) -> list[YamlDocument]:
    """Read YAML or JSON as sigs.k8s.io/yaml does, one entry per document, in the file's order.

    ``wanted(apiVersion, kind)`` answers whether anybody asks for such an object; a document for which
    it says no is skipped unparsed when its kind is certain. Without ``wanted`` everything is parsed.
    Whatever is wrong with the input becomes a document's ``problem``; the documents around it load.
    """
    problem = size_problem(data, path, limits)
    if problem:
        return [_failed(data, problem)]
    try:
        text = as_utf8(data)
        if path.endswith(".json"):
            return _load_json(text, path, wanted, limits)
    except NotTextError as error:
        line, column = Lines(data).place(error.offset)
        return [_failed(data, Problem(path, line, column, error.what, error.repair))]
    documents = _Reader(text, path, wanted, limits).read()
    if any(document.problem for document in documents) and text.removeprefix(UTF8_BOM).lstrip()[:1] == b"{":
        from auditor.yamlio.jsonread import JsonError, json_documents

        # kubectl takes what begins with "{" for JSON, which YAML 1.1 does not quite contain.
        try:
            return json_documents(text, limits)
        except (JsonError, NotTextError):
            return documents
    return documents


def _failed(data: bytes, problem: Problem) -> YamlDocument:
    return YamlDocument(index=0, line=1, start=0, end=len(data), problem=problem)


class _Reader:
    """One pass over a file, chunk by chunk, that keeps count of documents and lines."""

    def __init__(self, data: bytes, path: str, wanted: Wanted | None, limits: Limits) -> None:
        self.data = data
        self.path = path
        self.wanted = wanted
        self.limits = limits
        self.documents: list[YamlDocument] = []
        self.lines = Lines(data)

    def read(self) -> list[YamlDocument]:
        begin = len(UTF8_BOM) if self.data.startswith(UTF8_BOM) else 0
        for start, end in chunks(self.data, begin):
            if len(self.documents) >= self.limits.max_documents:
                self._add(start, len(self.data), problem=self._too_many(start))
                break
            if self.wanted is None or not self._skip(start, end):
                self._parse(start, end)
        return self.documents

    def _too_many(self, start: int) -> Problem:
        what = f"more than {self.limits.max_documents:,} documents in one file: the rest was not read"
        return Problem(self.path, self.lines.line(start), 1, what, "split the file")

    def _skip(self, start: int, end: int) -> bool:
        named = identity(self.data[start:end])
        if named is None or self.wanted is None or self.wanted(*named):
            return False
        self._add(start, end, skipped=True)
        return True

    def _parse(self, start: int, end: int) -> None:
        chunk = self.data[start:end]
        built: list[Built] = []
        starts: list[int] = []
        try:
            check_utf8(self.data, start, end)
            build(chunk, self.limits, built, starts)
        except (NotTextError, YAMLError, ConstructError) as error:
            from auditor.yamlio.problems import from_error

            problem, offset = from_error(error, self.data, start, end, self.path, self.lines)
            index = ByteIndex(chunk)
            edges = [start, *(start + index.byte(at) for at in starts[1:])]
            if built and len(starts) == len(built):  # it broke between two documents
                edges.append(offset)
            self._emit(chunk, edges, built)
            self._broken(edges[-1], end, problem)
        else:
            if len(built) == 1:
                edges = [start, end]
            else:
                index = ByteIndex(chunk)
                edges = [start, *(start + index.byte(at) for at in starts[1:]), end]
            self._emit(chunk, edges, built)

    def _emit(self, chunk: bytes, edges: list[int], built: list[Built]) -> None:
        """Add the documents of a chunk; ``edges`` are the byte offsets where they begin (and end)."""
        grown = []
        if any(made.aliased for made in built):
            from auditor.yamlio.aliases import expansions

            grown = expansions(chunk)
        index = ByteIndex(chunk) if any(made.duplicates for made in built) else None
        for position, made in enumerate(built):
            start, end = edges[position], edges[position + 1]
            problem = self._excess(start, end, *grown[position]) if made.aliased else None
            duplicates = [
                (key, self.lines.line(edges[0] + index.byte(at))) for key, at in made.duplicates if index
            ]
            body = None if problem else made.body
            self._add(start, end, body=body, problem=problem, duplicates=tuple(duplicates))

    def _excess(self, start: int, end: int, nodes: int, refused: bool) -> Problem | None:
        if not refused and nodes <= self.limits.max_nodes:
            return None
        line, column = self.lines.place(content_start(self.data, start, end))
        what = f"aliases expand the document to {nodes:,} nodes: more than a YAML reader may accept"
        return Problem(self.path, line, column, what, "write the repeated parts out, or generate the file")

    def _broken(self, start: int, end: int, problem: Problem) -> None:
        """Add the broken document, and go on at the next marker when its chunk holds one."""
        resume = markers(self.data, start, end)
        self._add(start, resume[0] if resume else end, problem=problem)
        for begin, stop in zip(resume, [*resume[1:], end], strict=False):
            if len(self.documents) >= self.limits.max_documents:
                self._add(begin, end, problem=self._too_many(begin))
                break
            self._parse(begin, stop)

    def _add(
        self,
        start: int,
        end: int,
        *,
        body: object = None,
        skipped: bool = False,
        problem: Problem | None = None,
        duplicates: tuple[tuple[str, int], ...] = (),
    ) -> None:
        content = content_start(self.data, start, end)
        self.documents.append(
            YamlDocument(
                index=len(self.documents),
                line=self.lines.line(content),
                start=start,
                end=end,
                body=body,
                skipped=skipped,
                problem=problem,
                duplicates=duplicates,
            )
        )


def _load_json(data: bytes, path: str, wanted: Wanted | None, limits: Limits) -> list[YamlDocument]:
    """A .json file; one that does not begin as JSON may still be YAML, as for kubectl."""
    from auditor.yamlio.jsonread import JsonError, json_documents, json_offset

    try:
        return json_documents(data, limits)
    except JsonError as error:
        if data.removeprefix(UTF8_BOM).lstrip()[:1] not in (b"{", b"["):
            return _Reader(data, path, wanted, limits).read()
        offset = json_offset(data, error.index)
        repair = "repair the JSON at this line"
        return [_failed(data, Problem(path, *Lines(data).place(offset), error.what, repair))]
