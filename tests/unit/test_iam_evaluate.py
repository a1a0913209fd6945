"""AWS's documented rules of evaluation, one test each."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.iam.documents import Document, from_statements, read_document
from auditor.iam.evaluate import Outcome, Permissions
from auditor.unknown import Unknown

QUEUE = "arn:aws:sqs:us-east-1:111122223333:jobs"


def statement(
    effect: str = "Allow", action: Any = "sqs:*", resource: Any = "*", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements: Any) -> Document:
    return from_statements(statements)


def outcome(
    *policies: Any, boundary: Any = None, action: str = "sqs:SendMessage", on: str = QUEUE
) -> Outcome:
    return Permissions(policies, boundary).decide(action, on).outcome


IF: dict[str, Any] = {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}


def test_without_an_allow_the_answer_is_no() -> None:
    assert outcome() is Outcome.DENIED
    assert outcome(policy(statement(action="s3:*"))) is Outcome.DENIED


def test_one_allow_of_any_policy_is_enough() -> None:
    assert outcome(policy(statement(action="s3:*")), policy(statement())) is Outcome.ALLOWED


def test_an_explicit_deny_wins_over_every_allow() -> None:
    found = Permissions([policy(statement()), policy(statement("Deny", resource=QUEUE))]).decide(
        "sqs:SendMessage", QUEUE
    )
    assert (found.outcome, found.explicit, found.by) == (Outcome.DENIED, True, ((1, 0),))


def test_a_deny_of_something_else_does_not_count() -> None:
    other = statement("Deny", resource="arn:aws:sqs:us-east-1:111122223333:dlq")
    assert outcome(policy(statement(), other)) is Outcome.ALLOWED


def test_conditions_are_kept_and_not_guessed() -> None:
    assert outcome(policy(statement(**IF))) is Outcome.CONDITIONAL
    assert outcome(policy(statement(), statement("Deny", **IF))) is Outcome.CONDITIONAL
    assert outcome(policy(statement(**IF), statement())) is Outcome.ALLOWED


def test_not_action_grants_all_but_what_it_names() -> None:
    document = policy({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"})
    assert outcome(document) is Outcome.ALLOWED
    assert outcome(document, action="iam:CreateUser", on="*") is Outcome.DENIED


def test_not_resource_in_a_deny_guards_everything_else() -> None:
    deny = {"Effect": "Deny", "Action": "*", "NotResource": QUEUE}
    assert outcome(policy(statement(), deny)) is Outcome.ALLOWED
    assert outcome(policy(statement(), deny), on=QUEUE + "-dlq") is Outcome.DENIED


def test_a_boundary_must_allow_too_and_grants_nothing_by_itself() -> None:
    assert outcome(policy(statement()), boundary=policy(statement(action="s3:*"))) is Outcome.DENIED
    assert outcome(boundary=policy(statement())) is Outcome.DENIED
    assert outcome(policy(statement()), boundary=policy(statement())) is Outcome.ALLOWED


def test_a_grant_on_part_of_what_is_asked_is_conditional() -> None:
    assert outcome(policy(statement(resource=QUEUE)), on="arn:aws:sqs:*:*:*") is Outcome.CONDITIONAL


def test_what_is_unknown_decides_only_where_it_could() -> None:
    closed = Unknown("a policy that is not here")
    assert outcome(closed) is Outcome.UNKNOWN
    assert outcome(closed, policy(statement("Deny"))) is Outcome.DENIED
    assert Permissions([closed]).decide("sqs:SendMessage").unknown is closed
    assert outcome(policy(closed, closed, statement(action="s3:*"))) is Outcome.UNKNOWN
    assert outcome(policy(statement()), boundary=closed) is Outcome.UNKNOWN
    assert outcome(policy(statement(action=Unknown("an input")))) is Outcome.UNKNOWN


def test_an_unknown_deny_leaves_an_allow_unknown() -> None:
    deny = statement("Deny", resource="${aws_sqs_queue.jobs.arn}")
    assert outcome(policy(statement(), deny)) is Outcome.UNKNOWN


def test_references_to_one_block_meet() -> None:
    mine = policy(statement(resource="${aws_sqs_queue.jobs.arn}"))
    assert outcome(mine, on="${aws_sqs_queue.jobs.arn}") is Outcome.ALLOWED
    assert outcome(mine, on="${aws_sqs_queue.dlq.arn}") is Outcome.DENIED


def test_may_asks_for_any_resource() -> None:
    permissions = Permissions([policy(statement(resource=QUEUE))])
    assert permissions.may("sqs:SendMessage").outcome is Outcome.ALLOWED
    assert permissions.may("sns:Publish").outcome is Outcome.DENIED


@pytest.mark.parametrize("text", ["", "[]", "not json", "{", "null"])
def test_what_is_no_document_is_unknown(text: str) -> None:
    assert isinstance(read_document(text), Unknown)


@pytest.mark.parametrize("body", [{"Statement": 3}, {"Statement": ["x", None]}, {"Statement": {"Effect": 7}}])
def test_odd_statements_decide_nothing(body: Any) -> None:
    document = read_document(body)
    assert isinstance(document, Document)
    assert outcome(document) in (Outcome.DENIED, Outcome.UNKNOWN)
