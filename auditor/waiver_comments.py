"""Waivers written beside what they waive, in YAML, HCL and Dockerfiles alike. Pure.

``# auditor: allow gpu-unselected-node until=2027-01-31 reason="moves with the new cluster"``, at the end of
the line it speaks of or on a line of its own directly above. On the first line of an object or on its
``kind`` it covers the whole object.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from auditor.spans import Problem
from auditor.waiver_file import parse_date
from auditor.waivers import Rule

_MARKERS = {"": b"auditor:", "checkov": b"checkov:skip", "trivy": b"trivy:ignore"}
"""By tool ('' is ours): the bytes without which a file has no such comment."""
# Few files have such a comment: the patterns are compiled when the first is found.
_COMMENT = r"(?P<open>#|//)\s*(?P<text>auditor:\s*allow\b.*|checkov:skip=.*|trivy:ignore:.*)"
_OWN_LINE = r"\s*(?:#|//)"
_ALLOW = r"auditor:\s*allow\b\s*(?:(?P<ids>[\w./-]+(?:\s*,\s*[\w./-]+)*)(?=\s|$))?(?P<rest>.*)"
_FIELD = r"""\s+(?P<name>\w+)=(?:"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"']+))"""
_BLOCK = r"(?:resource|data|module|provider|terraform|locals|variable|output)\b.*"
_PROSE = (".md", ".rst", ".adoc", ".txt")
"""Files that have no comments, but may show how one is written."""
_YAML = (".yaml", ".yml")
_FAR = 64
"""Bytes behind a comment's sign in which its first word ends."""
_FIELDS = ("until", "reason", "by", "ticket")
_EXAMPLE = 'write it as: auditor: allow ID until=YYYY-MM-DD reason="…"'


class Mark(NamedTuple):
    """One comment that asks for a waiver, as it stands in a file."""

    file: str
    line: int
    covers: int
    """The line it speaks of; 0: the whole file."""
    text: str
    beside: str
    """How the covered line begins (its key): moves with the line, and tells whether it still is the same."""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same comment in another version of the file."""
        return self.file, self.text, self.beside


def scan(file: str, data: bytes, honour: Collection[str] = ()) -> list[Mark]:
    """Every such comment of a file, ours and those of the peers that are honoured. Cheap where there are none."""
    markers = [marker for tool, marker in _MARKERS.items() if not tool or tool in honour]
    if file.endswith(_PROSE) or not any(_holds(file, data, marker) for marker in markers):
        return []
    lines = data.decode("utf-8", "replace").splitlines()
    marks = []
    for number, line in enumerate(lines, 1):
        match = re.search(_COMMENT, line)
        if match and _tool(match["text"]) in ("", *honour):
            text = match["text"].strip()
            covers = _covered(file, text, lines, number, bool(line[: match.start()].strip()))
            beside = _key(lines[covers - 1]) if 0 < covers <= len(lines) else ""
            marks.append(Mark(file, number, covers, text, beside))
    return marks


def _holds(file: str, data: bytes, marker: bytes) -> bool:
    """Whether a marker may stand in a comment. YAML has one sign for them, which is found ten times as fast."""
    if not file.endswith(_YAML):
        return marker in data
    at = data.find(b"#")
    while at >= 0:
        if data[at + 1 : at + _FAR].lstrip().startswith(marker):
            return True
        at = data.find(b"#", at + 1)
    return False


def _tool(text: str) -> str:
    name = text.partition(":")[0]
    return "" if name == "auditor" else name


def _covered(file: str, text: str, lines: list[str], number: int, trailing: bool) -> int:
    if text.startswith("checkov:"):
        return _block(lines, number) if file.endswith(".tf") else 0
    if trailing:
        return number
    covers = number + 1
    while covers <= len(lines) and re.match(_OWN_LINE, lines[covers - 1]):
        covers += 1
    return covers


def _block(lines: list[str], number: int) -> int:
    """The first line of the top-level block around a line: checkov's comments speak of the whole block."""
    return next((n for n in range(number, 0, -1) if re.match(_BLOCK, lines[n - 1])), number)


def _key(line: str) -> str:
    return re.split(r"[:={#]", line, maxsplit=1)[0].strip()


def comment_rules(marks: Iterable[Mark], *, require_until: bool) -> tuple[list[Rule], list[Problem]]:
    """The rules that comments make, and a warning for each comment that makes none because it is not whole."""
    rules: list[Rule] = []
    warnings: list[Problem] = []
    for mark in marks:
        tool = _tool(mark.text)
        if tool:
            rules.append(_peer(mark, tool))
        else:
            found = _own(mark, require_until)
            if isinstance(found, str):
                what = f"a waiver that is not honoured: {found}"
                warnings.append(Problem(mark.file, mark.line, 1, what, _EXAMPLE))
            else:
                rules += found
    return rules, warnings


def _own(mark: Mark, require_until: bool) -> list[Rule] | str:
    match = re.match(_ALLOW, mark.text)
    if not match or not match["ids"]:
        return "it names no policy"
    fields = {
        m["name"]: m["quoted"] or m["single"] or m["bare"] or "" for m in re.finditer(_FIELD, match["rest"])
    }
    unknown = [name for name in fields if name not in _FIELDS]
    if unknown:
        return f"{unknown[0]} is none of {', '.join(_FIELDS)}"
    if not fields.get("reason", "").strip():
        return "it gives no reason"
    until = parse_date(fields["until"]) if "until" in fields else None
    if "until" in fields and until is None:
        return f"until={fields['until']} is no day of the form YYYY-MM-DD"
    if until is None and require_until:
        return "it has no end (until=…), and [waivers] require_until is on"
    return [
        Rule(
            name.strip(),
            mark.file,
            mark.line,
            fields["reason"].strip(),
            by=fields.get("by", ""),
            until=until,
            ticket=fields.get("ticket", ""),
            covers=(mark.file, mark.covers),
        )
        for name in match["ids"].split(",")
    ]


def _peer(mark: Mark, tool: str) -> Rule:
    _, _, rest = mark.text.partition("skip=" if tool == "checkov" else "ignore:")
    name, _, reason = rest.partition(":" if tool == "checkov" else " ")
    reason = reason.strip() or f"suppressed for {tool}"
    whole = mark.covers == 0
    owner = "*"
    if whole:
        from glob import escape

        owner = escape(mark.file)
    return Rule(
        name.strip(),
        mark.file,
        mark.line,
        reason,
        owner=owner,
        covers=None if whole else (mark.file, mark.covers),
        tool=tool,
    )
