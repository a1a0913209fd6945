"""Trust policies: who is let in, and which tests of sub and aud really bind."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.iam.documents import from_statements
from auditor.iam.trust import Entrance, entrances
from auditor.unknown import Unknown

ISSUER = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
WORKER = "system:serviceaccount:inference:worker"


def entrance(principal: Any, action: Any = "sts:AssumeRoleWithWebIdentity", **condition: Any) -> Entrance:
    body = {"Effect": "Allow", "Action": action, "Principal": principal, "Condition": condition}
    found = list(entrances(from_statements([body])))
    assert len(found) == 1
    assert isinstance(found[0], Entrance)
    return found[0]


def subject(operator: str, *values: str) -> str:
    """Why the test of sub does not bind."""
    return entrance({"Federated": PROVIDER}, **{operator: {f"{ISSUER}:sub": list(values)}}).subjects[0].weak


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ForAnyValue:StringEquals"])
def test_exact_values_bind(operator: str) -> None:
    assert subject(operator, WORKER) == ""


@pytest.mark.parametrize(
    ("operator", "value", "word"),
    [
        ("StringLike", "system:serviceaccount:inference:*", "lets in all that fit"),
        ("StringLike", "system:serviceaccount:*:worker", "lets in all that fit"),
        ("ForAllValues:StringEquals", WORKER, "lacks the claim"),
        ("StringEqualsIfExists", WORKER, "lacks the claim"),
        ("StringNotEquals", WORKER, "does not limit"),
    ],
)
def test_tests_that_let_in_others_are_weak(operator: str, value: str, word: str) -> None:
    assert word in subject(operator, value)


def test_a_star_under_string_equals_is_a_bare_character() -> None:
    assert subject("StringEquals", "system:serviceaccount:inference:*") == ""


def test_accounts_are_those_that_are_named_exactly() -> None:
    found = entrance(
        {"Federated": PROVIDER}, StringEquals={f"{ISSUER}:sub": [WORKER, "system:serviceaccount:a:b"]}
    )
    assert found.accounts == [("inference", "worker"), ("a", "b")]
    weak = entrance({"Federated": PROVIDER}, StringLike={f"{ISSUER}:sub": "system:serviceaccount:a:*"})
    assert weak.accounts == []


@pytest.mark.parametrize(
    ("principal", "way"),
    [
        ("*", "anyone"),
        ({"AWS": "*"}, "anyone"),
        ({"AWS": "111122223333"}, "account"),
        ({"AWS": "arn:aws-cn:iam::111122223333:root"}, "account"),
        ({"AWS": "arn:aws:iam::111122223333:role/ci"}, "principal"),
        ({"Service": "pods.eks.amazonaws.com"}, "pod-identity"),
        ({"Service": "ec2.amazonaws.com"}, "service"),
        ({"Federated": PROVIDER}, "irsa"),
        ({"Federated": "${module.eks.oidc_provider_arn}"}, "irsa"),
        ({"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"}, "github"),
        ({"Federated": "cognito-identity.amazonaws.com"}, "web-identity"),
    ],
)
def test_principals_tell_the_way_in(principal: Any, way: str) -> None:
    assert entrance(principal).way == way


def test_denies_let_nobody_in_and_unknown_statements_stay_unknown() -> None:
    unread = Unknown("not here")
    deny = {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}
    found = list(entrances(from_statements([deny, unread])))
    assert len(found) == 1
    assert found[0] is unread


def test_conditions_that_name_the_caller_narrow() -> None:
    assert entrance("*", StringEquals={"aws:PrincipalOrgID": "o-1"}).narrowed
    assert not entrance("*", Bool={"aws:SecureTransport": "true"}).narrowed
    assert not entrance("*", StringNotEquals={"aws:PrincipalOrgID": "o-1"}).narrowed
