"""How many calls an account takes: one for each thing and setting that AWS tells in no list, and none twice."""

from __future__ import annotations

from collections import Counter

import pytest
from moto import mock_aws

from tests.unit.aws_many import counted, make_many

LISTS = (
    "Describe",
    "List",
    "GetAccountAuthorizationDetails",
    "GetCredentialReport",
    "GenerateCredentialReport",
)
FEW, MANY = 2, 6


def calls(each: int) -> Counter[str]:
    with mock_aws():
        make_many(each)
        reading, found = counted()
    assert len([one for one in reading.targets[0].resources if one.kind == "aws_iam_role"]) >= each
    return found


@pytest.fixture(scope="module")
def grown() -> dict[str, float]:
    """Operation → calls more for one more of everything."""
    few, many = calls(FEW), calls(MANY)
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in many}


def test_no_call_is_made_twice_for_one_thing(grown: dict[str, float]) -> None:
    assert {name: rate for name, rate in grown.items() if rate not in (0, 1)} == {}


def test_lists_do_not_grow_with_what_they_list(grown: dict[str, float]) -> None:
    of_one_thing = {
        "ec2.DescribeLaunchTemplateVersions",
        "ecr.ListTagsForResource",
        "eks.DescribeNodegroup",
        "iam.ListAccessKeys",
        "kms.DescribeKey",
        "autoscaling.DescribeScalingActivities",
        "sqs.ListQueueTags",
    }
    lists = {name for name in grown if name.partition(".")[2].startswith(LISTS)} - of_one_thing
    assert len(lists) > 15
    assert {name: grown[name] for name in lists if grown[name]} == {}


def test_a_bucket_takes_a_call_for_each_of_its_settings_and_no_more(grown: dict[str, float]) -> None:
    assert sum(rate for name, rate in grown.items() if name.startswith("s3.")) <= 10
    assert sum(grown.values()) <= 25
