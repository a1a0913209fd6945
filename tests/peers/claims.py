"""What the policies claim of other tools' rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from auditor.policy import Policy, Relation

RUN = ("checkov", "kube-score")
"""Tools that install here: what we claim of them is run."""

JOINED = frozenset(
    {
        "deployment-has-poddisruptionbudget",
        "deployment-replicas",
        "deployment-strategy",
        "deployment-targeted-by-hpa-does-not-have-replicas-configured",
        "horizontalpodautoscaler-has-target",
        "ingress-targets-service",
        "networkpolicy-targets-pod",
        "pod-networkpolicy",
        "pod-probes",
        "service-targets-pod",
        "statefulset-has-poddisruptionbudget",
        "statefulset-has-servicename",
    }
)
"""kube-score's rules that join the objects of one call; none of them is claimed to be exact."""


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


def directed(policies: Iterable[Policy]) -> list[Claim]:
    """The claims that a run over single objects can hold: on tools that run here, which way verdicts may differ."""
    return [
        each
        for each in claims(policies)
        if each.tool in RUN
        and each.relation != "related"
        and (each.relation == "exact" or each.rule not in JOINED)
    ]
