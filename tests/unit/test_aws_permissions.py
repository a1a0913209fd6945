"""``auditor iam``: enough to read everything, and nothing that could be left out. Proved by moto's IAM."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from auditor.sources.aws.calls import CALLS
from auditor.sources.aws.permissions import Scope, document
from auditor.sources.aws.services import SERVICES, Service
from auditor.sources.aws.session import Place
from auditor.sources.aws.source import read_place
from auditor.sources.live import Reading
from tests.unit.aws_accounts import NOW, REGION, TRUST_EC2, client

ACCOUNT = "123456789012"
ENFORCED = ("autoscaling", "cloudwatch", "ec2", "iam", "s3", "s3control", "sqs")
"""Services in which moto enforces IAM."""
KNOWN_RESOURCES = ("arn:aws:s3:", "arn:aws:sqs:")
"""Where moto checks actions on resources; elsewhere it asks for them on ``*``, unlike AWS."""
READS = [each for each in SERVICES if all(name.split(".")[0] in ENFORCED for name in each.calls)]


SPELLED = {
    "cloudwatch:DescribeAlarms": "monitoring:DescribeAlarms",
    "s3:GetAccountPublicAccessBlock": "s3:GetPublicAccessBlock",
    "s3:GetBucketPublicAccessBlock": "s3:ListBucket",
    "s3:GetEncryptionConfiguration": "s3:ListBucket",
}
"""Actions that moto takes for others than AWS does: from the operation's or the signer's name, or the HTTP request."""
TOLD_APART = sorted(
    {CALLS[name].action for each in READS for name in each.calls}
    - {action for action, spelled in SPELLED.items() if spelled == "s3:ListBucket"}
)
"""Actions that moto can refuse alone."""


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    """An account with one of each, in which IAM is enforced once it is set up."""
    with mock_aws():
        client("sqs").create_queue(QueueName="jobs")
        client("s3").create_bucket(
            Bucket="scans-of-patients", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        iam = client("iam")
        iam.create_role(RoleName="node", AssumeRolePolicyDocument=TRUST_EC2)
        iam.create_user(UserName="bob")
        iam.create_access_key(UserName="bob")
        iam.create_open_id_connect_provider(Url="https://oidc.example/id", ThumbprintList=[])
        client("ec2").create_launch_template(
            LaunchTemplateName="gpu-template", LaunchTemplateData={"InstanceType": "g5.xlarge"}
        )
        client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="gpu",
            MinSize=0,
            MaxSize=1,
            LaunchTemplate={"LaunchTemplateName": "gpu-template"},
            AvailabilityZones=[f"{REGION}a"],
        )
        yield


def auditor_with(policy: dict[str, Any], user: str) -> Place:
    """The account as a user with just this policy sees it."""
    for statement in policy["Statement"]:
        statement["Action"] = [SPELLED.get(action, action) for action in statement["Action"]]
        if not statement["Resource"].startswith(KNOWN_RESOURCES):
            statement["Resource"] = "*"
    iam = client("iam")
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="audit", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    return Place(session, ACCOUNT, REGION, workers=1)


def read_as(place: Place, services: list[Service]) -> Reading:
    """A reading with IAM enforced."""
    enforced = set_initial_no_auth_action_count(0)(read_place)
    found: Reading = enforced(place, services, NOW)
    return found


@pytest.mark.usefixtures("account")
def test_the_printed_policy_reads_everything() -> None:
    reading = read_as(auditor_with(document(READS, Scope()), "whole"), READS)
    assert not [problem.what for problem in reading.problems]
    kinds = {each.kind for each in reading.targets[0].resources}
    assert kinds >= {
        "aws_sqs_queue",
        "aws_s3_bucket",
        "aws_iam_role",
        "aws_iam_access_key",
        "aws_launch_template",
    }


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("action", TOLD_APART)
def test_without_one_action_just_that_one_is_named(action: str) -> None:
    asking = [each for each in READS if action in each.actions]
    policy = document(asking, Scope())
    for statement in policy["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != action] or ["none:None"]
    reading = read_as(auditor_with(policy, action.replace(":", "-")), asking)
    assert [problem.what.split()[2] for problem in reading.problems] == [action]
    assert f'"Action": "{action}"' in reading.problems[0].repair


def test_every_action_only_reads() -> None:
    verbs = ("Describe", "Get", "List", "View", "Generate")
    assert all(call.action.split(":")[1].startswith(verbs) for call in CALLS.values())
    never = ("GetObject", "ReceiveMessage", "GetSecretValue", "Decrypt", "GetLogEvents")
    assert not [call.action for call in CALLS.values() if call.action.endswith(never)]


def test_every_call_of_the_table_is_some_readers() -> None:
    used = {name for each in SERVICES for name in each.calls}
    assert used == set(CALLS)


def test_resources_are_narrowed_to_account_and_region() -> None:
    policy = document(
        SERVICES, Scope(account=ACCOUNT, region=REGION), ["arn:aws:iam::444455556666:role/auditor"]
    )
    by_action = {action: each["Resource"] for each in policy["Statement"] for action in each["Action"]}
    assert by_action["sqs:GetQueueAttributes"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:*"
    assert by_action["s3:GetBucketPolicy"] == "arn:aws:s3:::*"
    assert by_action["ec2:DescribeSubnets"] == "*"
    assert by_action["sts:AssumeRole"] == ["arn:aws:iam::444455556666:role/auditor"]
