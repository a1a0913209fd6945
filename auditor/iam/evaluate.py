"""What IAM would answer to a request, by AWS's documented order of evaluation.

An explicit deny wins over every allow; without an allow the answer is no; a permissions boundary must allow it
as well; conditions are not evaluated but kept.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from msgspec.structs import replace

from auditor.iam.documents import Document, Statement, Texts
from auditor.iam.patterns import Match, match_action, match_resource
from auditor.unknown import Unknown

Source = Document | Unknown


class Outcome(IntEnum):
    """In the order in which policies of several kinds combine: the lowest counts."""

    DENIED = 0
    UNKNOWN = 1
    CONDITIONAL = 2
    """Under conditions, or for some of the resources asked for."""
    ALLOWED = 3


class Decision(NamedTuple):
    """The answer. ``by`` is (policy, statement), the places in the lists given, of what decided.

    ``explicit``: a deny statement says so. ``unknown``: what would have to be known.
    """

    outcome: Outcome
    by: tuple[tuple[int, int], ...] = ()
    explicit: bool = False
    unknown: Unknown | None = None


class Permissions(NamedTuple):
    """All identity policies of a role, and its boundary (None: it has none)."""

    policies: Sequence[Source]
    boundary: Source | None = None

    def decide(self, action: str, resource: str = "*") -> Decision:
        """Whether ``action`` on ``resource`` (an ARN, or a pattern of ARNs) is granted."""
        granted = _decide(self.policies, action, resource)
        if self.boundary is None or granted.outcome is Outcome.DENIED:
            return granted
        bounded = _decide((self.boundary,), action, resource)
        if bounded.outcome < granted.outcome:
            return bounded._replace(by=())
        return granted

    def may(self, action: str) -> Decision:
        """Whether ``action`` is granted on any resource at all."""
        return Permissions([_anywhere(each) for each in self.policies], _bound(self.boundary)).decide(action)


def _bound(boundary: Source | None) -> Source | None:
    return None if boundary is None else _anywhere(boundary)


def _anywhere(policy: Source) -> Source:
    """The policy with allows that mean every resource; denies hold where they mean all."""
    if isinstance(policy, Unknown):
        return policy
    return Document(
        [
            replace(each, resources=("*",), not_resources=None)
            if isinstance(each, Statement) and each.allows is True
            else each
            for each in policy.statements
        ]
    )


def applies(statement: Statement, action: str, resource: str) -> Match:
    """How far a statement speaks of the request, its conditions left aside."""
    return min(
        _listed(statement.actions, statement.not_actions, action, of_action=True),
        _listed(statement.resources, statement.not_resources, resource, of_action=False),
    )


def _listed(
    named: Texts | Unknown | None, excepted: Texts | Unknown | None, asked: str, *, of_action: bool
) -> Match:
    compare = match_action if of_action else match_resource
    if isinstance(named, Unknown) or isinstance(excepted, Unknown):
        return Match.MAYBE
    if named is not None:
        return max((compare(each, asked) for each in named), default=Match.NONE)
    if excepted is not None:
        return _INVERSE[max((compare(each, asked) for each in excepted), default=Match.NONE)]
    return Match.NONE


_INVERSE = {
    Match.COVERS: Match.NONE,
    Match.PARTLY: Match.PARTLY,
    Match.MAYBE: Match.MAYBE,
    Match.NONE: Match.COVERS,
}


class _Tally:
    """What the statements of all policies say so far."""

    def __init__(self) -> None:
        self.allow = Outcome.DENIED
        self.by: list[tuple[int, int]] = []
        self.deny = Outcome.ALLOWED
        self.denied_by: list[tuple[int, int]] = []
        self.unknown: Unknown | None = None

    def take(self, statement: Statement, policy: int, action: str, resource: str) -> None:
        match = applies(statement, action, resource)
        allows = statement.allows
        if match is Match.NONE:
            return
        if isinstance(allows, Unknown) or match is Match.MAYBE:
            self.open(allows if isinstance(allows, Unknown) else _why(statement), denying=allows is False)
            return
        sure = match is Match.COVERS and not statement.conditional
        where = (policy, statement.index)
        if allows:
            outcome = Outcome.ALLOWED if sure else Outcome.CONDITIONAL
            self.by = [where] if outcome > self.allow else [*self.by, where]
            self.allow = max(self.allow, outcome)
        else:
            self.deny = min(self.deny, Outcome.DENIED if sure else Outcome.CONDITIONAL)
            self.denied_by.append(where)

    def open(self, unknown: Unknown, *, denying: bool = False) -> None:
        """Something that is not known might allow it, or deny it."""
        if self.unknown is None:
            self.unknown = unknown
        if denying:
            self.deny = min(self.deny, Outcome.UNKNOWN)
        else:
            self.allow = max(self.allow, Outcome.UNKNOWN)

    def decision(self) -> Decision:
        if self.deny is Outcome.DENIED:
            return Decision(Outcome.DENIED, tuple(self.denied_by), explicit=True)
        outcome = min(self.allow, self.deny)
        return Decision(outcome, tuple(self.by), unknown=self.unknown if outcome is Outcome.UNKNOWN else None)


def _decide(policies: Iterable[Source], action: str, resource: str) -> Decision:
    tally = _Tally()
    for number, policy in enumerate(policies):
        for statement in [policy] if isinstance(policy, Unknown) else policy.statements:
            if isinstance(statement, Unknown):
                tally.open(statement)
            else:
                tally.take(statement, number, action, resource)
    return tally.decision()


def _why(statement: Statement) -> Unknown:
    for listed in (statement.actions, statement.not_actions, statement.resources, statement.not_resources):
        if isinstance(listed, Unknown):
            return listed
    named = next((each for each in statement.resources or () if "${" in each), "a resource")
    return Unknown(
        f"whether {named} is meant is known only after apply",
        "audit the output of `terraform show -json` of a plan or state instead",
    )
