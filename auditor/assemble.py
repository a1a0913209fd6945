"""Verdicts → report: merge, locate, sort, count. Pure but for the origins' reading of lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import msgspec
import xxhash
from msgspec import Struct
from msgspec.structs import astuple, replace

from auditor import __version__
from auditor.model import Place, Resource, Status, Verdict
from auditor.paths import render
from auditor.policy import SEVERITIES, Policy, Severity
from auditor.report import (
    CategoryScore,
    Finding,
    Judged,
    Location,
    PolicyResult,
    RelatedLocation,
    ScoreInfo,
    WaiverInfo,
)
from auditor.score import MODEL_VERSION, WEIGHTS, Score, Tally, contributions, score_of

try:  # by hashlib OpenSSL is loaded too, which takes longer than all fingerprints of a run
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

SHOWN = (Status.FAIL, Status.WAIVED, Status.ERROR, Status.NOT_ASSESSED)
_ORDER = {status: rank for rank, status in enumerate(SHOWN)}
_SEVERITY_ORDER = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def location(place: Place) -> Location:
    """A place as the report shows it."""
    span = place.span
    if span is None:
        return Location(place.file, precision=place.precision, note=place.note)
    return Location(
        place.file, span.line, span.column, span.end_line, span.end_column, place.precision, place.note
    )


def fingerprint(policy: str, target: str, resource: Resource, path: str) -> str:
    """A finding's identity: stable under moved lines, renamed files and new pods."""
    return blake2b("\0".join((policy, target, resource.key, path)).encode(), digest_size=16).hexdigest()


class Row(Struct, frozen=True):
    """How one verdict is shown on its own. ``where`` tells which verdicts of other targets say the same."""

    where: tuple[str, ...]
    said: str
    """The verdict's message as it was then: an expired waiver adds to it."""
    finding: Finding


def present(verdicts: Iterable[Verdict], policies: Mapping[str, Policy]) -> None:
    """Work out how each verdict that is shown is shown. Places are found here: it is dear, and can be kept."""
    for verdict in verdicts:
        if verdict.row is None and verdict.status in _ORDER:
            place = verdict.resource.origin.locate(verdict.at)
            finding = _finding(verdict, place, policies[verdict.policy].severity)
            verdict.row = Row(_where(verdict, place), verdict.message, finding)


def findings(verdicts: Iterable[Verdict], policies: Mapping[str, Policy]) -> tuple[Finding, ...]:
    """Rows to show, gravest first; one row for a source span that says the same in several targets."""
    shown = [verdict for verdict in verdicts if verdict.status in _ORDER]
    present(shown, policies)
    merged: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in shown:
        merged.setdefault((verdict.policy, verdict.status, *verdict.row.where), []).append(verdict)
    return tuple(sorted([_merged(group) for group in merged.values()], key=_row_order))


def _where(verdict: Verdict, place: Place) -> tuple[str, ...]:
    where = (place.file, str(place.span)) if place.span else (place.file, verdict.resource.key)
    if verdict.status is Status.NOT_ASSESSED:
        return (*where, verdict.reason)
    return (*where, verdict.resource.kind, verdict.resource.name, str(verdict.path))


def _merged(group: Sequence[Verdict]) -> Finding:
    verdict = group[0]
    row: Row = verdict.row
    finding = row.finding
    if verdict.waiver is not None or verdict.message != row.said:
        waiver = WaiverInfo(*astuple(verdict.waiver)) if verdict.waiver else None
        finding = replace(finding, status=verdict.status.value, message=verdict.message, waiver=waiver)
    if len(group) == 1:
        return finding
    return replace(
        finding,
        targets=tuple(sorted({each.target for each in group})),
        fingerprints=tuple(
            sorted({fingerprint(each.policy, each.target, each.resource, finding.path) for each in group})
        ),
    )


def _finding(verdict: Verdict, place: Place, severity: Severity) -> Finding:
    resource = verdict.resource
    path = render(resource.body, verdict.path)
    return Finding(
        policy=verdict.policy,
        status=verdict.status.value,
        severity=severity,
        resource=resource.key,
        title=resource.title,
        targets=(verdict.target,),
        path=path,
        location=location(place),
        message=verdict.message,
        reason=verdict.reason,
        repair=verdict.repair,
        related=tuple(RelatedLocation(end.what, location(end.place)) for end in verdict.related),
        excerpt=_excerpt(resource, place) if verdict.status is not Status.NOT_ASSESSED else (),
        cost=verdict.cost,
        waiver=WaiverInfo(*astuple(verdict.waiver)) if verdict.waiver else None,
        fingerprints=(fingerprint(verdict.policy, verdict.target, resource, path),),
    )


def _excerpt(resource: Resource, place: Place) -> tuple[tuple[int, str], ...]:
    """The lines around a place as they are: :mod:`auditor.redact` masks whatever leaves the process."""
    return tuple(resource.origin.excerpt(place))


def _row_order(row: Finding) -> tuple[object, ...]:
    return (
        _ORDER[Status(row.status)],
        _SEVERITY_ORDER[row.severity],
        row.location.file,
        row.location.line,
        row.location.column,
        row.policy,
        row.resource,
        row.path,
        row.reason,
    )


def judged(verdicts: Iterable[Verdict]) -> tuple[Judged, ...]:
    """Passes and not-applicables, for those who ask for all verdicts."""
    rows = [
        Judged(
            verdict.policy,
            verdict.status.value,
            verdict.resource.key,
            (verdict.target,),
            render(verdict.resource.body, verdict.path),
            location(verdict.resource.origin.locate(verdict.path)),
        )
        for verdict in verdicts
        if verdict.status not in _ORDER
    ]
    return tuple(
        sorted(rows, key=lambda row: (row.policy, row.targets, row.location.file, row.resource, row.path))
    )


def rounded(value: Fraction | None) -> float | None:
    """One decimal place, rounded down: a score that is not quite 100 never shows as 100."""
    return None if value is None else int(value * 10) / 10


def score_info(result: Score) -> ScoreInfo:
    """The score as the report shows it."""
    return ScoreInfo(
        model_version=MODEL_VERSION,
        effective=rounded(result.effective),
        raw=rounded(result.raw),
        uncapped=rounded(result.uncapped),
        cap=result.cap,
        grade=result.grade,
        coverage=rounded(result.coverage),
        provisional=result.provisional,
    )


def policy_results(policies: Mapping[str, Policy], result: Score) -> tuple[PolicyResult, ...]:
    """Counts and points of every chosen policy, by code."""
    points = contributions(policies, result.tallies)
    total = sum((WEIGHTS[policies[code].severity] for code in points), Fraction(0))
    most = {name: round(float(100 * weight / total), 4) if total else 0.0 for name, weight in WEIGHTS.items()}
    return tuple(
        _policy_result(policy, result.tallies.get(code, Tally()), points.get(code), most[policy.severity])
        for code, policy in policies.items()
    )


def _policy_result(policy: Policy, counts: Tally, points: Fraction | None, most: float) -> PolicyResult:
    return PolicyResult(
        code=policy.code,
        id=policy.id,
        title=policy.title,
        severity=policy.severity,
        category=policy.category,
        rationale=policy.rationale.strip(),
        confidence=policy.confidence,
        references=policy.references,
        controls=policy.controls,
        fix=policy.fix.title if policy.fix else "",
        passed=counts.passed,
        failed=counts.failed,
        waived=counts.waived,
        errors=counts.errors,
        not_assessed=counts.not_assessed,
        not_applicable=counts.not_applicable,
        points=None if points is None else round(float(points), 4),
        possible=None if points is None else most,
    )


def categories(policies: Mapping[str, Policy], result: Score) -> tuple[CategoryScore, ...]:
    """Score by category, alphabetically; categories that evaluated nothing are left out."""
    by_category: dict[str, dict[str, Tally]] = {}
    for code, counts in result.tallies.items():
        by_category.setdefault(policies[code].category, {})[code] = counts
    rows = []
    for name, tallies in sorted(by_category.items()):
        evaluated = sum(counts.evaluated(raw=True) for counts in tallies.values())
        failed = sum(counts.failed for counts in tallies.values())
        if evaluated:
            rows.append(CategoryScore(name, rounded(score_of(policies, tallies).uncapped), failed, evaluated))
    return tuple(rows)


def policy_set(policies: Iterable[Policy], params: Mapping[str, object]) -> str:
    """Digest of what was asked: runs of different sets are incomparable."""
    data = msgspec.msgpack.encode([[*policies], params, __version__], order="deterministic")
    return xxhash.xxh3_64_hexdigest(data)
