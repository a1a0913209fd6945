"""Where a new argument goes in a body or an object, and how its neighbours are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from auditor.patterns import regex
from auditor.terraform import emit

_HEADER = regex(r'(?:[^"{]|"(?:[^"\\]|\\.)*")*\{')


class Entry(NamedTuple):
    """``key = value`` as character offsets."""

    start: int
    key_end: int
    value_start: int
    end: int


class Placement(NamedTuple):
    """The characters to replace, and what stands around the new entry."""

    start: int
    end: int
    before: str
    after: str
    indent: str
    width: int
    inline: bool = False
    sign: str = "="

    def write(self, name: str, value: Any) -> str:
        """The text for ``name = value``."""
        written = emit.expression(value, self.indent, inline=self.inline)
        padded = name if "\n" in written else name.ljust(self.width)
        key = f"{name}:" if self.sign == ":" else f"{padded} ="
        return f"{self.before}{key} {written}{self.after}"


def newline_of(text: str) -> str:
    """The line ending that the file uses."""
    return "\r\n" if "\r\n" in text else "\n"


def end_of_line(text: str, at: int) -> int:
    """Where the line of a character ends, before its line ending."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def indent_of(text: str, at: int) -> str:
    """The white space at the beginning of the line of a character."""
    line = text[text.rfind("\n", 0, at) + 1 : at + 1]
    return line[: len(line) - len(line.lstrip(" \t"))]


def brace(text: str, start: int) -> int:
    """The brace that opens the block whose name begins at ``start``."""
    found = _HEADER.match(text, start)
    return found.end() - 1 if found else start


def placement(
    text: str,
    opening: int,
    closing: int,
    entries: Sequence[Entry],
    name: str,
    *,
    items: bool = False,
    followed: bool = False,
) -> Placement:
    """Where ``name`` goes between the braces ``opening`` and ``closing``.

    Into the last group of neighbours whose equals signs stand as far right as it needs; else it makes a group
    of its own, so that no other line has to move. ``items``: of an object. ``followed``: by a nested block.
    """
    held = text[opening + 1 : closing]
    if "\n" not in held:
        return _on_one_line(text, opening, closing, entries, name, items)
    if not entries:
        indent = indent_of(text, opening) + emit.INDENT
        if held.strip() and not items:
            at = end_of_line(text, opening)
            return Placement(at, at, "\n" + indent, "\n" if followed else "", indent, 0)
        at = text.rfind("\n", 0, closing) + 1
        return Placement(at, at, indent, "\n", indent, 0)
    ordered = sorted(entries)
    sign = ":" if ":" in text[ordered[-1].key_end : ordered[-1].value_start] else "="
    for group in reversed(_groups(text, ordered)):
        if "\n" in text[group[-1].start : group[-1].end]:
            return _after(text, group[-1], closing, 0, sign, items, blank=not items)
        columns = {_column(text, entry) for entry in group}
        width = max(columns) - 1
        if len(columns) > 1 or _tight(text, group) or len(name) <= width:
            return _after(text, group[-1], closing, 0 if len(columns) > 1 else width, sign, items)
    return _after(text, ordered[-1], closing, 0, sign, items, blank=True)


def _tight(text: str, group: Sequence[Entry]) -> bool:
    """``a: 1`` and ``a=1`` are not aligned with anything."""
    return any(text[entry.key_end] != " " for entry in group)


def _groups(text: str, entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries of one line each that stand on neighbouring lines, as ``terraform fmt`` aligns them."""
    groups: list[list[Entry]] = []
    for entry in entries:
        last = groups[-1][-1] if groups else None
        joined = (
            last is not None
            and text.count("\n", last.start, entry.start) == 1
            and "\n" not in text[entry.start : entry.end]
            and "\n" not in text[last.start : last.end]
        )
        if joined:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _column(text: str, entry: Entry) -> int:
    """How far the equals sign stands from the beginning of the key."""
    between = text[entry.key_end : entry.value_start]
    return entry.key_end - entry.start + len(between) - len(between.lstrip())


def _after(
    text: str, entry: Entry, closing: int, width: int, sign: str, items: bool, *, blank: bool = False
) -> Placement:
    """On a line of its own below ``entry``; a comma where the neighbours have one."""
    indent = indent_of(text, entry.start)
    at = end_of_line(text, entry.end)
    if at > closing:
        return Placement(entry.end, entry.end, ", " if items else "\n" + indent, "", indent, 0, items, sign)
    comma = "," if items and text[entry.end : at].lstrip().startswith(",") else ""
    return Placement(
        at, at, ("\n\n" if blank else "\n") + indent, comma, indent, 0 if sign == ":" else width, False, sign
    )


def _on_one_line(
    text: str, opening: int, closing: int, entries: Sequence[Entry], name: str, items: bool
) -> Placement:
    """``{ a = 1 }`` of an object takes one more; a block's body is spread over lines."""
    if items:
        if not entries:
            return Placement(opening, closing + 1, "{ ", " }", "", 0, True)
        last = max(entries)
        sign = ":" if ":" in text[last.key_end : last.value_start] else "="
        return Placement(last.end, last.end, ", ", "", "", 0, True, sign)
    outer = indent_of(text, opening)
    indent = outer + emit.INDENT
    held = text[opening + 1 : closing].strip()
    width = _column(text, entries[0]) - 1 if entries else 0
    fits = len(name) <= width
    before = f"\n{indent}{held}\n{'' if fits else chr(10)}{indent}" if held else f"\n{indent}"
    return Placement(opening + 1, closing, before, "\n" + outer, indent, width if fits else 0)
