"""A history in S3: what the platform's role may do is enough, and a refusal names what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from tests.unit.aws_accounts import REGION
from tests.unit.command import Outcome, run

BUCKET, WHERE = "reports-of-audits", "s3://reports-of-audits/audits"
OBJECTS = f"arn:aws:s3:::{BUCKET}/audits/*"
RIGHTS = {"s3:GetObject": OBJECTS, "s3:PutObject": OBJECTS, "s3:ListBucket": f"arn:aws:s3:::{BUCKET}"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n"
    )
    return tmp_path


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket in a mocked account, for whoever has the keys of the environment."""
    for name, value in {"ACCESS_KEY_ID": "testing", "SECRET_ACCESS_KEY": "testing", "REGION": REGION}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield client


def printed() -> list[dict[str, Any]]:
    """What ``auditor iam`` adds for a history, a statement for each action."""
    plain, keeping = (
        json.loads(run("iam", "--policy", "SEC-001", *more).out)["Statement"]
        for more in ((), ("--history", WHERE))
    )
    added = [each for each in keeping if each not in plain]
    return [{**each, "Action": action} for each in added for action in each["Action"]]


def allowed(monkeypatch: pytest.MonkeyPatch, *, without: str = "") -> None:
    """From here on the environment's keys are those of a user who may do just this."""
    iam = boto3.client("iam", region_name=REGION)
    iam.create_user(UserName="auditor")
    statements = [each for each in printed() if each["Action"] != without]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="auditor", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="auditor")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def check(tree: Path) -> Outcome:
    return run("check", tree, "--history", WHERE, "--format", "json", "--fail-on", "never")


def keys(client: Any) -> list[str]:
    return [each["Key"] for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", ())]


def test_runs_are_kept_below_the_prefix_and_read_back(tree: Path, bucket: Any) -> None:
    bucket.put_object(Bucket=BUCKET, Key="audits/nested/other.json", Body=b"{}")
    bucket.put_object(Bucket=BUCKET, Key="audits-of-others/x.json", Body=b"{}")
    assert [check(tree).code for _ in range(2)] == [0, 0]
    own = [key for key in keys(bucket) if key.startswith("audits/2")]
    assert {key.rpartition(".")[2] for key in own} == {"html", "json"}
    page = bucket.head_object(Bucket=BUCKET, Key=next(key for key in own if key.endswith("html")))
    assert page["ContentType"] == "text/html; charset=utf-8"
    found = json.loads(run("history", WHERE, "--format", "json").out)["histories"]
    assert len(found) == 1 and "left_out" not in found[0]


def test_more_runs_than_a_page_of_the_list_holds(tree: Path, bucket: Any) -> None:
    for at in range(1100):
        bucket.put_object(Bucket=BUCKET, Key=f"audits/{at:04}.json", Body=b"{}")
    (found,) = json.loads(run("history", WHERE, "--last", "3", "--format", "json").out)["histories"]
    assert [each["file"][-9:] for each in found["left_out"]] == ["1097.json", "1098.json", "1099.json"]


def test_three_rights_are_enough(tree: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed(monkeypatch)
    enforced = set_initial_no_auth_action_count(0)(lambda: [check(tree) for _ in range(2)])
    first, second = enforced()
    assert (first.code, second.code, second.err) == (0, 0, "")
    assert len(json.loads(second.out)["history"]["runs"]) >= 1


@pytest.mark.parametrize("missing", RIGHTS)
def test_a_refusal_names_the_missing_right(
    tree: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    check(tree)
    allowed(monkeypatch, without=missing)
    outcome: Outcome = set_initial_no_auth_action_count(0)(lambda: check(tree))()
    statement = f'{{"Effect": "Allow", "Action": "{missing}", "Resource": "{RIGHTS[missing]}"}}'
    report = json.loads(outcome.out)
    if missing == "s3:PutObject":
        assert outcome.code == 2 and statement in outcome.err
    else:  # it is kept all the same, and only the trend is missing
        assert outcome.code == 0 and any(statement in each["repair"] for each in report["warnings"])


def test_a_bucket_that_does_not_exist_is_said(tree: Path, bucket: Any) -> None:
    outcome = run(
        "check", tree, "--history", "s3://no-such-bucket-here/x", "--format", "json", "--fail-on", "never"
    )
    assert outcome.code == 2 and "NoSuchBucket" in outcome.err and outcome.out.startswith("{")
    assert run("history", "s3://no-such-bucket-here/x").code == 2


def test_only_a_history_in_s3_needs_rights_of_iam(tmp_path: Path) -> None:
    assert run("iam", "--history", tmp_path).code == 2
