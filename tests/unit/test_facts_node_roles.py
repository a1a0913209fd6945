"""What is attached to roles that nodes run under, where a plan leaves a part of it open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.command import run

TRUST = {
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    ]
}
WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"


def resource(kind: str, name: str, values: dict[str, Any], unknown: dict[str, bool]) -> dict[str, Any]:
    address = f"{kind}.{name}"
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}
    shared = {"address": address, "mode": "managed", "type": kind, "name": name}
    return {"shared": {**shared, "values": values}, "change": {**shared, "change": change}}


def plan_of(*resources: dict[str, Any]) -> str:
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "planned_values": {"root_module": {"resources": [each["shared"] for each in resources]}},
            "resource_changes": [each["change"] for each in resources],
        }
    )


@pytest.mark.parametrize(
    ("attached", "status"), [(WORKER, "not-assessed"), ("arn:aws:iam::aws:policy/AmazonS3FullAccess", "fail")]
)
def test_inline_policies_that_a_plan_leaves_open_are_no_finding(
    tmp_path: Path, attached: str, status: str
) -> None:
    role = resource(
        "aws_iam_role",
        "node",
        {"name": "node", "assume_role_policy": json.dumps(TRUST)},
        {"inline_policy": True},
    )
    attachments = [
        resource("aws_iam_role_policy_attachment", name, {"role": "node", "policy_arn": arn}, {"id": True})
        for name, arn in (("worker", WORKER), ("other", attached))
    ]
    (tmp_path / "plan.json").write_text(plan_of(role, *attachments))
    run(
        "check", tmp_path, "--policy", "node-role-with-extra-policies", "--format", "json",
        "--output", tmp_path / "out" / "report.json",
    )  # fmt: skip
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    judged = [
        each["status"] for each in [*told["findings"], *told.get("judged", [])] if each["policy"] == "IAM-009"
    ]
    assert status in judged
    assert ("fail" in judged) is (status == "fail")
