"""Markdown for one pull-request comment that is updated in place.

Text from the audited tree is escaped so that it can make no link, mention, HTML or table cell of its own; it
never begins a line or stands in an HTML block. What does not fit is left out by whole rows and counted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote

from auditor.patterns import regex
from auditor.report import Finding, Location, Report
from auditor.reporters.interface import (
    Owned,
    RenderOptions,
    by_owner,
    change_line,
    counted,
    link,
    missing_by_repair,
    money_change,
    money_line,
    monthly,
    number,
    place,
    policies_by_code,
    policy_name,
    score_line,
    verdict_line,
    with_status,
    words,
)
from auditor.reporters.text import longest_run, one_line, shorten, visible

LIMIT = 60_000
SHOWN_OWNERS = 10
SHOWN_PER_OWNER = 5
SHOWN_IN_HEAD = 300
MARKER_LIMIT = 200
ICONS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "🔵"}
_PUNCTUATION = regex(r"([\\`*_\[\]<>|~$&])")
_AUTOLINKS = regex(r"@|#|://|\bwww(?=\.)|\bGH(?=-)|\b[0-9a-f](?=[0-9a-f]{6,}\b)", re.IGNORECASE)
BREAK = "&#8203;"
"""A zero-width space: it stands in what GitHub would make a mention or link of *after* unescaping."""


def render(report: Report, options: RenderOptions) -> bytes:
    """At most 60,000 characters, beginning with the marker by which the comment is found again."""
    head = _head(report, options)
    sections = _Sections(report, options).all()
    kept = _fit(sections, LIMIT - len(head) - 1)
    body = "".join(section.text(count) for section, count in zip(sections, kept, strict=True))
    return f"{head}{body}\n".encode("utf-8", "backslashreplace")


def marker(scope: str) -> str:
    """The hidden first line that names the scope, whatever the scope is called."""
    name = quote(scope.encode("utf-8", "backslashreplace"), safe="/._~").replace("--", "-%2D")
    if len(name) > MARKER_LIMIT:
        name = hashlib.sha256(name.encode()).hexdigest()
    return f"<!-- auditor:{name} -->"


def escape(text: str) -> str:
    """``text`` as one line of plain words in Markdown."""
    return _AUTOLINKS.sub(lambda found: found[0][:1] + BREAK + found[0][1:], _backslashed(text))


def _backslashed(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


class _Section(NamedTuple):
    """Rows under a title; ``urgency`` decides who may keep them when room is short (0 first)."""

    title: str
    rows: Sequence[str]
    urgency: int
    table: str = ""
    folded: bool = True
    more: int = 0
    """Rows left out already."""

    def text(self, kept: int) -> str:
        """The section with its first ``kept`` rows."""
        if not self.rows:
            return ""
        left = len(self.rows) - kept + self.more
        rest = f"\n… and {left} more, in the full report.\n" if left else ""
        body = f"{self.table}{''.join(self.rows[:kept])}{rest}"
        if self.folded:
            return f"\n<details><summary>{self.title}</summary>\n\n{body}\n</details>\n"
        return f"\n#### {self.title}\n\n{body}"


def _fit(sections: Sequence[_Section], room: int) -> list[int]:
    """How many rows of each section fit, the most urgent sections served first."""
    room -= sum(len(section.text(0)) for section in sections)
    kept = [0] * len(sections)
    for at in sorted(range(len(sections)), key=lambda at: sections[at].urgency):
        for row in sections[at].rows:
            if len(row) > room:
                break
            room -= len(row)
            kept[at] += 1
    return kept


def _head(report: Report, options: RenderOptions) -> str:
    scope = options.scope or report.scope
    outcome = {0: "✅", 1: "❌"}.get(report.gate.exit_code, "⚠️")
    lines = [marker(scope), f"### {outcome} auditor {_short(scope)}: {_short(verdict_line(report))}", ""]
    lines.append(f"**{_short(score_line(report))}**")
    if report.change is not None:
        lines += ["", _short(change_line(report))]
    if report.money is not None:
        changed = money_change(report)
        lead = f"💰 **{_short(changed)}** · " if changed else "💰 "
        rest = money_line(report).removesuffix(f"; {changed}")
        lines += ["", f"{lead}{_short(rest)}"]
    return "\n".join(lines) + "\n"


def _short(text: str) -> str:
    return escape(shorten(one_line(text), SHOWN_IN_HEAD))


class _Sections:
    """What stands below the head, in reading order."""

    __slots__ = ("options", "policies", "report")

    def __init__(self, report: Report, options: RenderOptions) -> None:
        self.report, self.options = report, options
        self.policies = policies_by_code(report)

    def all(self) -> list[_Section]:
        """Every section; those without rows show nothing."""
        makers: tuple[Callable[[], _Section], ...] = (
            self._broken,
            self._found,
            self._fixes,
            self._moved,
            self._categories,
            self._fixed,
            self._waived,
            self._missing,
        )
        return [make() for make in makers]

    def _link(self, location: Location) -> str:
        address = link(self.options.link_base, location)
        text = escape(place(location))
        return f"[{text}]({address})" if address else text

    def _policy(self, code: str) -> str:
        name = escape(policy_name(self.policies, code))
        address = self.options.docs_base
        known = self.policies.get(code)
        if address and known:
            return f"[{name}]({address.rstrip('/')}/{quote(known.id)}.md)"
        return name

    def _broken(self) -> _Section:
        rows = [
            f"- {self._link(Location(p.file, p.line))}: {escape(p.what)}. {escape(p.repair)}\n"
            for p in self.report.problems
        ]
        rows += [
            f"- {self._link(f.location)}: {self._policy(f.policy)}: {escape(words(f))}\n"
            for f in with_status(self.report, "error")
        ]
        shown, more = rows[:SHOWN_OWNERS], max(len(rows) - SHOWN_OWNERS, 0)
        return _Section(f"Not audited ({len(rows)})", shown, 1, folded=False, more=more)

    def _found(self) -> _Section:
        failed = with_status(self.report, "fail")
        compared = any(finding.new is not None for finding in failed)
        shown = [f for f in failed if f.new] if compared else failed
        owners = by_owner(shown)
        rows = [self._owner(owner) for owner in owners[:SHOWN_OWNERS]]
        title = f"{'New findings' if compared else 'Findings'} ({len(shown)})"
        table = "| Severity | Resource | Finding | Where |\n|---|---|---|---|\n"
        return _Section(title, rows, 0, table, folded=False, more=len(owners) - len(rows))

    def _owner(self, owner: Owned) -> str:
        first = owner.findings[:SHOWN_PER_OWNER]
        left = len(owner.findings) - len(first)
        found = [f"**{self._policy(f.policy)}**: {escape(words(f))}{_stake(f)}" for f in first]
        if left:
            found.append(f"… and {counted(left, 'finding')} more")
        places = list(dict.fromkeys(self._link(f.location) for f in first))
        ends = [f"↔ {self._link(end.location)}" for f in first for end in f.related[:2]]
        where = "<br>".join([*places, *dict.fromkeys(ends)])
        severity = first[0].severity
        return f"| {ICONS[severity]} {severity} | {escape(owner.title)} | {'<br>'.join(found)} | {where} |\n"

    def _fixes(self) -> _Section:
        failed = [f for f in with_status(self.report, "fail") if f.fix and f.fix.diff]
        failed.sort(key=lambda f: not f.new)
        rows = list(dict.fromkeys(self._diff(finding) for finding in failed))
        return _Section(f"Fixes ({len(rows)})", rows, 6)

    def _diff(self, finding: Finding) -> str:
        assert finding.fix is not None
        diff = "\n".join(visible(line) for line in finding.fix.diff.splitlines())
        fence = "`" * max(3, longest_run(diff, "`") + 1)
        unsafe = ", unsafe: read it before you apply it" if finding.fix.safety == "unsafe" else ""
        title = f"**{self._policy(finding.policy)}** {escape(finding.title)}: {escape(finding.fix.title)}"
        return f"{title}{unsafe}\n\n{fence}diff\n{diff}\n{fence}\n\n"

    def _moved(self) -> _Section:
        change = self.report.change
        rows = []
        for row in change.rows if change else ():
            name = "cap by the gravest open finding" if row.kind == "cap" else self._policy(row.policy)
            why = {"began": "now evaluated", "ceased": "no longer evaluated"}.get(row.kind, "")
            rows.append(f"| {name} | {row.points:+.2f} | {why} |\n")
        points = "" if change is None or change.points is None else f": {change.points:+.2f}"
        return _Section(f"Score change{points}", rows, 2, "| Policy | Points | |\n|---|---:|---|\n")

    def _categories(self) -> _Section:
        rows = [
            f"| {escape(row.category)} | {number(row.score)} | {row.failed} of {row.evaluated} |\n"
            for row in self.report.categories
            if row.evaluated
        ]
        return _Section("Score by category", rows, 3, "| Category | Score | Failed |\n|---|---:|---:|\n")

    def _fixed(self) -> _Section:
        fixed = self.report.change.fixed if self.report.change else ()
        rows = [f"- {self._policy(f.policy)}: {escape(f.title)}: {escape(words(f))}\n" for f in fixed]
        return _Section(f"Fixed ({len(rows)})", rows, 4)

    def _waived(self) -> _Section:
        rows = [self._waiver(finding) for finding in with_status(self.report, "waived")]
        table = "| Policy | Resource | Until | By | Reason |\n|---|---|---|---|---|\n"
        return _Section(f"Waived ({len(rows)})", rows, 5, table)

    def _waiver(self, finding: Finding) -> str:
        waiver = finding.waiver
        cells = (waiver.until or "no end", waiver.by, waiver.reason) if waiver else ("", "", "")
        name = f"{self._policy(finding.policy)}{' (new)' if finding.new else ''}"
        return f"| {name} | {escape(finding.title)} | {' | '.join(escape(cell) for cell in cells)} |\n"

    def _missing(self) -> _Section:
        missing = missing_by_repair(self.report.findings)
        rows = [f"| {escape(m.repair)} | {m.owners} | {_codes(m.policies)} |\n" for m in missing]
        total = sum(row.owners for row in missing)
        table = "| What would decide it | Rows | Policies |\n|---|---:|---|\n"
        return _Section(f"Not assessed ({total})", rows, 3, table)


def _stake(finding: Finding) -> str:
    return "" if finding.cost is None else f" ({escape(monthly(finding.cost))})"


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(escape(code) for code in codes)
