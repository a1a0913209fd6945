"""The source lines of a finding, with the stretch it is about marked."""

from __future__ import annotations

from msgspec import Struct

from auditor.report import Finding, Location
from auditor.reporters.text import visible

TAB = "    "


class ExcerptLine(Struct, frozen=True):
    """One source line, safe to show; ``marked`` lies between ``before`` and ``after``."""

    number: int
    before: str
    marked: str
    after: str
    hit: bool
    """Whether the finding begins on this line."""


def excerpt_lines(finding: Finding, limit: int) -> list[ExcerptLine]:
    """The finding's excerpt, each line cut to about ``limit`` characters around the marked stretch."""
    return [_line(number, text, finding.location, limit) for number, text in finding.excerpt]


def _line(number: int, text: str, location: Location, limit: int) -> ExcerptLine:
    if number != location.line:
        return ExcerptLine(number, _cut(_shown(text), limit), "", "", False)
    start, end = _stretch(text, location)
    before, marked, after = _shown(text[:start]), _shown(text[start:end]), _shown(text[end:])
    if len(before) + len(marked) > limit:
        before = _cut_front(before, limit // 2)
        marked = _cut(marked, limit - len(before))
    return ExcerptLine(number, before, marked, _cut(after, max(limit - len(before) - len(marked), 1)), True)


def _stretch(text: str, location: Location) -> tuple[int, int]:
    if not location.column:
        stripped = text.strip()
        start = text.find(stripped)
        return start, start + len(stripped)
    start = min(location.column - 1, len(text))
    if location.end_line > location.line:
        return start, max(len(text.rstrip()), start)
    return start, min(max(location.end_column - 1, start), len(text))


def _shown(text: str) -> str:
    return visible(text.replace("\t", TAB).replace("\n", " "))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def _cut_front(text: str, limit: int) -> str:
    return text if len(text) <= limit else "…" + text[len(text) - max(limit - 1, 0) :]
