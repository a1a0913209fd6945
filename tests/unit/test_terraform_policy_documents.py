"""IAM policy documents: rendered as the AWS provider does, and read back with unknown parts."""

from __future__ import annotations

import json

import pytest

from auditor.terraform import TfEncoded, TfRoot, TfTemplate, identity, load_root, policy_document, statements
from auditor.unknown import Unknown

# The outputs of a real plan with hashicorp/aws 5.100.0 over SOURCE.
SOURCE = """
data "aws_iam_policy_document" "src" {
  policy_id = "pid"
  statement {
    sid       = "A"
    actions   = ["s3:Get*", "s3:Put*", "s3:Abort", "s3:Get*"]
    resources = ["arn:aws:s3:::b/&{aws:username}/*", "arn:aws:s3:::a"]
    principals {
      type        = "AWS"
      identifiers = ["b", "a", "c"]
    }
    principals {
      type        = "Service"
      identifiers = ["x.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:x"
      values   = ["1", "0"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:y"
      values   = ["1"]
    }
    condition {
      test     = "Bool"
      variable = "aws:z"
      values   = [true]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:x"
      values   = ["2", "0"]
    }
  }
  statement {
    effect        = "Deny"
    not_actions   = ["b:x", "a:y"]
    not_resources = ["*"]
    not_principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
  statement {
    sid       = "Pub"
    actions   = ["*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
  statement {
    actions = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}
data "aws_iam_policy_document" "over" {
  source_policy_documents = [data.aws_iam_policy_document.src.json]
  override_policy_documents = [jsonencode({
    Version = "2008-10-17"
    Statement = [
      { Sid = "Pub", Effect = "Deny", Action = ["x:y"], Resource = "*" },
      {
        Effect    = "Allow"
        Action    = "n:n"
        Resource  = ["q", "r"]
        Condition = { StringLike = { "k" = ["a"] } }
      },
    ]
  })]
  version = "2012-10-17"
  statement {
    sid       = "A"
    actions   = ["only:this"]
    resources = ["*"]
  }
  statement {
    actions   = ["no:sid"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "empty" {}
data "aws_iam_policy_document" "old" {
  version = "2008-10-17"
  statement { actions = ["a:b"] }
}
"""
RENDERED = {
    "empty": '{\n  "Version": "2012-10-17"\n}',
    "old": """{
  "Version": "2008-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "a:b"
    }
  ]
}""",
    "src": """{
  "Version": "2012-10-17",
  "Id": "pid",
  "Statement": [
    {
      "Sid": "A",
      "Effect": "Allow",
      "Action": [
        "s3:Put*",
        "s3:Get*",
        "s3:Abort"
      ],
      "Resource": [
        "arn:aws:s3:::b/${aws:username}/*",
        "arn:aws:s3:::a"
      ],
      "Principal": {
        "AWS": [
          "c",
          "b",
          "a"
        ],
        "Service": "x.amazonaws.com"
      },
      "Condition": {
        "Bool": {
          "aws:z": "true"
        },
        "StringEquals": {
          "aws:x": [
            "1",
            "0",
            "2",
            "0"
          ],
          "aws:y": "1"
        }
      }
    },
    {
      "Effect": "Deny",
      "NotAction": [
        "b:x",
        "a:y"
      ],
      "NotResource": "*",
      "NotPrincipal": "*"
    },
    {
      "Sid": "Pub",
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*",
      "Principal": "*"
    },
    {
      "Effect": "Allow",
      "Action": "*",
      "Principal": {
        "AWS": "*"
      }
    }
  ]
}""",
    "over": """{
  "Version": "2012-10-17",
  "Id": "pid",
  "Statement": [
    {
      "Sid": "A",
      "Effect": "Allow",
      "Action": "only:this",
      "Resource": "*"
    },
    {
      "Effect": "Deny",
      "NotAction": [
        "b:x",
        "a:y"
      ],
      "NotResource": "*",
      "NotPrincipal": "*"
    },
    {
      "Sid": "Pub",
      "Effect": "Deny",
      "Action": [
        "x:y"
      ],
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": "*",
      "Principal": {
        "AWS": "*"
      }
    },
    {
      "Effect": "Allow",
      "Action": "no:sid",
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": "n:n",
      "Resource": [
        "q",
        "r"
      ],
      "Condition": {
        "StringLike": {
          "k": "a"
        }
      }
    }
  ]
}""",
}


def root_of(text: str) -> TfRoot:
    root = load_root("", ["a.tf"], lambda path: text.encode())
    assert root.problems == []
    return root


def document(text: str, name: str = "d") -> object:
    resource = root_of(text).resource(f"data.aws_iam_policy_document.{name}")
    assert resource is not None
    return resource.body["json"]


@pytest.mark.parametrize("name", sorted(RENDERED))
def test_document_is_rendered_as_the_provider_renders_it(name: str) -> None:
    assert document(SOURCE, name) == RENDERED[name]


TRUST = """
variable "issuer" {}
resource "aws_iam_openid_connect_provider" "p" {}
data "aws_iam_policy_document" "d" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.p.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.issuer}:sub"
      values   = ["system:serviceaccount:ns:sa"]
    }
  }
}
resource "aws_iam_role" "r" {
  assume_role_policy = data.aws_iam_policy_document.d.json
}
"""


def test_unknown_parts_stay_leaves_and_the_rest_can_be_judged() -> None:
    role = root_of(TRUST).resource("aws_iam_role.r")
    assert role is not None
    found = policy_document(role.body["assume_role_policy"])
    assert isinstance(found, dict)
    [statement] = statements(found)  # type: ignore[misc]
    assert isinstance(statement, dict)
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert identity(statement["Principal"]["Federated"]) == "${aws_iam_openid_connect_provider.p.arn}"
    assert statement["Condition"] == {"StringEquals": {"${var.issuer}:sub": "system:serviceaccount:ns:sa"}}


def test_dynamic_statements_over_unknown_are_one_unknown_statement() -> None:
    text = """
variable "s" {}
data "aws_iam_policy_document" "d" {
  dynamic "statement" {
    for_each = var.s
    content { actions = [statement.value] }
  }
}
"""
    value = document(text)
    assert isinstance(value, TfEncoded)
    [statement] = statements(policy_document(value))  # type: ignore[misc]
    assert isinstance(statement, Unknown)


def test_unknown_source_document_is_one_unknown_statement_among_known_ones() -> None:
    text = 'variable "s" {}\ndata "aws_iam_policy_document" "d" {\n  source_policy_documents = [var.s]\n'
    value = document(text + '  statement {\n    actions = ["a:b"]\n  }\n}\n')
    first, second = statements(policy_document(value))  # type: ignore[misc]
    assert isinstance(first, Unknown)
    assert second == {"Effect": "Allow", "Action": "a:b"}


def test_text_of_a_template_becomes_a_document() -> None:
    text = """
resource "aws_sqs_queue" "q" {}
resource "aws_iam_policy" "p" {
  policy = <<-EOT
    {"Version": "2012-10-17", "Statement": [{
      "Effect": "Allow", "Action": ${jsonencode(["sqs:*"])},
      "Resource": ["${aws_sqs_queue.q.arn}", "${aws_sqs_queue.q.arn}/x"],
      "Extra": ${jsonencode([aws_sqs_queue.q.id])}
    }]}
  EOT
}
"""
    resource = root_of(text).resource("aws_iam_policy.p")
    assert resource is not None
    value = resource.body["policy"]
    assert isinstance(value, TfTemplate)
    [statement] = statements(policy_document(value))  # type: ignore[misc]
    assert isinstance(statement, dict)
    assert statement["Action"] == ["sqs:*"]
    assert [identity(each) for each in statement["Resource"]] == [
        "${aws_sqs_queue.q.arn}",
        "${aws_sqs_queue.q.arn}/x",
    ]
    assert [identity(each) for each in statement["Extra"]] == ["${aws_sqs_queue.q.id}"]


@pytest.mark.parametrize("value", ["not json", "[1]", 5, None, ["x"], Unknown("u")])
def test_what_is_no_document_is_unknown(value: object) -> None:
    assert isinstance(policy_document(value), Unknown)


def test_a_single_statement_counts_as_a_list() -> None:
    assert statements(policy_document(json.dumps({"Statement": {"Effect": "Deny"}}))) == [{"Effect": "Deny"}]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-north-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_partition_follows_the_region(region: str, partition: str) -> None:
    text = f'provider "aws" {{\n  region = "{region}"\n}}\ndata "aws_partition" "p" {{}}\n'
    assert root_of(text + "locals {\n  p = data.aws_partition.p.partition\n}\n").locals["p"] == partition


@pytest.mark.parametrize(
    ("allowed", "account"),
    [
        ('["111122223333"]', "111122223333"),
        ("[var.account]", "444455556666"),
        ('["111122223333", "444455556666"]', None),
        ("[]", None),
        ("var.accounts", None),
        ("", None),
    ],
)
def test_the_caller_is_the_one_account_that_the_provider_accepts(allowed: str, account: str | None) -> None:
    argument = f"  allowed_account_ids = {allowed}\n" if allowed else ""
    text = f'provider "aws" {{\n{argument}}}\ndata "aws_caller_identity" "me" {{}}\n'
    text += 'variable "account" {\n  default = "444455556666"\n}\nvariable "accounts" {\n  type = list(string)\n}\n'
    found = root_of(text + "locals {\n  a = data.aws_caller_identity.me.account_id\n}\n").locals["a"]
    assert isinstance(found, Unknown) if account is None else found == account
