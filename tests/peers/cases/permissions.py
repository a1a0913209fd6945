"""IAM policies in Terraform, as data source and as JSON in a resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

ACTIONS: tuple[list[str], ...] = (
    ["*"],
    ["*:*"],
    ["iam:*"],
    ["s3:*"],
    ["s3:GetObject"],
    ["s3:PutObject", "s3:DeleteObject"],
    ["s3:ListAllMyBuckets"],
    ["ec2:DescribeInstances"],
    ["ec2:RunInstances", "iam:PassRole"],
    ["secretsmanager:GetSecretValue"],
    ["ssm:GetParameter", "ssm:GetParameters"],
    ["sqs:SendMessage", "sqs:ReceiveMessage"],
    ["iam:AttachRolePolicy"],
    ["iam:CreateAccessKey"],
    ["iam:PutRolePolicy", "iam:GetRole"],
    ["iam:CreatePolicyVersion"],
    ["lambda:UpdateFunctionCode"],
    ["sts:AssumeRole"],
    ["kms:Decrypt"],
    ["s3:Get*"],
)
RESOURCES: tuple[list[str], ...] = (
    ["*"],
    ["arn:aws:s3:::bucket/*"],
    ["arn:aws:iam::111122223333:role/case"],
    ["arn:aws:s3:::bucket/*", "*"],
)
CONDITION = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
SPARSE = 3
"""Conditions and denials are asked of one combination in so many."""


def roots() -> Iterator[str]:
    """One root each."""
    for number, (actions, resources) in enumerate(product(ACTIONS, RESOURCES)):
        for form in (_as_data, _as_json):
            yield form("Allow", actions, resources, conditional=False)
            if number % SPARSE == 0:
                yield form("Allow", actions, resources, conditional=True)
            if number % SPARSE == 1:
                yield form("Deny", actions, resources, conditional=False)
    for arn in ("AdministratorAccess", "IAMFullAccess", "ReadOnlyAccess", "PowerUserAccess"):
        yield f"""\
resource "aws_iam_role_policy_attachment" "this" {{
  role       = "case"
  policy_arn = "arn:aws:iam::aws:policy/{arn}"
}}
"""


def _as_data(effect: str, actions: list[str], resources: list[str], *, conditional: bool) -> str:
    condition = """
    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = ["us-east-1"]
    }"""
    return f"""\
data "aws_iam_policy_document" "this" {{
  statement {{
    effect    = "{effect}"
    actions   = {json.dumps(actions)}
    resources = {json.dumps(resources)}{condition if conditional else ""}
  }}
}}
"""


def _as_json(effect: str, actions: list[str], resources: list[str], *, conditional: bool) -> str:
    statement: dict[str, Any] = {"Effect": effect, "Action": actions, "Resource": resources}
    if conditional:
        statement["Condition"] = CONDITION
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
    return f'resource "aws_iam_policy" "this" {{\n  name   = "case"\n  policy = jsonencode({document})\n}}\n'
