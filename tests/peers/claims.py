"""What the policies claim of other tools' rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from auditor.policy import Policy, Relation

RUN = ("checkov", "kube-score")
"""Tools that install here: what we claim of them is run."""


class Claim(NamedTuple):
    """One policy's word on one rule of another tool."""

    tool: str
    rule: str
    relation: Relation
    note: str
    policy: Policy


def claims(policies: Iterable[Policy]) -> list[Claim]:
    """Every claim, by tool and rule."""
    return sorted(
        (
            Claim(tool, rule.id, rule.relation, rule.note, policy)
            for policy in policies
            for tool, rules in policy.equivalents.items()
            for rule in rules
        ),
        key=lambda claim: (claim.tool, claim.rule, claim.policy.code),
    )


def exact(policies: Iterable[Policy], tool: str = "") -> list[Claim]:
    """The claims of a tool (of all that run here) that say: the same verdict on every input."""
    tools = (tool,) if tool else RUN
    return [each for each in claims(policies) if each.relation == "exact" and each.tool in tools]
