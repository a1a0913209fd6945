"""``auditor iam`` and ``auditor check --aws``, against a mocked account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from tests.unit.aws_accounts import REGION, client, make_cluster, make_node_group
from tests.unit.command import run


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A mocked account that the environment's credentials lead to."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def check(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON report of a live audit."""
    found = run("check", "--aws", "--no-config", "--format", "json", *arguments)
    assert found.out, found.err
    return found.code, json.loads(found.out)


def test_the_policy_is_printed_for_the_chosen_policies_only() -> None:
    printed = json.loads(run("iam", "--no-config", "--policy", "TF-042", "--account", "111122223333").out)
    by_resource = {each["Resource"]: each["Action"] for each in printed["Statement"]}
    assert by_resource == {
        "*": ["sqs:ListQueues"],
        "arn:aws:sqs:*:111122223333:*": ["sqs:GetQueueAttributes", "sqs:ListQueueTags"],
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--account", "12"), "an account is 12 digits"), (("--assume", "auditor"), "give the ARN of a role")],
)
def test_what_cannot_be_narrowed_to_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    outcome = run("iam", "--no-config", *arguments)
    assert outcome.code == 2
    assert said in outcome.err


@pytest.mark.usefixtures("account")
def test_a_group_with_a_minimum_fails_the_gate_and_names_its_arn() -> None:
    make_cluster()
    make_node_group(minimum=1)
    code, report = check("--policy", "ZRO-001")
    (finding,) = [each for each in report["findings"] if each["status"] == "fail"]
    assert code == 1
    assert ":nodegroup/inference/gpu/" in json.dumps(finding)


@pytest.mark.usefixtures("account")
def test_what_moto_refuses_is_incomplete_and_never_a_pass() -> None:
    make_cluster()
    code, report = check("--policy", "IAM-013")
    assert code == 3
    assert {each["status"] for each in report["findings"]} == {"not-assessed"}
    assert "eks:ListAccessEntries" in json.dumps(report["problems"])


@pytest.mark.usefixtures("account")
def test_a_snapshot_of_an_account_gives_the_same_findings(tmp_path: Any) -> None:
    make_cluster()
    make_node_group(minimum=1)
    file = tmp_path / "account.json"
    _, read = check("--policy", "ZRO-001", "--save-snapshot", str(file))
    again = run("check", "--snapshot", str(file), "--no-config", "--format", "json", "--policy", "ZRO-001")
    assert json.loads(again.out)["findings"] == read["findings"]


@pytest.mark.usefixtures("account")
def test_the_default_pack_runs_over_a_whole_account_without_an_error() -> None:
    make_cluster()
    make_node_group()
    client("sqs").create_queue(QueueName="jobs")
    client("s3").create_bucket(Bucket="scans", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("iam").create_user(UserName="bob")
    client("iam").create_access_key(UserName="bob")
    code, report = check()
    assert code in (1, 3)
    assert not [each for each in report["findings"] if each["status"] == "error"]
    assert not [each for each in report["problems"] if "could not be shown" in each["what"]]


def test_flags_of_aws_want_aws() -> None:
    outcome = run("check", "--live", "--aws-region", REGION, "--no-config")
    assert outcome.code == 2
    assert "add --aws" in outcome.err


DRIFTED = """
resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 900
}

resource "aws_sqs_queue" "gone" {
  name = "gone"
}
"""


@pytest.mark.usefixtures("account")
def test_code_and_account_are_compared_at_the_line_of_the_code(tmp_path: Any) -> None:
    (tmp_path / "main.tf").write_text(DRIFTED)
    client("sqs").create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "30"})
    code, report = check("--git", str(tmp_path), "--policy", "DRF-020", "--policy", "DRF-021")
    found = {
        (each["policy"], each["location"]["line"], each["message"])
        for each in report["findings"]
        if each["status"] == "fail"
    }
    assert code == 1
    assert found == {
        ("DRF-020", 4, "visibility_timeout_seconds is 30 in the account, and 900 in Terraform"),
        ("DRF-021", 7, "gone is in no account and region that was read"),
    }
