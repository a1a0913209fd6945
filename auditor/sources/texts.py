"""Any text file → the AWS keys in it; Dockerfiles → their instructions.

Files are ``file/Text`` and ``file/Dockerfile`` resources of the target ``files``. A text is a resource only when it
mentions keys at all, so that what was judged is what could have failed.
"""

from __future__ import annotations

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

    __slots__ = ("_bytes", "_read", "file", "spans")

    source = "git"
    editable = False

    def __init__(self, file: str, read: Callable[[str], bytes], spans: dict[Path, tuple[int, int]]) -> None:
        self.file, self._read, self.spans = file, read, spans
        self._bytes: bytes | None = None

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
                return Place(self.file, _span(self._data, *span), "exact")
        return Place(self.file, _span(self._data, 0, 0), "exact")

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """Lines around the place."""
        if place.span is None:
            return []
        lines = self._data.decode("utf-8", "replace").splitlines()
        first = max(place.span.line - EXCERPT_LINES, 1)
        last = min(place.span.line + EXCERPT_LINES, len(lines))
        return [(number, lines[number - 1]) for number in range(first, last + 1)]

    def comment(self, place: Place) -> str:
        """The line of the place and the one above, when they are comments or end in one."""
        if place.span is None:
            return ""
        lines = self._data.decode("utf-8", "replace").splitlines()
        near = lines[max(place.span.line - 2, 0) : place.span.line]
        return "\n".join(line.partition("#")[2] for line in near if "#" in line)


def _span(data: bytes, start: int, end: int) -> Span:
    line = data.count(b"\n", 0, start) + 1
    column = start - (data.rfind(b"\n", 0, start) + 1) + 1
    end_line = data.count(b"\n", 0, end) + 1
    end_column = end - (data.rfind(b"\n", 0, end) + 1) + 1
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
