"""The score: exact, reproducible, and explainable part by part. Score model version 1.

Per policy p = 1 - failed/evaluated, counted per owner (a Deployment once, not its containers). The score is
100·Σ(w·p)/Σ(w) over the policies that evaluated something. An open critical finding caps it at 69, an open
high one at 89. Nothing evaluated gives no score at all, never 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct, field

from auditor.model import Status, Verdict
from auditor.policy import Severity

MODEL_VERSION = 1
WEIGHTS: dict[Severity, Fraction] = {
    "critical": Fraction(10),
    "high": Fraction(15, 2),
    "medium": Fraction(5),
    "low": Fraction(5, 2),
}
_DOUBLED = {severity: int(weight * 2) for severity, weight in WEIGHTS.items()}
"""Whole numbers: fractions are slow."""
CAPS: tuple[tuple[Severity, int], ...] = (("critical", 69), ("high", 89))
PROVISIONAL_BELOW = Fraction(90)
GRADES: tuple[tuple[int, str], ...] = ((95, "A"), (85, "B"), (70, "C"), (50, "D"))


class Graded(Protocol):
    """Anything with a severity: a policy, or a policy's row in a saved report."""

    @property
    def severity(self) -> Severity:
        """How grave a failure is."""


class Tally(Struct):
    """How many owners one policy passed, failed, waived …; an owner counts once, at its worst."""

    passed: int = 0
    failed: int = 0
    waived: int = 0
    errors: int = 0
    not_assessed: int = 0
    not_applicable: int = 0

    def evaluated(self, *, raw: bool) -> int:
        """Owners with an answer; waived ones are left out of the effective score, and fail in the raw one."""
        return self.passed + self.failed + (self.waived if raw else 0)

    def share(self, *, raw: bool) -> Fraction | None:
        """p of the policy; None when it evaluated nothing."""
        evaluated = self.evaluated(raw=raw)
        if not evaluated:
            return None
        return 1 - Fraction(self.failed + (self.waived if raw else 0), evaluated)


class Score(Struct):
    """One scope's result. Numbers are exact; round only when showing them."""

    raw: Fraction | None
    effective: Fraction | None
    """Waived findings left out, caps applied; None = "?"."""
    uncapped: Fraction | None
    cap: str
    """The severity that caps the effective score; '' when none does."""
    coverage: Fraction | None
    grade: str
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def provisional(self) -> bool:
        """Whether too much could not be assessed for the grade to stand on its own."""
        return self.coverage is None or self.coverage < PROVISIONAL_BELOW


_WORST = {
    Status.FAIL: 5,
    Status.ERROR: 4,
    Status.WAIVED: 3,
    Status.NOT_ASSESSED: 2,
    Status.PASS: 1,
    Status.NOT_APPLICABLE: 0,
}
_FIELD = {
    Status.FAIL: "failed",
    Status.ERROR: "errors",
    Status.WAIVED: "waived",
    Status.NOT_ASSESSED: "not_assessed",
    Status.PASS: "passed",
    Status.NOT_APPLICABLE: "not_applicable",
}


def tally(verdicts: Iterable[Verdict]) -> dict[str, Tally]:
    """Counts per policy code. The owner is the source object: seen from several targets it counts once."""
    return tallies(verdicts)[0]


Counts = Mapping[tuple[str, Status], int]
"""How many owners have a status by a policy's code."""


def tallies(
    verdicts: Iterable[Verdict], counted: Mapping[str, Counts] = MappingProxyType({})
) -> tuple[dict[str, Tally], dict[str, dict[str, Tally]]]:
    """:func:`tally` of all verdicts, and of those of each target.

    ``counted`` holds owners by target that are counted already, and that no verdict of the policy speaks of.
    """
    owners: dict[int, int] = {}
    numbers: dict[tuple[str, str], int] = {}
    by_target: dict[str, _Worst] = {}
    for verdict in verdicts:
        resource, status = verdict.resource, verdict.status
        owner = owners.get(id(resource))
        if owner is None:
            name = (resource.origin.file, resource.key)
            owner = owners[id(resource)] = numbers.setdefault(name, len(numbers))
        worst = by_target.get(verdict.target)
        if worst is None:
            worst = by_target[verdict.target] = {}
        key = (verdict.policy, owner)
        known = worst.get(key)
        if known is None or (known is not status and _WORST[status] > _WORST[known]):
            worst[key] = status
    whole = Counter(_counts(_merged(by_target.values())))
    for counts in counted.values():
        whole.update(counts)
    parts: dict[str, dict[str, Tally]] = {}
    for target in by_target.keys() | counted.keys():
        part = Counter(_counts(by_target.get(target, {})))
        part.update(counted.get(target, {}))
        parts[target] = _tallied(part)
    return _tallied(whole), parts


_Worst = dict[tuple[str, int], Status]
"""Policy code and owner → the worst that the policy says of it."""


def _merged(parts: Iterable[_Worst]) -> _Worst:
    whole: _Worst = {}
    for part in parts:
        if whole:
            again = [key for key in part.keys() & whole.keys() if _WORST[whole[key]] > _WORST[part[key]]]
            part = {**part, **{key: whole[key] for key in again}}
        whole |= part
    return whole


def _counts(worst: _Worst) -> Counts:
    return Counter([(policy, status) for (policy, _), status in worst.items()])


def _tallied(counts: Counts) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for (policy, status), count in counts.items():
        setattr(found.setdefault(policy, Tally()), _FIELD[status], count)
    return dict(sorted(found.items()))


def score(policies: Mapping[str, Graded], verdicts: Iterable[Verdict]) -> Score:
    """The score of one scope. ``policies`` is by code; verdicts of other policies are an error."""
    return score_of(policies, tally(verdicts))


def score_of(policies: Mapping[str, Graded], tallies: dict[str, Tally]) -> Score:
    """The score from counts per policy code, as :func:`tally` gives them and reports carry them."""
    raw = _mean(policies, tallies, raw=True)
    uncapped = _mean(policies, tallies, raw=False)
    cap, effective = _cap(policies, tallies, uncapped)
    return Score(raw, effective, uncapped, cap, _coverage(policies, tallies), grade(effective), tallies)


def grade(value: Fraction | None) -> str:
    """A letter for the effective score; '?' when nothing was evaluated."""
    if value is None:
        return "?"
    return next((letter for bound, letter in GRADES if value >= bound), "F")


def contributions(policies: Mapping[str, Graded], tallies: Mapping[str, Tally]) -> dict[str, Fraction]:
    """Points that each policy brings to the uncapped effective score; they sum to it."""
    weights = {
        code: _DOUBLED[policies[code].severity]
        for code, counts in tallies.items()
        if counts.evaluated(raw=False)
    }
    total = sum(weights.values())
    return {
        code: Fraction(100 * weight * tallies[code].passed, tallies[code].evaluated(raw=False) * total)
        for code, weight in weights.items()
    }


def _mean(policies: Mapping[str, Graded], tallies: Mapping[str, Tally], *, raw: bool) -> Fraction | None:
    """Σ(w·p)/Σ(w), as one fraction: adding hundreds of them one by one takes longer than judging."""
    parts = [
        (_DOUBLED[policies[code].severity], counts.evaluated(raw=raw), counts.failed + counts.waived * raw)
        for code, counts in tallies.items()
        if counts.evaluated(raw=raw)
    ]
    if not parts:
        return None
    whole = lcm(*[evaluated for _, evaluated, _ in parts])
    total = sum(weight * (whole - failed * (whole // evaluated)) for weight, evaluated, failed in parts)
    return Fraction(100 * total, whole * sum(weight for weight, _, _ in parts))


def _cap(
    policies: Mapping[str, Graded], tallies: Mapping[str, Tally], value: Fraction | None
) -> tuple[str, Fraction | None]:
    if value is None:
        return "", None
    failing = {policies[code].severity for code, counts in tallies.items() if counts.failed}
    for severity, bound in CAPS:
        if severity in failing and value > bound:
            return severity, Fraction(bound)
    return "", value


def _coverage(policies: Mapping[str, Graded], tallies: Mapping[str, Tally]) -> Fraction | None:
    evaluated = missing = 0
    for code, counts in tallies.items():
        weight = _DOUBLED[policies[code].severity]
        evaluated += weight * counts.evaluated(raw=True)
        missing += weight * (counts.not_assessed + counts.errors)
    return Fraction(100 * evaluated, evaluated + missing) if evaluated + missing else None
