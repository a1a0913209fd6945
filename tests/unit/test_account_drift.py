"""Terraform's side against the account's: what counts as the same, and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.drift.account import Accounts, changes, names_of, resolved
from auditor.model import Resource, Target
from auditor.reach import Reach, Unread
from auditor.sources.live import live_origin
from auditor.terraform.unknowns import TfReference
from auditor.unknown import Unknown
from auditor.world import World


def block(kind: str, name: str = "", **body: Any) -> Resource:
    """A Terraform resource on either side."""
    return Resource("terraform", kind, "", name or f"{kind}.this", body, live_origin("aws:1", "aws", kind))


def account(*resources: Resource, name: str = "aws:1", unread: Unknown | None = None) -> Target:
    """An account in which queues were read."""
    kind = ("terraform", "aws_sqs_queue")
    reach = Reach("terraform", frozenset({kind}))
    if unread is not None:
        reach = Reach("terraform", frozenset(), {kind: Unread(*kind, unread)})
    return Target(name, "live", name, list(resources), source="aws", reach=reach)


def changed(kind: str, declared: dict[str, Any], live: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(path, want, have) of every change."""
    found = changes(block(kind, **declared), block(kind, **live))
    return [(".".join(map(str, each.path)), each.want, each.have) for each in found]


@pytest.mark.parametrize(
    ("kind", "declared", "live"),
    [
        ("aws_sqs_queue", {"delay_seconds": "30"}, {"delay_seconds": 30}),
        ("aws_sqs_queue", {"fifo_queue": "false"}, {"fifo_queue": False}),
        ("aws_sqs_queue", {"kms_master_key_id": ""}, {}),
        ("aws_sqs_queue", {}, {"visibility_timeout_seconds": 30}),
        ("aws_eks_node_group", {"subnet_ids": ["b", "a"]}, {"subnet_ids": ["a", "b"]}),
        ("aws_eks_node_group", {"labels": {"gpu": True}}, {"labels": {"gpu": "true"}}),
        (
            "aws_eks_node_group",
            {"taint": [{"key": "a", "effect": "NO_SCHEDULE"}]},
            {"taint": [{"key": "a", "value": "", "effect": "NO_SCHEDULE"}]},
        ),
        (
            "aws_iam_policy",
            {"policy": '{"Statement": [{"Action": ["s3:GetObject"], "Effect": "Allow"}]}'},
            {"policy": '{"Statement":{"Effect":"Allow","Action":"s3:GetObject"}}'},
        ),
        ("aws_cloudwatch_metric_alarm", {"threshold": 1}, {"threshold": 1.0}),
    ],
)
def test_two_spellings_of_one_value_are_no_change(
    kind: str, declared: dict[str, Any], live: dict[str, Any]
) -> None:
    assert changed(kind, declared, live) == []


def test_a_change_is_found_in_a_nested_block_and_names_its_place() -> None:
    declared = {"scaling_config": [{"min_size": 0, "max_size": 4}]}
    live = {"scaling_config": [{"min_size": 1, "max_size": 4}]}
    assert changed("aws_eks_node_group", declared, live) == [("scaling_config.0.min_size", 0, 1)]


def test_what_is_given_to_others_is_left_to_them() -> None:
    declared = {"version": "1.33", "lifecycle": {"ignore_changes": ["version"]}}
    assert changed("aws_eks_cluster", declared, {"version": "1.34"}) == []
    assert changed("aws_eks_node_group", {"scaling_config": [{"desired_size": 0}]}, {}) == []


def test_what_is_known_after_apply_or_could_not_be_read_is_no_change() -> None:
    unknown = Unknown("known after apply")
    assert changed("aws_sqs_queue", {"delay_seconds": unknown}, {"delay_seconds": 1}) == []
    assert changed("aws_sqs_queue", {"delay_seconds": 1}, {"delay_seconds": unknown}) == []


def test_a_buckets_own_flags_are_compared_and_not_those_of_the_account() -> None:
    live = {"block_public_acls": True, "live": {"own": {"block_public_acls": False}}}
    assert changed("aws_s3_bucket_public_access_block", {"block_public_acls": False}, live) == []


def test_a_reference_to_another_blocks_name_is_followed() -> None:
    bucket = block("aws_s3_bucket", "aws_s3_bucket.scans", bucket="scans")
    reference = TfReference("aws_s3_bucket.scans", "id", "known after apply")
    versioning = block("aws_s3_bucket_versioning", "aws_s3_bucket_versioning.scans", bucket=reference)
    world = World(Target("infra", "terraform", ".", [bucket, versioning]))
    assert names_of(versioning, lambda near, value: resolved(world, near, value)) == ("scans",)


def test_a_name_that_is_made_later_is_not_looked_for() -> None:
    assert isinstance(names_of(block("aws_sqs_queue", name_prefix="jobs-"), lambda _, value: value), Unknown)


def test_missing_is_said_only_where_every_account_was_read() -> None:
    here, shut = account(), account(name="aws:2", unread=Unknown("AWS refused sqs:ListQueues"))
    assert Accounts([here]).match("aws_sqs_queue", ("jobs",)) is None
    found = Accounts([here, shut]).match("aws_sqs_queue", ("jobs",))
    assert isinstance(found, Unknown)
    assert found.reason == "AWS refused sqs:ListQueues"


def test_one_name_in_two_regions_is_not_decided() -> None:
    one, two = (account(block("aws_sqs_queue"), name=name) for name in ("aws:1", "aws:2"))
    one.resources[0].body["name"] = two.resources[0].body["name"] = "jobs"
    assert isinstance(Accounts([one, two]).match("aws_sqs_queue", ("jobs",)), Unknown)


def test_a_root_of_which_nothing_is_there_belongs_elsewhere() -> None:
    here = Accounts([account(block("aws_sqs_queue"))])
    here.targets[0].resources[0].body["name"] = "jobs"
    here = Accounts(here.targets)
    prod = Target("prod", "terraform", "prod", [block("aws_sqs_queue") for _ in range(3)])
    for number, each in enumerate(prod.resources):
        each.body["name"] = f"prod-{number}"
    dev = Target("dev", "terraform", "dev", [block("aws_sqs_queue"), block("aws_sqs_queue")])
    dev.resources[0].body["name"], dev.resources[1].body["name"] = "jobs", "gone"
    assert not here.hold(prod, lambda _, value: value)
    assert here.hold(dev, lambda _, value: value)


def test_what_is_off_and_not_shown_is_the_same() -> None:
    assert changed("aws_sqs_queue", {"fifo_queue": False}, {}) == []
    assert changed("aws_sqs_queue", {"fifo_queue": True}, {}) == [("fifo_queue", True, None)]
