"""What a document grants too freely: actions that nothing limits, and what can be made of them.

A statement is *open* when it allows without a condition on every resource of the account or service. What the
same document denies without a condition on every resource is not granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from auditor.data.iam_actions import Action, action, expand
from auditor.iam.documents import Document, Statement, Texts
from auditor.iam.patterns import Match, match_action
from auditor.patterns import regex
from auditor.unknown import Unknown

DATA_READS = (
    "s3:GetObject",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)
"""Reads that give away what is stored: objects, secrets, parameters."""

ESCALATIONS: dict[str, tuple[str, ...]] = {
    "give any user an access key": ("iam:CreateAccessKey",),
    "give any user a console password": ("iam:CreateLoginProfile",),
    "change any user's console password": ("iam:UpdateLoginProfile",),
    "join any group": ("iam:AddUserToGroup",),
    "rewrite any policy": ("iam:CreatePolicyVersion",),
    "bring back an older version of any policy": ("iam:SetDefaultPolicyVersion",),
    "attach any policy to any user": ("iam:AttachUserPolicy",),
    "attach any policy to any group": ("iam:AttachGroupPolicy",),
    "attach any policy to any role": ("iam:AttachRolePolicy",),
    "write a policy into any user": ("iam:PutUserPolicy",),
    "write a policy into any group": ("iam:PutGroupPolicy",),
    "write a policy into any role": ("iam:PutRolePolicy",),
    "let itself assume any role": ("iam:UpdateAssumeRolePolicy", "sts:AssumeRole"),
    "start an instance with any role": ("iam:PassRole", "ec2:RunInstances"),
    "run a function with any role": ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),
    "run a function with any role on an event": (
        "iam:PassRole",
        "lambda:CreateFunction",
        "lambda:CreateEventSourceMapping",
    ),
    "run a task with any role": ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    "run a pipeline with any role": ("iam:PassRole", "datapipeline:CreatePipeline"),
    "build a stack with any role": ("iam:PassRole", "cloudformation:CreateStack"),
    "open a Glue endpoint with any role": ("iam:PassRole", "glue:CreateDevEndpoint"),
    "open a notebook with any role": (
        "iam:PassRole",
        "sagemaker:CreateNotebookInstance",
        "sagemaker:CreatePresignedNotebookInstanceUrl",
    ),
    "enter any Glue endpoint": ("glue:UpdateDevEndpoint",),
    "put its own code into any function": ("lambda:UpdateFunctionCode",),
}
"""What somebody may do who is allowed all of the actions on every resource. The paths are those that Rhino
Security Labs published for IAM, with those of newer services; a policy on a role needs no second action, for it
may be the caller's own."""

MOSTLY_UNLIMITABLE = ("ec2:describe",)
"""Look-ups of which nine in ten take no resource, so that a wildcard of them has to be allowed on ``*``."""

_ALL = regex(r"\*+")


class Openness(NamedTuple):
    """What one statement leaves open; an Unknown where the statement cannot be read.

    ``unlimited``: actions that a resource could limit and none does. ``escalations``: what the document allows
    with the help of this statement.
    """

    unlimited: tuple[Action, ...]
    escalations: tuple[str, ...]


def is_everything(resource: str) -> bool:
    """Whether an ARN pattern means every resource of some service: ``*``, ``arn:aws:s3:::*``."""
    if _ALL.fullmatch(resource):
        return True
    parts = re.sub(r"\$\{[^:]*?\}", "?", resource).split(":", 5)
    if len(parts) < 3 or parts[0] != "arn":
        return False
    rest = [*parts[3:], *["*"] * (6 - len(parts))]
    return bool(_ALL.fullmatch(rest[2])) and all(_ALL.fullmatch(each or "*") for each in rest[:2])


def analyse(document: Document) -> list[Openness | Unknown]:
    """One row for each statement of the document."""
    denied = [each for each in document.known if each.allows is False and _is_total(each)]
    granted = [_granted(each, denied) for each in document.statements]
    everything = {found.name for each in granted if not isinstance(each, Unknown) for found in each}
    methods = {title: needed for title, needed in ESCALATIONS.items() if everything.issuperset(needed)}
    return [each if isinstance(each, Unknown) else _row(each, methods) for each in granted]


def _row(granted: list[Action], methods: dict[str, tuple[str, ...]]) -> Openness:
    names = {each.name for each in granted}
    used = tuple(title for title, needed in methods.items() if names & set(needed))
    return Openness(tuple(each for each in granted if each.limitable), used)


def _granted(statement: Statement | Unknown, denied: list[Statement]) -> list[Action] | Unknown:
    """Actions that the statement allows anywhere: on every resource, or such as no resource can limit."""
    if isinstance(statement, Unknown):
        return statement
    if statement.allows is False or statement.conditional:
        return []
    allows, wide = statement.allows, _is_wide(statement)
    listed = _actions(statement)
    for unknown in (allows, wide, listed):
        if isinstance(unknown, Unknown):
            return unknown
    assert isinstance(listed, list)
    swept = _swept_along(statement)
    return [
        each
        for each in listed
        if (wide or not each.limitable)
        and each.name not in swept
        and not any(_names(deny, each.name) for deny in denied)
    ]


def _actions(statement: Statement) -> list[Action] | Unknown:
    named, excepted = statement.actions, statement.not_actions
    if isinstance(named, Unknown):
        return named
    if isinstance(excepted, Unknown):
        return excepted
    if named is not None:
        return _expanded(named)
    if excepted is None:
        return []
    out = {each.name for each in _expanded(excepted)}
    return [each for each in expand("*") if each.name not in out]


def _swept_along(statement: Statement) -> set[str]:
    """Look-ups that stand there only by a wildcard which needs ``*`` for most of what it means."""
    named = statement.actions
    if isinstance(named, Unknown) or named is None:
        return set()
    swept: set[str] = set()
    written: set[str] = set()
    for pattern in named:
        wild = "*" in pattern and pattern.lower().startswith(MOSTLY_UNLIMITABLE)
        (swept if wild else written).update(each.name for each in expand(pattern))
    return swept - written


def _expanded(patterns: Iterable[str]) -> list[Action]:
    found = {each.name: each for pattern in patterns for each in expand(pattern)}
    return sorted(found.values())


def _is_wide(statement: Statement) -> bool | Unknown:
    if isinstance(statement.resources, Unknown):
        return statement.resources
    return any(is_everything(each) for each in statement.resources or ())


def _is_total(statement: Statement) -> bool:
    """Whether a deny holds always and everywhere."""
    resources = statement.resources
    return (
        not statement.conditional
        and not isinstance(resources, Unknown)
        and any(_ALL.fullmatch(each) for each in resources or ())
    )


def _names(statement: Statement, name: str) -> bool:
    named, excepted = statement.actions, statement.not_actions
    if isinstance(named, Unknown) or isinstance(excepted, Unknown):
        return False
    if named is not None:
        return _any(named, name)
    return excepted is not None and not _any(excepted, name)


def _any(patterns: Texts, name: str) -> bool:
    return any(match_action(each, name) is Match.COVERS for each in patterns)


def of_level(actions: Iterable[Action], level: str) -> list[str]:
    """Names of the actions with an access level."""
    return [each.name for each in actions if each.level == level]


def data_reads(actions: Iterable[Action]) -> list[str]:
    """Those of ``DATA_READS`` among the actions."""
    return [each.name for each in actions if each.name in DATA_READS]


def limitable(names: Iterable[str]) -> list[str]:
    """Those of the actions that AWS can limit to a resource."""
    return [found.name for name in names if (found := action(name)) is not None and found.limitable]
