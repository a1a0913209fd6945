"""What a document leaves open, and the table of actions behind it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.data.iam_actions import action, expand, managed
from auditor.iam.documents import from_statements
from auditor.iam.risks import ESCALATIONS, Openness, analyse, data_reads, is_everything, of_level
from auditor.unknown import Unknown


def opened(*statements: Any) -> list[Openness | Unknown]:
    return analyse(from_statements(statements))


def names(*statements: Any) -> list[str]:
    row = opened(*statements)[0]
    assert isinstance(row, Openness)
    return [each.name for each in row.unlimited]


def allow(actions: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def deny(actions: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(actions, resource, **more), "Effect": "Deny"}


def test_the_table_knows_level_and_whether_a_resource_limits() -> None:
    assert action("SQS:sendmessage") == ("sqs:SendMessage", "Write", True)
    assert action("iam:CreateAccessKey") == ("iam:CreateAccessKey", "Permissions management", True)
    found = action("s3:PutBucketPolicy")
    assert found is not None
    assert found.level == "Permissions management"
    assert action("sqs:NoSuchThing") is None
    assert action("") is None


def test_every_action_of_the_escalations_is_in_the_table() -> None:
    assert [each for needed in ESCALATIONS.values() for each in needed if action(each) is None] == []
    assert all(action(each).name == each for needed in ESCALATIONS.values() for each in needed)  # type: ignore[union-attr]


def test_patterns_expand_to_the_actions_they_mean() -> None:
    assert [each.name for each in expand("sqs:DeleteMess*")] == ["sqs:DeleteMessage"]
    prefixes = {each.name.split(":")[0] for each in expand("s3*:PutObject")}
    assert {"s3", "s3-outposts"} <= prefixes
    assert all(each.startswith("s3") for each in prefixes)
    assert len(expand("*")) > 10_000
    assert expand("nosuch:*") == []


def test_managed_policies_are_found_in_every_partition() -> None:
    assert managed("arn:aws:iam::aws:policy/AdministratorAccess") == managed(
        "arn:aws-us-gov:iam::aws:policy/AdministratorAccess"
    )
    assert managed("arn:aws:iam::111122223333:policy/AdministratorAccess") is None


@pytest.mark.parametrize(
    ("resource", "everything"),
    [
        ("*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:sqs:*:*:*", True),
        ("arn:${data.aws_partition.current.partition}:s3:::*", True),
        ("arn:aws:sqs", True),
        ("arn:aws:sqs:us-east-1:111122223333:*", False),
        ("arn:aws:s3:::scans/*", False),
        ("${aws_sqs_queue.jobs.arn}", False),
        ("arn", False),
    ],
)
def test_what_means_every_resource(resource: str, everything: bool) -> None:
    assert is_everything(resource) is everything


def test_actions_that_no_resource_limits_are_not_open() -> None:
    assert names(allow(["sqs:ListQueues", "ecr:GetAuthorizationToken", "sqs:SendMessage"])) == [
        "sqs:SendMessage"
    ]


def test_conditions_and_named_resources_close() -> None:
    assert names(allow("sqs:SendMessage", "arn:aws:sqs:*:1:jobs")) == []
    assert names(allow("sqs:*", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}})) == []


def test_only_a_deny_that_always_holds_everywhere_takes_away() -> None:
    assert names(allow("sqs:SendMessage"), deny("sqs:Send*")) == []
    assert names(allow("sqs:SendMessage"), deny("sqs:Send*", "arn:aws:sqs:*:1:audit")) == ["sqs:SendMessage"]
    assert names(allow("sqs:SendMessage"), deny("*", Condition={"Bool": {"a": "b"}})) == ["sqs:SendMessage"]


def test_not_action_opens_all_the_rest() -> None:
    found = names({"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"})
    assert "sqs:SendMessage" in found
    assert not [each for each in found if each.startswith(("iam:", "sts:"))]


def test_an_escalation_is_put_together_from_several_statements() -> None:
    rows = opened(allow("iam:PassRole"), allow("ec2:RunInstances"), allow("sqs:SendMessage"))
    assert [isinstance(row, Openness) and row.escalations for row in rows] == [
        ("start an instance with any role",),
        ("start an instance with any role",),
        (),
    ]


def test_levels_and_reads_are_told_apart() -> None:
    row = opened(allow(["s3:GetObject", "s3:PutObject", "s3:PutBucketPolicy"]))[0]
    assert isinstance(row, Openness)
    assert data_reads(row.unlimited) == ["s3:GetObject"]
    assert of_level(row.unlimited, "Write") == ["s3:PutObject"]
    assert of_level(row.unlimited, "Permissions management") == ["s3:PutBucketPolicy"]


def test_what_cannot_be_read_is_unknown_for_its_own_statement_only() -> None:
    rows = opened(Unknown("x"), allow(Unknown("y")), allow("sqs:SendMessage", Unknown("z")), allow("sqs:*"))
    assert [isinstance(row, Unknown) for row in rows] == [True, True, True, False]
