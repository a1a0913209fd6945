"""Both sides of a claim on the same objects, and what the differences are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.peers.claims import Claim
from tests.peers.explained import EXPLAINED, Explanation
from tests.peers.ours import Judged
from tests.peers.verdicts import Answer, Subject, Verdicts


class Difference(NamedTuple):
    """One object on which a claim does not hold. None: that side did not judge it."""

    rule: str
    policy: str
    subject: Subject
    theirs: Answer | None
    ours: Answer | None
    body: dict[str, Any]
    reason: str
    """Why we could not judge it; '' when we did or when it is not our matter."""


@dataclass(slots=True)
class Comparison:
    """One claim over all objects."""

    claim: Claim
    passed: int = 0
    """Objects that pass on both sides."""
    failed: int = 0
    """Objects that fail on both sides."""
    allowed: int = 0
    """Objects on which the verdicts differ the way that ``stricter`` or ``looser`` says."""
    differences: list[Difference] = field(default_factory=list)

    def explained(self) -> dict[Explanation, list[Difference]]:
        """Differences by the first explanation that holds for them."""
        found: dict[Explanation, list[Difference]] = {}
        for difference in self.differences:
            if (why := explanation(difference)) is not None:
                found.setdefault(why, []).append(difference)
        return found

    def unexplained(self) -> list[Difference]:
        """Differences for which there is no explanation."""
        return [each for each in self.differences if explanation(each) is None]


def compare(
    claims: Iterable[Claim], theirs: Verdicts, ours: Judged, unread: Collection[Subject] = ()
) -> list[Comparison]:
    """One comparison a claim, without what the other tool could not parse (``unread``).

    Silence on one side is no difference as long as the other finds no fault.
    """
    return [_compare(claim, theirs.get(claim.rule, {}), ours, unread) for claim in claims]


def _compare(
    claim: Claim, theirs: dict[Subject, Answer], judged: Judged, unread: Collection[Subject]
) -> Comparison:
    comparison = Comparison(claim)
    ours = judged.verdicts.get(claim.policy.code, {})
    for subject in sorted({*theirs, *ours}.difference(unread)):
        one, other = theirs.get(subject), ours.get(subject)
        if one == other == "pass":
            comparison.passed += 1
        elif one == other:
            comparison.failed += 1
        elif "fail" not in (one, other):
            continue
        elif _allowed(claim, one, other):
            comparison.allowed += 1
        else:
            body = judged.bodies.get(subject, {})
            reason = judged.open.get((claim.policy.code, subject), "")
            comparison.differences.append(
                Difference(claim.rule, claim.policy.code, subject, one, other, body, reason)
            )
    return comparison


def _allowed(claim: Claim, theirs: Answer | None, ours: Answer | None) -> bool:
    """Whether two verdicts that differ are what the claim says they may be."""
    if claim.relation == "stricter":
        return theirs != "fail"
    return claim.relation == "looser" and not (ours == "fail" and theirs == "pass")


def explanation(difference: Difference, among: Sequence[Explanation] = EXPLAINED) -> Explanation | None:
    """The first explanation that speaks of the rule and holds for the object."""
    return next((each for each in among if each.covers(difference)), None)
