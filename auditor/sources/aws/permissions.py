"""The smallest IAM policy with which a live audit reads what the chosen policies need. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from auditor.sources.aws.calls import CALLS, Call
from auditor.sources.aws.services import Service

EVERYTHING = "*"


class Scope(NamedTuple):
    """What the policy is narrowed to; ``*`` for all."""

    partition: str = "aws"
    account: str = EVERYTHING
    region: str = EVERYTHING


def document(services: Iterable[Service], scope: Scope, roles: Iterable[str] = ()) -> dict[str, Any]:
    """The policy document; ``roles`` are those of other accounts that the auditor may take.

    Actions that IAM checks on the same resources share a statement. What AWS checks on no resource has ``*``.
    """
    calls = [CALLS[name] for name in sorted({name for each in services for name in each.calls})]
    by_resource: dict[str, set[str]] = {}
    for call in calls:
        by_resource.setdefault(_resource(call, scope), set()).add(call.action)
    statements = [_statement(resource, actions) for resource, actions in sorted(by_resource.items())]
    if listed := sorted(roles):
        statements.append({"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": listed})
    return {"Version": "2012-10-17", "Statement": statements}


def _resource(call: Call, scope: Scope) -> str:
    if not call.on:
        return EVERYTHING
    return f"arn:{scope.partition}:" + call.on.format(account=scope.account, region=scope.region)


def _statement(resource: str, actions: set[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": resource}
