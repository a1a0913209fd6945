"""Any text file → the AWS keys in it; Dockerfiles → their instructions.

Files are ``file/Text`` and ``file/Dockerfile`` resources of the target ``files``. A text is a resource only when it
mentions keys at all, so that what was judged is what could have failed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from auditor.model import Path, Place, Resource
from auditor.secrets import Mentions, find_keys, masked, mentions
from auditor.sources.dockerfile import Instruction, is_dockerfile, preamble, stages
from auditor.spans import Problem, Span

MAX_TEXT_BYTES = 8 * 1024 * 1024
MAX_DOCKERFILE_BYTES = 256 * 1024
MAX_VALUE = 8000
"""Characters of an instruction that are judged: policies search them with patterns that backtrack."""
EXCERPT_LINES = 2


class TextOrigin:
    """Places in a text file. Paths are ``(list, index)``: the n-th span that the resource was made with."""

    __slots__ = ("_bytes", "_read", "_starts", "file", "spans")

    source = "git"
    editable = False

    def __init__(self, file: str, read: Callable[[str], bytes], spans: dict[Path, tuple[int, int]]) -> None:
        self.file, self._read, self.spans = file, read, spans
        self._bytes: bytes | None = None
        self._starts: list[int] = []

    @property
    def _data(self) -> bytes:
        """The text, read again when a place is asked for: few texts have findings."""
        if self._bytes is None:
            self._bytes = self._read(self.file)
        return self._bytes

    def locate(self, path: Path) -> Place:
        """The span of the nearest part that has one; the first line otherwise."""
        for length in range(len(path), 0, -1):
            span = self.spans.get(path[:length])
            if span is not None:
                return Place(self.file, self._span(*span), "exact")
        return Place(self.file, self._span(0, 0), "exact")

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """Lines around the place."""
        if place.span is None:
            return []
        first = max(place.span.line - EXCERPT_LINES, 1)
        return self._lines(first, place.span.line + EXCERPT_LINES)

    def comment(self, place: Place) -> str:
        """The line of the place and the one above, when they are comments or end in one."""
        if place.span is None:
            return ""
        near = self._lines(max(place.span.line - 1, 1), place.span.line)
        return "\n".join(line.partition("#")[2] for _, line in near if "#" in line)

    def _lines(self, first: int, last: int) -> list[tuple[int, str]]:
        """Lines ``first`` to ``last``, those that exist; they end at ``\\n``, as positions count them."""
        starts = [*self._line_starts(), len(self._data) + 1]
        last = min(last, len(starts) - 1 - self._data.endswith(b"\n"))
        found = [(n, self._data[starts[n - 1] : starts[n] - 1]) for n in range(first, last + 1)]
        return [(n, line.decode("utf-8", "replace").rstrip("\r")) for n, line in found]

    def _line_starts(self) -> list[int]:
        if not self._starts:
            self._starts = [0, *(match.end() for match in re.finditer(b"\n", self._data))]
        return self._starts

    def _span(self, start: int, end: int) -> Span:
        line, end_line = (bisect_right(self._line_starts(), at) for at in (start, end))
        column, end_column = start - self._starts[line - 1] + 1, end - self._starts[end_line - 1] + 1
        return Span(line, column, end_line, end_column, start, end)


def resources_of(path: str, data: bytes, read: Callable[[str], bytes]) -> Iterator[Resource]:
    """The text when it mentions keys, and the Dockerfile when it is one (and no larger than they are)."""
    places = mentions(data) if len(data) <= MAX_TEXT_BYTES else None
    if places is not None and b"\0" not in data[:8192]:
        yield text_resource(path, data, places, read)
    if is_dockerfile(path) and len(data) <= MAX_DOCKERFILE_BYTES:
        yield dockerfile_resource(path, data, read)


def oversized(path: str, data: bytes) -> Problem | None:
    """The row for a Dockerfile that is too large to be one that somebody wrote."""
    if not is_dockerfile(path) or len(data) <= MAX_DOCKERFILE_BYTES:
        return None
    what = f"a Dockerfile of {len(data) // 1024} KiB, more than the {MAX_DOCKERFILE_BYTES // 1024} KiB that are judged"
    return Problem(path, 0, 0, what, "move data and long scripts into files of their own")


def text_resource(path: str, data: bytes, places: Mentions, read: Callable[[str], bytes]) -> Resource:
    """``{keys: [{kind, masked}]}`` of a text that speaks of keys at these places."""
    keys = find_keys(data, places)
    spans: dict[Path, tuple[int, int]] = {("keys", n): (key.start, key.end) for n, key in enumerate(keys)}
    body: dict[str, Any] = {"keys": [{"kind": key.kind, "masked": key.masked} for key in keys]}
    return Resource("file", "Text", "", path, body, TextOrigin(path, read, spans))


def dockerfile_resource(path: str, data: bytes, read: Callable[[str], bytes] | None = None) -> Resource:
    """``{stages: [{name, image, instructions: [{instruction, value, flags}]}], arguments}`` of a Dockerfile.

    ``arguments`` are the ARGs before the first FROM that have a default.
    """
    listed = stages(data)
    spans: dict[Path, tuple[int, int]] = {}
    body: dict[str, Any] = {"stages": [], "arguments": _arguments(data)}
    for index, stage in enumerate(listed):
        spans["stages", index] = (stage[0].start, stage[0].end)
        body["stages"].append(_stage(stage))
        for number, instruction in enumerate(stage):
            spans["stages", index, "instructions", number] = (instruction.start, instruction.end)
    origin = TextOrigin(path, read or (lambda _: data), spans)
    return Resource("file", "Dockerfile", "", path, body, origin)


def _arguments(data: bytes) -> dict[str, str]:
    named = (each.value.partition("=") for each in preamble(data) if each.name == "ARG")
    return {name.strip(): default.strip().strip("\"'") for name, equals, default in named if equals}


def _stage(stage: Sequence[Instruction]) -> dict[str, Any]:
    words = stage[0].value.split()
    return {
        "image": words[0] if words else "",
        "name": words[2] if len(words) > 2 and words[1].lower() == "as" else "",
        "instructions": [
            {
                "instruction": each.name,
                "value": masked(each.value[:MAX_VALUE].encode()).decode(),
                "flags": each.flags,
            }
            for each in stage
        ],
    }
