"""What decides the exit code, and the reasons for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from msgspec.structs import replace

from auditor.model import Status
from auditor.options import Settings
from auditor.policy import SEVERITIES, Policy, Severity
from auditor.report import Finding, Gate, History, HistoryRun
from auditor.score import Score
from auditor.spans import Problem

EXIT_CLEAN, EXIT_GATE, EXIT_USAGE, EXIT_INCOMPLETE, EXIT_INTERNAL = 0, 1, 2, 3, 4


def gate(
    settings: Settings,
    policies: Mapping[str, Policy],
    result: Score,
    problems: Sequence[Problem],
    findings: Iterable[Finding] | None = None,
) -> Gate:
    """Exit code and reasons: a failed gate (1) wins over an incomplete run (3); not-assessed changes nothing.

    With ``findings`` (a run against a baseline or REF) only the new ones among them gate.
    """
    failed = _gravity(policies, result) if findings is None else _new_gravity(policies, findings)
    word = "open" if findings is None else "new"
    reasons = [
        f"{failed[severity]} {word} {severity} finding{'s' if failed[severity] > 1 else ''}"
        for severity in _gating(settings)
        if failed.get(severity)
    ]
    reasons += _below("score", result.effective, settings.min_score, "")
    reasons += _below("coverage", result.coverage, settings.min_coverage, " %")
    if reasons:
        return Gate(EXIT_GATE, tuple(reasons))
    reasons = _incomplete(result, problems)
    return Gate(EXIT_INCOMPLETE if reasons else EXIT_CLEAN, tuple(reasons))


def fallen(decision: Gate, history: History | None, most: float) -> Gate:
    """The decision, failed where the score fell by more than ``most`` points since the last run that had one.

    What cannot be compared is a note: nobody knows whether the score fell.
    """
    runs = history.runs if history is not None else ()
    since = _comparable(runs)
    if since is None or runs[-1].score is None or since.score is None:
        return replace(decision, notes=(*decision.notes, "no run before to compare the score with"))
    fall = round(since.score - runs[-1].score, 2)
    if fall <= most:
        return decision
    reason = f"score fell by {fall:g} points since {since.generated_at}"
    kept = decision.reasons if decision.exit_code == EXIT_GATE else ()
    return replace(decision, exit_code=EXIT_GATE, reasons=(*kept, reason))


def _comparable(runs: Sequence[HistoryRun]) -> HistoryRun | None:
    """The last run before the newest one that has a score, unless something made them incomparable in between."""
    for at in range(len(runs) - 1, 0, -1):
        if runs[at].incomparable:
            return None
        if runs[at - 1].score is not None:
            return runs[at - 1]
    return None


def _gating(settings: Settings) -> Sequence[Severity]:
    return () if settings.fail_on is None else SEVERITIES[: SEVERITIES.index(settings.fail_on) + 1]


def _gravity(policies: Mapping[str, Policy], result: Score) -> dict[Severity, int]:
    """Failing owners by severity, over all policies."""
    counts: dict[Severity, int] = {}
    for code, tally in result.tallies.items():
        severity = policies[code].severity
        counts[severity] = counts.get(severity, 0) + tally.failed
    return counts


def _new_gravity(policies: Mapping[str, Policy], findings: Iterable[Finding]) -> dict[Severity, int]:
    """Owners with a new failure by severity, counted as the score counts them."""
    owners: dict[Severity, set[tuple[str, str]]] = {}
    for finding in findings:
        if finding.status == Status.FAIL.value and finding.new:
            severity = policies[finding.policy].severity
            owners.setdefault(severity, set()).add((finding.policy, finding.resource))
    return {severity: len(found) for severity, found in owners.items()}


def _below(what: str, value: Fraction | None, least: float | None, unit: str) -> list[str]:
    if least is None or (value is not None and value >= Fraction(least)):
        return []
    if value is None:
        return [f"no {what}: nothing was evaluated, and at least {least:g}{unit} is wanted"]
    return [f"{what} below {least:g}{unit}"]


def _incomplete(result: Score, problems: Sequence[Problem]) -> list[str]:
    reasons = []
    errors = sum(tally.errors for tally in result.tallies.values())
    if problems:
        reasons.append(f"{len(problems)} input{'s' if len(problems) > 1 else ''} could not be used")
    if errors:
        reasons.append(f"{errors} verdict{'s' if errors > 1 else ''} ended in an error")
    return reasons
