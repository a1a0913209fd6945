"""What is new against an earlier state, and what a change touched. Pure: fingerprints, lines, findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from auditor.assemble import fingerprint
from auditor.baseline import Baseline
from auditor.model import Status, Verdict
from auditor.paths import render
from auditor.report import Finding, Location

Lines = Mapping[str, Sequence[range]]
"""By file: the lines that a change added or altered."""

_HUNK = rb"@@ -\S+ \+(\d+)(?:,(\d+))? @@"


class Comparison(Struct, frozen=True):
    """What a run is compared with."""

    base: str
    """The REF, the baseline's file, or both: what ``new`` means in the report."""
    known: frozenset[str]
    """Fingerprints that were there before."""
    changed: Lines = field(default_factory=dict)
    baseline: Baseline | None = None
    """The baseline among what it is compared with, to see which entries fail no longer."""
    baseline_file: str = ""


def fingerprints(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Identities of all failures, waived or not: a defect is not new because its waiver went away."""
    return frozenset(
        fingerprint(each.policy, each.target, each.resource, render(each.resource.body, each.path))
        for each in verdicts
        if each.status in (Status.FAIL, Status.WAIVED)
    )


def compare(findings: Iterable[Finding], comparison: Comparison) -> tuple[Finding, ...]:
    """The findings with ``new`` (no fingerprint was known) and ``touched`` (an end stands on a changed line)."""
    return tuple(
        msgspec.structs.replace(
            finding,
            new=comparison.known.isdisjoint(finding.fingerprints),
            touched=_touched(finding, comparison.changed),
        )
        if finding.status in (Status.FAIL.value, Status.WAIVED.value)
        else finding
        for finding in findings
    )


def left_out(findings: Iterable[Finding]) -> int:
    """How many open failures are not new, and so do not gate."""
    return sum(finding.status == Status.FAIL.value and finding.new is False for finding in findings)


def _touched(finding: Finding, changed: Lines) -> bool:
    ends = (finding.location, *(end.location for end in finding.related))
    return any(_on_changed(end, changed) for end in ends)


def _on_changed(place: Location, changed: Lines) -> bool:
    return bool(place.line) and any(place.line in lines for lines in changed.get(place.file, ()))


def changed_lines(diff: bytes) -> dict[str, list[range]]:
    """The lines that ``git diff -U0 --no-prefix`` adds, by file; a pure removal marks the line above it."""
    found: dict[str, list[range]] = {}
    file = ""
    body = 0
    for line in diff.split(b"\n"):
        if body and line[:1] in (b"+", b"-", b"\\"):
            body -= line[:1] != b"\\"
            continue
        if line.startswith(b"+++ "):
            file = _unquoted(line[4:].rstrip(b"\r\t"))
        match = re.match(_HUNK, line)
        if match:
            first, count = int(match[1]), int(match[2] or 1)
            found.setdefault(file, []).append(range(first, first + max(count, 1)))
            body = count + _removed(line)
    found.pop("/dev/null", None)
    return found


def _removed(header: bytes) -> int:
    _, _, count = header.split(b" ", 2)[1].partition(b",")
    return int(count) if count else 1


def _unquoted(name: bytes) -> str:
    """A path as git prints it: in quotes and C-escaped when it holds anything unusual."""
    if name[:1] == b'"' and name[-1:] == b'"':
        name = re.sub(rb"\\([0-7]{3}|.)", _unescaped, name[1:-1], flags=re.DOTALL)
    return name.decode("utf-8", "surrogateescape")


_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def _unescaped(match: re.Match[bytes]) -> bytes:
    what = match[1]
    return bytes([int(what, 8) & 255]) if len(what) == 3 else _ESCAPES.get(what, what)
