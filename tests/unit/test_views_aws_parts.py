"""Queues and buckets: one view each over everything that says something about them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.views.interface import Instance
from tests.unit.scenarios import Scenario


@pytest.fixture(scope="module")
def platform() -> Scenario:
    return Scenario("platform-parts")


def view(platform: Scenario, name: str, kind: str, resource: str) -> Instance:
    return platform.instance(name, kind, resource)[1]


def place(instance: Instance, *path: Any) -> str:
    """``file:line`` of the place that gives a view path, followed into the block that holds it."""
    resource, at = instance.other_end(path) or (instance.resource, instance.source_path(path))
    found = resource.origin.locate(at)
    return f"{found.file}:{found.span.line if found.span else 0}"


def test_a_queue_carries_what_other_blocks_set_on_it(platform: Scenario) -> None:
    queue = view(platform, "Queue", "aws_sqs_queue", "aws_sqs_queue.scans")
    value = queue.value
    assert (value["visibility_timeout"], value["retention"], value["sse"]) == (600, 345600, True)
    assert value["redrive"]["max_receive_count"] == 4
    assert value["dlq"] == {
        "found": True,
        "name": "scans-dead",
        "retention": 1209600,
        "address": "aws_sqs_queue.dead",
    }
    assert value["statements"][0]["principals"]["service"] == ["s3.amazonaws.com"]
    assert place(queue, "redrive", "max_receive_count") == "terraform/data.tf:10"
    assert place(queue, "visibility_timeout") == "terraform/data.tf:3"


def test_a_dead_letter_queue_knows_who_sends_to_it(platform: Scenario) -> None:
    value = view(platform, "Queue", "aws_sqs_queue", "aws_sqs_queue.dead").value
    assert (value["is_dlq"], value["sources"]) == (True, ["aws_sqs_queue.scans"])


def test_a_bucket_carries_what_other_blocks_set_on_it(platform: Scenario) -> None:
    bucket = view(platform, "Bucket", "aws_s3_bucket", "aws_s3_bucket.scans")
    value = bucket.value
    assert (value["versioning"], value["encryption"]["algorithm"]) == ("Enabled", "aws:kms")
    assert value["public_access_block"] == {
        "present": True,
        "block_public_acls": True,
        "block_public_policy": True,
        "ignore_public_acls": False,
        "restrict_public_buckets": False,
    }
    assert value["lifecycle"] == [
        {"id": "old", "enabled": True, "prefix": "incoming/", "expires_days": 30, "transitions": 0}
    ]
    assert [(each["kind"], each["prefix"]) for each in value["notifications"]] == [("queue", "incoming/")]
    assert place(bucket, "versioning") == "terraform/data.tf:37"
    assert place(bucket, "force_destroy") == "terraform/data.tf:34"


def test_a_bucket_alone_has_the_defaults_of_s3(platform: Scenario) -> None:
    value = view(platform, "Bucket", "aws_s3_bucket", "aws_s3_bucket.plain").value
    assert (value["versioning"], value["encryption"]["algorithm"], value["statements"]) == ("", "", [])
    assert value["public_access_block"]["block_public_acls"] is True
