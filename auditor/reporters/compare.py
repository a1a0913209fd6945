"""Two reports compared, several merged. All arithmetic is exact: reports carry counts, not only scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import floor
from typing import Literal, NamedTuple

import msgspec

from auditor.report import (
    CategoryScore,
    Change,
    Finding,
    Gate,
    Inputs,
    Money,
    PolicyResult,
    Report,
    ScoreChangeRow,
    ScoreInfo,
)
from auditor.reporters.interface import gravity
from auditor.score import MODEL_VERSION, WEIGHTS, Score, Tally, contributions, score_of

_GATE_ORDER = (4, 2, 1, 3, 0)
"""Which exit code wins when reports are merged: a failed gate wins over an incomplete run."""


class CannotMerge(ValueError):
    """Reports that do not add up; the message says why and what to do."""


class Part(NamedTuple):
    """What one policy, or the cap, moved the score by."""

    policy: str
    kind: Literal["changed", "began", "ceased", "cap"]
    points: Fraction


class Comparison(NamedTuple):
    """A newer report against an older one. ``parts`` sum exactly to ``after - before``."""

    fixed: tuple[Finding, ...]
    """Failures of the older report that the newer one judged and no longer has."""
    new: tuple[Finding, ...]
    unchanged: tuple[Finding, ...]
    undecided: tuple[Finding, ...]
    """Failures that are now waived, not decidable, or in an input that cannot be read: not fixed."""
    incomparable: str
    before: Fraction | None
    after: Fraction | None
    parts: tuple[Part, ...]


def compare(old: Report, new: Report) -> Comparison:
    """Findings by fingerprint; the change of the effective score, policy by policy."""
    fixed, undecided = _gone(old, new)
    known = {key for finding in failures(old) for key in keys_of(finding)}
    failing = failures(new)
    fresh = tuple(f for f in failing if not known.issuperset(keys_of(f)))
    same = tuple(f for f in failing if known.issuperset(keys_of(f)))
    before, after = exact_score(old), exact_score(new)
    reason = _incomparable(old, new)
    parts = () if reason else _parts(old, new, before, after)
    return Comparison(fixed, fresh, same, undecided, reason, before.effective, after.effective, parts)


def against(old: Report, new: Report, base: str) -> Report:
    """The newer report with what changed, each failure marked as new or not; ``base`` names the older one."""
    compared = compare(old, new)
    fresh = {key for finding in compared.new for key in keys_of(finding)}
    findings = tuple(
        msgspec.structs.replace(f, new=not fresh.isdisjoint(keys_of(f))) if f.status == "fail" else f
        for f in new.findings
    )
    return msgspec.structs.replace(new, base=base, findings=findings, change=change(compared, base))


def change(compared: Comparison, base: str) -> Change:
    """The comparison as reports carry it, to the hundredth; rows still sum to the whole."""
    before, after = _hundredths(compared.before), _hundredths(compared.after)
    known = before is not None and after is not None and not compared.incomparable
    total = after - before if known and before is not None and after is not None else 0
    rows = [
        ScoreChangeRow(part.policy, part.kind, points / 100)
        for part, points in zip(compared.parts, _rounded(compared.parts, total), strict=True)
    ]
    return Change(
        base=base,
        before=hundredth(compared.before),
        after=hundredth(compared.after),
        points=total / 100 if known else None,
        incomparable=compared.incomparable,
        rows=tuple(sorted(rows, key=lambda row: (-abs(row.points), row.policy))),
        fixed=compared.fixed,
        new=len(compared.new),
        unchanged=len(compared.unchanged),
    )


def exact_score(report: Report) -> Score:
    """The report's score in fractions, computed anew from its counts."""
    policies = {policy.code: policy for policy in report.policies}
    return score_of(policies, {code: _tally(policy) for code, policy in sorted(policies.items())})


def _tally(policy: PolicyResult) -> Tally:
    return Tally(
        policy.passed,
        policy.failed,
        policy.waived,
        policy.errors,
        policy.not_assessed,
        policy.not_applicable,
    )


def failures(report: Report) -> list[Finding]:
    """What fails, gravest first."""
    return sorted((f for f in report.findings if f.status == "fail"), key=gravity)


def keys_of(finding: Finding) -> tuple[str, ...]:
    """By what a finding is known in another report."""
    return finding.fingerprints or (f"{finding.policy}\0{finding.resource}\0{finding.path}",)


def _gone(old: Report, new: Report) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    failing = {key for finding in failures(new) for key in keys_of(finding)}
    unseen = unseen_in(new)
    fixed: list[Finding] = []
    undecided: list[Finding] = []
    for finding in failures(old):
        if failing.isdisjoint(keys_of(finding)):
            (undecided if unseen(finding) else fixed).append(finding)
    return tuple(fixed), tuple(undecided)


def unseen_in(report: Report) -> Callable[[Finding], bool]:
    """Whether an older finding that no longer fails was not judged either, so that nobody knows."""
    present = {key for finding in report.findings for key in keys_of(finding)}
    judged = {policy.code for policy in report.policies}
    unread = {problem.file for problem in report.problems if problem.incomplete}

    def unseen(finding: Finding) -> bool:
        file = finding.location.file
        if finding.policy not in judged or not present.isdisjoint(keys_of(finding)):
            return True
        return file in unread or any(file.startswith(f"{label}/") for label in unread)  # of a live source

    return unseen


def _incomparable(old: Report, new: Report) -> str:
    if old.score.model_version != new.score.model_version:
        return "different score models"
    if old.scope != new.scope:
        return "different scopes"
    return "different policy sets" if old.policy_set != new.policy_set else ""


def _parts(old: Report, new: Report, before: Score, after: Score) -> tuple[Part, ...]:
    """From the old mean to the new one in three steps: without the policies that ceased, then with the new
    shares of those that stayed, then with the policies that began; last the caps."""
    if before.uncapped is None or after.uncapped is None:
        return ()
    weights = {policy.code: WEIGHTS[policy.severity] for policy in (*old.policies, *new.policies)}
    first, last = _shares(before), _shares(after)
    stayed = sorted(first.keys() & last.keys())
    whole = sum((weights[code] for code in stayed), Fraction(0))
    parts = _joining(first, stayed, weights, "ceased", -1)
    parts += [
        Part(code, "changed", 100 * weights[code] * (last[code] - first[code]) / whole) for code in stayed
    ]
    parts += _joining(last, stayed, weights, "began", 1)
    parts.append(Part("", "cap", _capped(after) - _capped(before)))
    return tuple(part for part in parts if part.points)


def _shares(score: Score) -> dict[str, Fraction]:
    found = ((code, counts.share(raw=False)) for code, counts in score.tallies.items())
    return {code: share for code, share in found if share is not None}


def _joining(
    shares: dict[str, Fraction],
    stayed: Sequence[str],
    weights: dict[str, Fraction],
    kind: Literal["began", "ceased"],
    sign: int,
) -> list[Part]:
    """What the policies outside ``stayed`` add to the mean over ``stayed``."""
    base_weight = sum((weights[code] for code in stayed), Fraction(0))
    base = sum((weights[c] * shares[c] for c in stayed), Fraction(0)) / base_weight if stayed else Fraction(0)
    whole = sum((weights[code] for code in shares), Fraction(0))
    return [
        Part(code, kind, sign * 100 * weights[code] * (share - base) / whole)
        for code, share in sorted(shares.items())
        if code not in stayed
    ]


def _capped(score: Score) -> Fraction:
    assert score.effective is not None
    assert score.uncapped is not None
    return score.effective - score.uncapped


def hundredth(value: Fraction | None) -> float | None:
    """A score to two decimal places, rounded as the changes between scores are."""
    found = _hundredths(value)
    return None if found is None else found / 100


def _hundredths(value: Fraction | None) -> int | None:
    return None if value is None else floor(value * 100 + Fraction(1, 2))


def _rounded(parts: Sequence[Part], total: int) -> list[int]:
    """Each part in hundredths so that they sum to ``total``: the largest remainders are rounded up."""
    scaled = [part.points * 100 for part in parts]
    floors = [floor(value) for value in scaled]
    order = sorted(range(len(parts)), key=lambda at: (floors[at] - scaled[at], at))
    for at in order[: total - sum(floors)]:
        floors[at] += 1
    return floors


def merge(reports: Sequence[Report]) -> Report:
    """One report of several scopes, as if they had been audited together.

    Raises :class:`CannotMerge` for none at all, one scope twice, or different policy sets.
    """
    _check_mergeable(reports)
    ordered = sorted(reports, key=lambda report: report.scope)
    policies = _merged_policies(ordered)
    score = score_of(
        {p.code: p for p in policies}, {p.code: _tally(p) for p in sorted(policies, key=lambda p: p.code)}
    )
    policies = _with_points(policies, score)
    return Report(
        tool_version=max(report.tool_version for report in ordered),
        scope=" + ".join(report.scope for report in ordered),
        generated_at=max(report.generated_at for report in ordered),
        policy_set=ordered[0].policy_set,
        inputs=_merged_inputs(ordered),
        score=score_info(score),
        categories=_categories(policies),
        policies=policies,
        targets=tuple(target for report in ordered for target in report.targets),
        findings=tuple(finding for report in ordered for finding in report.findings),
        judged=tuple(judged for report in ordered for judged in report.judged),
        problems=tuple(problem for report in ordered for problem in report.problems),
        warnings=tuple(warning for report in ordered for warning in report.warnings),
        money=_merged_money(ordered),
        graphs=tuple(graph for report in ordered for graph in report.graphs),
        gate=_merged_gate(ordered),
    )


def score_info(score: Score) -> ScoreInfo:
    """A score as reports carry it, to one decimal place."""
    return ScoreInfo(
        model_version=MODEL_VERSION,
        effective=_tenth(score.effective),
        raw=_tenth(score.raw),
        uncapped=_tenth(score.uncapped),
        cap=score.cap,
        grade=score.grade,
        coverage=_tenth(score.coverage),
        provisional=score.provisional,
    )


def _tenth(value: Fraction | None) -> float | None:
    return None if value is None else float(round(value, 1))


def _check_mergeable(reports: Sequence[Report]) -> None:
    if not reports:
        raise CannotMerge("no report to merge: name at least one JSON result")
    scopes = [report.scope for report in reports]
    twice = next((scope for scope in scopes if scopes.count(scope) > 1), None)
    if twice is not None:
        raise CannotMerge(f"scope {twice!r} comes twice: keep its newest result only")
    sets = sorted({report.policy_set for report in reports})
    if len(sets) > 1:
        found = ", ".join(sets)
        raise CannotMerge(f"different policy sets ({found}): audit all with the same policies and settings")


def _merged_policies(reports: Iterable[Report]) -> tuple[PolicyResult, ...]:
    merged: dict[str, PolicyResult] = {}
    for report in reports:
        for policy in report.policies:
            known = merged.get(policy.code)
            merged[policy.code] = policy if known is None else _sum_counts(known, policy)
    return tuple(merged[code] for code in sorted(merged))


def _sum_counts(one: PolicyResult, two: PolicyResult) -> PolicyResult:
    return msgspec.structs.replace(
        one,
        passed=one.passed + two.passed,
        failed=one.failed + two.failed,
        waived=one.waived + two.waived,
        errors=one.errors + two.errors,
        not_assessed=one.not_assessed + two.not_assessed,
        not_applicable=one.not_applicable + two.not_applicable,
    )


def _with_points(policies: tuple[PolicyResult, ...], score: Score) -> tuple[PolicyResult, ...]:
    points = contributions({p.code: p for p in policies}, score.tallies)
    total = sum((WEIGHTS[p.severity] for p in policies if p.code in points), Fraction(0))
    return tuple(
        msgspec.structs.replace(
            policy,
            points=float(points[policy.code]) if policy.code in points else None,
            possible=float(100 * WEIGHTS[policy.severity] / total) if policy.code in points else None,
        )
        for policy in policies
    )


def _categories(policies: Iterable[PolicyResult]) -> tuple[CategoryScore, ...]:
    groups: dict[str, list[PolicyResult]] = {}
    for policy in policies:
        groups.setdefault(policy.category, []).append(policy)
    rows = []
    for category, members in sorted(groups.items()):
        score = score_of({p.code: p for p in members}, {p.code: _tally(p) for p in members})
        evaluated = sum(counts.evaluated(raw=False) for counts in score.tallies.values())
        failed = sum(policy.failed for policy in members)
        rows.append(CategoryScore(category, _tenth(score.uncapped), failed, evaluated))
    return tuple(rows)


def _merged_inputs(reports: Sequence[Report]) -> Inputs:
    fields = Inputs.__struct_fields__
    return Inputs(**{name: sum(getattr(report.inputs, name) for report in reports) for name in fields})


def _merged_money(reports: Sequence[Report]) -> Money | None:
    found = [report.money for report in reports if report.money is not None]
    if not found:
        return None
    regions = sorted({money.region for money in found})
    return Money(
        floor=_total(money.floor for money in found),
        expected=_total(money.expected for money in found),
        worst=_total(money.worst for money in found),
        region=", ".join(regions),
        prices_as_of=min(money.prices_as_of for money in found),
        rows=tuple(row for money in found for row in money.rows),
        change_floor=_total(money.change_floor for money in found),
        change_expected=_total(money.change_expected for money in found),
        change_worst=_total(money.change_worst for money in found),
    )


def _total(values: Iterable[float | None]) -> float | None:
    """A sum of cents; unknown as soon as one part is."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    return round(sum(known), 2) if len(known) == len(listed) else None


def _merged_gate(reports: Sequence[Report]) -> Gate:
    codes = {report.gate.exit_code for report in reports}
    code = next((code for code in _GATE_ORDER if code in codes), max(codes))
    reasons = [f"{report.scope}: {reason}" for report in reports for reason in report.gate.reasons]
    return Gate(code, tuple(reasons))
