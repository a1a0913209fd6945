"""What all reporters share: their options, their order, and the words for what a report says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from auditor.policy import SEVERITIES
from auditor.report import Finding, Location, Money, PolicyResult, Report, SeverityName
from auditor.reporters.text import one_line

DEFAULT_WIDTH = 100
_SEVERITY_RANKS: dict[SeverityName, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}
STATUS_ORDER = ("fail", "error", "waived", "not-assessed")
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
"""SARIF's and GitHub's three levels by our four severities."""


class RenderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to show a report. Nothing here changes what it says."""

    color: bool = False
    hyperlinks: bool = False
    """Whether the terminal understands OSC 8; without ``link_base`` there is nothing to link to."""
    width: int = DEFAULT_WIDTH
    verbose: bool = False
    """Every finding with its details; otherwise the gravest few of each policy."""
    sarif_verdicts: Literal["findings", "all"] = "findings"
    scope: str = ""
    """Names the pull-request comment that is updated in place; the report's scope when empty."""
    link_base: str = ""
    """``https://github.com/o/r/blob/SHA``: sources are linked below it; empty: no links."""
    docs_base: str = ""
    """Where ``<policy id>.md`` is published; empty: a rule's first reference is its help."""
    seconds: float | None = None
    """How long the run took; None where that is not known, as for a saved result."""


def severity_rank(severity: SeverityName) -> int:
    """0 for the gravest."""
    return _SEVERITY_RANKS[severity]


def gravity(finding: Finding) -> tuple[int, int, str, str, str, str, int, str]:
    """Sort key: severity, verdict, then names, so that equal reports are equal bytes."""
    return (
        severity_rank(finding.severity),
        STATUS_ORDER.index(finding.status) if finding.status in STATUS_ORDER else len(STATUS_ORDER),
        finding.policy,
        finding.title,
        finding.resource,
        finding.location.file,
        finding.location.line,
        finding.path,
    )


def with_status(report: Report, *statuses: str) -> list[Finding]:
    """Findings of these verdicts, gravest first."""
    return sorted((f for f in report.findings if f.status in statuses), key=gravity)


def policies_by_code(report: Report) -> dict[str, PolicyResult]:
    """The report's policies by code."""
    return {policy.code: policy for policy in report.policies}


def policy_name(policies: dict[str, PolicyResult], code: str) -> str:
    """``GPU-002 gpu-untolerated-taint``; the bare code of a policy that the report does not describe."""
    policy = policies.get(code)
    return f"{code} {policy.id}" if policy else code


def words(finding: Finding) -> str:
    """What a finding says, whatever its verdict, on one line."""
    return one_line(finding.message or finding.reason or finding.title)


def place(location: Location, *, column: bool = False) -> str:
    """``file:line[:column]``; the bare file where only that is known."""
    text = one_line(location.file)
    if location.line:
        text += f":{location.line}"
        if column and location.column:
            text += f":{location.column}"
    return text


def link(base: str, location: Location) -> str:
    """The address of a place below ``base``, with its lines; '' without a base."""
    if not base:
        return ""
    from urllib.parse import quote

    path = quote(location.file.encode("utf-8", "surrogateescape"), safe="/-._~")
    lines = f"#L{location.line}" if location.line else ""
    if location.end_line > location.line > 0:
        lines += f"-L{location.end_line}"
    return f"{base.rstrip('/')}/{path}{lines}"


def number(value: float | None, digits: int = 1) -> str:
    """A figure for people; ``?`` when nothing was evaluated."""
    return "?" if value is None else f"{value:.{digits}f}"


def money(value: float | None) -> str:
    """``$1,234.50``; ``unknown`` when it is not known."""
    if value is None:
        return "unknown"
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def monthly(value: float | None, *, signed: bool = False) -> str:
    """``$734.38/month``; with a sign for a change: ``+$734.38/month``."""
    if value is None:
        return "unknown"
    return f"{'+' if signed and value > 0 else ''}{money(value)}/month"


def _price_list(spent: Money) -> str:
    """Region and date of the prices; what is missing for the first group whose price is not known."""
    if not spent.region:
        note = next((row.note for row in spent.rows if row.note and not row.alternative), "")
        return f" ({one_line(note)})" if note else ""
    date = f", prices of {one_line(spent.prices_as_of)}" if spent.prices_as_of else ""
    return f" ({one_line(spent.region)}{date})"


def money_line(report: Report) -> str:
    """Floor, expected and worst cost of the GPU groups and what a change does to them; '' without any."""
    spent = report.money
    if spent is None:
        return ""
    text = (
        f"GPU nodes: floor {monthly(spent.floor)}, expected {monthly(spent.expected)}, "
        f"worst {monthly(spent.worst)}{_price_list(spent)}"
    )
    apart = ", ".join(one_line(f"{row.group} of {row.target}") for row in spent.rows if row.alternative)
    text += f"; not deployed by any Application and not counted: {apart}" if apart else ""
    changed = money_change(report)
    return f"{text}; {changed}" if changed else text


def money_change(report: Report) -> str:
    """``change +$734.38/month`` of the floor, and of the others where they differ; '' without a base."""
    spent = report.money
    if spent is None:
        return ""
    parts = (
        ("floor", spent.change_floor),
        ("expected", spent.change_expected),
        ("worst", spent.change_worst),
    )
    known = [(name, change) for name, change in parts if change is not None]
    if not known:
        return ""
    if len({round(change, 2) for _, change in known}) == 1 and len(known) == len(parts):
        return f"change {monthly(known[0][1], signed=True)}"
    return "change " + ", ".join(f"{name} {monthly(change, signed=True)}" for name, change in known)


def score_line(report: Report) -> str:
    """Score, grade, cap, raw score and coverage in one sentence."""
    score = report.score
    if score.effective is None:
        return "Score ?: nothing could be evaluated"
    text = f"Score {number(score.effective)} of 100, grade {score.grade}"
    if score.provisional:
        text += " (provisional)"
    if score.cap:
        text += f", capped by an open {score.cap} finding (uncapped {number(score.uncapped)})"
    if score.raw != score.uncapped:
        text += f", {number(score.raw)} with waived findings counted"
    return f"{text}, coverage {number(score.coverage)} %"


_OUTCOMES = {
    0: "PASSED",
    1: "FAILED",
    2: "NOT RUN: usage, configuration or policy file",
    3: "INCOMPLETE: not everything could be audited",
    4: "INTERNAL ERROR",
}


def verdict_line(report: Report) -> str:
    """What came out and why, with the exit code."""
    outcome = _OUTCOMES.get(report.gate.exit_code, "FAILED")
    reasons = "; ".join(one_line(reason) for reason in report.gate.reasons)
    notes = "".join(f"; {one_line(note)}" for note in report.gate.notes)
    return f"{outcome}{': ' if reasons else ''}{reasons} (exit code {report.gate.exit_code}){notes}"


def counted(amount: int, singular: str, plural: str = "") -> str:
    """``1 finding``, ``2 findings``."""
    return f"{amount} {singular if amount == 1 else plural or singular + 's'}"


def counts_line(report: Report) -> str:
    """How many of each verdict the findings hold, by severity for failures."""
    failed = [f for f in report.findings if f.status == "fail"]
    parts = [
        f"{amount} {severity}"
        for severity in SEVERITIES
        if (amount := sum(f.severity == severity for f in failed))
    ]
    text = f"{counted(len(failed), 'finding')}{' (' if parts else ''}{', '.join(parts)}{')' if parts else ''}"
    for status in STATUS_ORDER[1:]:
        amount = sum(f.status == status for f in report.findings)
        if amount:
            text += f", {amount} {'errors' if status == 'error' and amount > 1 else status.replace('-', ' ')}"
    return text


class Missing(Struct, frozen=True):
    """What one repair would let the audit decide."""

    repair: str
    owners: int
    policies: tuple[str, ...]
    reason: str


def missing_by_repair(findings: Iterable[Finding]) -> list[Missing]:
    """Not-assessed rows by the act that would repair them, the most useful act first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.status == "not-assessed":
            groups.setdefault(one_line(finding.repair or finding.reason), []).append(finding)
    rows = [
        Missing(repair, len(group), tuple(sorted({f.policy for f in group})), one_line(group[0].reason))
        for repair, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.owners, row.repair))


class Owned(Struct, frozen=True):
    """The findings of one resource, as the same targets deploy it."""

    title: str
    targets: tuple[str, ...]
    findings: list[Finding]


def by_owner(findings: Sequence[Finding]) -> list[Owned]:
    """Findings grouped by resource; groups and their members keep the order in which they come."""
    groups: dict[tuple[str, tuple[str, ...]], Owned] = {}
    for finding in findings:
        owned = Owned(one_line(finding.title), finding.targets, [])
        groups.setdefault((finding.resource, finding.targets), owned).findings.append(finding)
    return list(groups.values())


def change_line(report: Report) -> str:
    """What changed against an earlier report; '' when there is none."""
    change = report.change
    if change is None:
        return ""
    base = one_line(change.base) or "the base"
    found = f"{change.new} new, {len(change.fixed)} fixed"
    if change.incomparable:
        return f"Against {base}: {found}; scores are incomparable ({one_line(change.incomparable)})"
    points = "score unknown" if change.points is None else f"score {change.points:+.2f}"
    return f"Against {base}: {found}, {points}"


def is_complete(report: Report) -> bool:
    """Whether every input was read and every policy could be evaluated."""
    return not any(p.incomplete for p in report.problems) and not any(
        f.status == "error" for f in report.findings
    )
