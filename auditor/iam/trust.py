"""Who may assume a role: the statements of a trust policy, read as what they let in.

For web identities the two claims that bind a token to one workload are ``<issuer>:sub`` and ``<issuer>:aud``.
A test binds only when it holds for exactly the listed values and fails when the claim is missing:
``ForAllValues:`` is true of a missing key, ``…IfExists`` too, and negated tests let in everybody else.
https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, field

from auditor.iam.documents import Document, Statement, Texts
from auditor.iam.patterns import ANONYMOUS, Match, match_action
from auditor.unknown import Unknown

Way = Literal["irsa", "github", "web-identity", "pod-identity", "service", "account", "principal", "anyone"]

WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
POD_IDENTITY = "pods.eks.amazonaws.com"
GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
SUBJECT = "system:serviceaccount:"

_EXACT = ("stringequals", "stringlike", "stringequalsignorecase", "arnequals", "arnlike")
_EKS_PROVIDER = r"(?i)oidc\.eks\.|oidc[_-]?provider|eks"
_ACCOUNT = r"(?:\d{12}|arn:aws[a-z-]*:iam::\d{12}:root)"
_WILD = r"[*?]"
_NARROWING = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:userid",
    "sts:externalid",
)


class Claim(Struct, eq=False):
    """What one test says of a claim: its values, and whether it lets in those values only.

    ``weak`` is why it does not: the operator, or a wildcard in a value; '' when it does.
    """

    operator: str
    key: str
    values: Texts
    weak: str


class Entrance(Struct, eq=False):
    """One allowing statement of a trust policy for one kind of principal.

    ``principals`` are the identifiers of that kind. ``subjects`` and ``audiences`` are the tests of the two
    claims; ``narrowed``: some condition limits which AWS principals come in.
    """

    way: Way
    index: int
    principals: Texts
    actions: Texts
    subjects: list[Claim] = field(default_factory=list)
    audiences: list[Claim] = field(default_factory=list)
    narrowed: bool = False
    conditional: bool = False

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """``(namespace, name)`` of the ServiceAccounts that are named exactly."""
        found = (each for claim in self.subjects if not claim.weak for each in claim.values)
        parted = (each.removeprefix(SUBJECT).partition(":") for each in found if each.startswith(SUBJECT))
        return [(namespace, name) for namespace, colon, name in parted if colon]


def entrances(document: Document) -> Iterator[Entrance | Unknown]:
    """Every way in that a trust policy grants; Unknown for a statement that cannot be read."""
    for statement in document.statements:
        if isinstance(statement, Unknown):
            yield statement
            continue
        if statement.allows is False:
            continue
        unknown = next(
            (
                each
                for each in (statement.allows, statement.principals, statement.actions, statement.conditions)
                if isinstance(each, Unknown)
            ),
            None,
        )
        if unknown is not None:
            yield unknown
            continue
        yield from _of_statement(statement)


def _of_statement(statement: Statement) -> Iterator[Entrance]:
    assert not isinstance(statement.principals, Unknown)
    assert not isinstance(statement.actions, Unknown)
    actions = statement.actions or ()
    for kind, listed in (statement.principals or {}).items():
        for way, principals in _ways(kind, listed, statement).items():
            found = Entrance(way, statement.index, tuple(principals), actions)
            found.subjects = list(_claims(statement, "sub"))
            found.audiences = list(_claims(statement, "aud"))
            found.narrowed = _is_narrowed(statement)
            found.conditional = statement.conditional
            yield found


def assumes(entrance: Entrance, action: str) -> bool:
    """Whether the statement grants an ``sts`` action."""
    return any(match_action(each, action) is Match.COVERS for each in entrance.actions)


def _ways(kind: str, listed: Texts, statement: Statement) -> dict[Way, list[str]]:
    found: dict[Way, list[str]] = {}
    for principal in listed:
        found.setdefault(_way(kind, principal, statement), []).append(principal)
    return found


def _way(kind: str, principal: str, statement: Statement) -> Way:
    if kind == "*" or (kind == "AWS" and principal == "*"):
        return "anyone"
    if kind == "Federated":
        return _federated(principal, statement)
    if kind == "Service":
        return "pod-identity" if principal == POD_IDENTITY else "service"
    return "account" if kind == "AWS" and re.fullmatch(_ACCOUNT, principal) else "principal"


def _federated(principal: str, statement: Statement) -> Way:
    keys = [claim.key for claim in (*_claims(statement, "sub"), *_claims(statement, "aud"))]
    if GITHUB in principal or any(GITHUB in key for key in keys):
        return "github"
    values = [value for claim in _claims(statement, "sub") for value in claim.values]
    if any(value.startswith(SUBJECT) for value in values):
        return "irsa"
    literal = "${" not in principal
    if literal:
        return "irsa" if "oidc-provider/oidc.eks." in principal else "web-identity"
    return "irsa" if re.search(_EKS_PROVIDER, principal) else "web-identity"


def _claims(statement: Statement, claim: str) -> Iterator[Claim]:
    conditions = statement.conditions
    for operator, keys in conditions.items() if not isinstance(conditions, Unknown) else ():
        for key, values in keys.items():
            if key.lower().endswith(f":{claim}"):
                yield Claim(operator, key, values, _weakness(operator, values))


def _weakness(operator: str, values: Texts) -> str:
    folded = operator.lower()
    if folded.startswith("forallvalues:"):
        return "ForAllValues is also true when the token lacks the claim"
    if folded.endswith("ifexists"):
        return "IfExists is also true when the token lacks the claim"
    base = folded.removeprefix("foranyvalue:")
    if base not in _EXACT:
        return f"{operator} does not limit it to these values"
    if base.endswith("like"):
        wild = next((each for each in values if each != ANONYMOUS and re.search(_WILD, _known(each))), None)
        if wild is not None:
            return f"{operator} with {wild} lets in all that fit"
    return ""


def _known(text: str) -> str:
    """The text without its unknown parts."""
    return re.sub(r"\$\{[^}]*\}+", "", text)


def _is_narrowed(statement: Statement) -> bool:
    conditions = statement.conditions
    if isinstance(conditions, Unknown):
        return False
    return any(
        key.lower() in _NARROWING and not operator.lower().startswith(("stringnot", "arnnot", "forallvalues"))
        for operator, keys in conditions.items()
        for key in keys
    )
