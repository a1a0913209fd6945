"""What reading a YAML or JSON stream gives: documents, and the limits a hostile file runs into."""

from __future__ import annotations

from msgspec import Struct

from auditor.spans import Problem


class Limits(Struct, frozen=True):
    """Where reading stops and a :class:`~auditor.spans.Problem` begins.

    ``max_depth`` stays far below Python's recursion limit, because everything downstream recurses over
    bodies; the deepest CRD schemas in public repositories nest about 60 levels. ``max_nodes`` counts a
    document's nodes after its aliases are expanded, as anything that serialises it would see them.
    ``max_documents`` counts those of one file; the largest public bundles hold a few thousand.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_depth: int = 200
    max_nodes: int = 5_000_000
    max_documents: int = 50_000


DEFAULT_LIMITS = Limits()


class YamlDocument:
    """One document of a stream.

    Offsets and lines refer to the file as UTF-8 (a UTF-16 file is converted first, see
    :func:`auditor.yamlio.text.as_utf8`). Bodies may share objects where the file uses aliases: treat
    them as read-only.
    """

    __slots__ = ("body", "duplicates", "end", "index", "line", "problem", "skipped", "start")

    def __init__(
        self,
        *,
        index: int,
        line: int,
        start: int,
        end: int,
        body: object = None,
        skipped: bool = False,
        problem: Problem | None = None,
        duplicates: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.index = index
        self.line = line
        self.start = start
        self.end = end
        self.body = body
        self.skipped = skipped
        self.problem = problem
        self.duplicates = duplicates

    def __repr__(self) -> str:
        state = "skipped" if self.skipped else self.problem or type(self.body).__name__
        return f"<YamlDocument {self.index} line {self.line} [{self.start}:{self.end}) {state}>"
