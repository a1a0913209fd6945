"""Whatever the bytes are: no exception, no run away, and every unknown says why."""

from __future__ import annotations

import json
import random

import pytest

from auditor.terraform import Limits, find_roots, load_plan, load_root, policy_document, variable_sets
from auditor.unknown import Unknown

SEEDS = {
    "main.tf": """terraform {
  required_providers { aws = { source = "hashicorp/aws", version = "~> 5.0" } }
  backend "s3" { bucket = "state" }
}
provider "aws" {
  region = var.region
  dynamic "endpoints" {
    for_each = var.endpoint == "" ? [] : [var.endpoint]
    content { s3 = endpoints.value }
  }
}
variable "region" { default = "eu-north-1" }
variable "endpoint" {
  type    = string
  default = ""
}
variable "groups" {
  type    = map(object({ min = optional(number, 0), labels = optional(map(string), {}) }))
  default = { gpu = {}, cpu = { min = 1 } }
}
data "aws_caller_identity" "this" {}
data "aws_availability_zones" "this" {}
locals {
  azs    = slice(data.aws_availability_zones.this.names, 0, 2)
  issuer = replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")
  text   = <<-EOT
    %{ for k, v in var.groups ~}
    ${k} = ${v.min}
    %{ endfor ~}
  EOT
}
module "net" {
  source   = "./net"
  for_each = toset(["a", "b"])
  cidr     = cidrsubnet("10.0.0.0/8", 8, length(each.key))
}
resource "aws_eks_cluster" "this" {
  name = "c-${join("-", keys(var.groups))}"
  vpc_config { subnet_ids = [for m in module.net : m.id] }
}
resource "aws_eks_node_group" "g" {
  for_each     = var.groups
  cluster_name = aws_eks_cluster.this.name
  labels       = merge(each.value.labels, { "x/${each.key}" = "true" })
  scaling_config {
    min_size = each.value.min
    max_size = max(each.value.min, 3) % 7
  }
  lifecycle { ignore_changes = [scaling_config[0].desired_size] }
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:ns:sa"]
    }
  }
}
resource "aws_iam_role" "r" {
  count              = length(local.azs)
  assume_role_policy = data.aws_iam_policy_document.trust.json
  inline             = jsonencode({ a = [aws_eks_cluster.this.arn, null, 1.5e3], b = try(var.none.x, "d") })
}
""",
    "net/main.tf": """variable "cidr" {}
resource "aws_vpc" "v" {
  cidr_block = var.cidr
  tags       = { path = path.module, t = templatefile("${path.module}/t.tpl", { x = ["1"] }) }
}
output "id" { value = aws_vpc.v.id }
""",
    "extra.tf.json": """{"resource": {"a_b": {"c": {
  "x": "${var.region}-${upper(\\"y\\")}",
  "taint": [{"k": 1}]
}}}}""",
    "net/t.tpl": "%{ for i in x ~}\n- ${i}\n%{ endfor ~}\n",
    "terraform.tfvars": 'region = "us-east-1"\ngroups = { gpu = { min = "2" } }\n',
}
PIECES = [
    *"{}[]()\"'$%\\<>=,.:?!*/+-#~\n\r\t\0é😀\ufeff",
    *(
        "${",
        "%{",
        "<<-EOT\n",
        "EOT",
        "=>",
        "...",
        "[*]",
        "/*",
        "*/",
        "//",
        "\\u",
        "%{ for x in y }",
        "%{ endif }",
    ),
    *(
        "for",
        "in",
        "if",
        "null",
        "true",
        "dynamic",
        "content",
        "each.value",
        "var.groups",
        "local.text",
        "module.net",
    ),
    *("count = 1e9", "for_each = toset([1])", "range(1024)", "1e400", "0x", "-", "..", "./", "../../../etc"),
    *('resource "a" "b" {', "locals {", "a = a", 'regex("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")'),
    *('jsondecode("{")', 'format("%999999999d", 1)', "setproduct(range(999), range(999), range(999))"),
]


def mutate(rng: random.Random, text: str) -> str:
    """A few random edits: cut, double, swap, insert something that means something."""
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice((1, 1, 2, 5, 20, 200)))
        other = rng.randrange(len(text) + 1)
        edit = rng.randrange(5)
        if edit == 0:
            text = text[:at] + text[end:]
        elif edit == 1:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif edit == 2:
            text = text[:end] + text[at:end] * rng.choice((1, 3, 30)) + text[end:]
        elif edit == 3:
            text = text[:other] + text[at:end] + text[other:]
        else:
            text = text[:at] + rng.choice(PIECES) + text[end:]
    return text


def encode(rng: random.Random, text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.05:
        at = rng.randrange(len(data) + 1)
        data = data[:at] + bytes([rng.randrange(256)]) + data[at:]
    return data


def check(value: object) -> None:
    """Public data is plain, and unknowns say why."""
    if isinstance(value, Unknown):
        assert value.reason
    elif isinstance(value, dict):
        for key, item in value.items():
            assert type(key) is str
            check(item)
    elif isinstance(value, list):
        assert type(value) is list
        for item in value:
            check(item)
    else:
        assert value is None or type(value) in {str, bool, int, float}


def run(seed: int) -> None:
    rng = random.Random(seed)
    chosen = rng.choice(sorted(SEEDS))
    files = {path: encode(rng, mutate(rng, text) if path == chosen else text) for path, text in SEEDS.items()}
    read = files.__getitem__
    limits = Limits(work=100_000, string=1 << 16, instances=50)
    for directory in find_roots(files, read):
        for _, tfvars in variable_sets(directory, files):
            root = load_root(directory, files, read, tfvars=tfvars, limits=limits)
            for resource in root.resources:
                check(resource.body)
                for name, value in resource.body.items():
                    file, span = resource.locate((name, 0, "x"))
                    assert file in files
                    assert span.start <= span.end <= len(files[file]) + 3
                    policy_document(value)
            check([output.value for output in root.outputs.values()])
            check([variable.value for variable in root.variables.values()])
            check(root.locals)
            assert all(problem.file in files and problem.what for problem in root.problems)


@pytest.mark.parametrize("block", range(6))
def test_mutated_roots_never_raise(block: int) -> None:
    for seed in range(block * 50, (block + 1) * 50):
        run(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(30))
def test_many_mutated_roots_never_raise(block: int) -> None:
    for seed in range(1000 + block * 100, 1000 + (block + 1) * 100):
        run(seed)


def test_mutated_plans_never_raise() -> None:
    expressions = {"z": {"references": ["c.d.e"]}}
    plan = {
        "planned_values": {
            "root_module": {"resources": [{"address": "a.b", "values": {"x": [{"y": None}]}}]}
        },
        "resource_changes": [
            {"address": "a.b", "change": {"after_unknown": {"x": [{"y": True}], "z": True}}}
        ],
        "configuration": {"root_module": {"resources": [{"address": "a.b", "expressions": expressions}]}},
    }
    text = json.dumps(plan)
    for seed in range(300):
        rng = random.Random(seed)
        root = load_plan("p.json", encode(rng, mutate(rng, text)), None)
        for resource in root.resources:
            check(resource.body)


def test_same_input_gives_the_same_output() -> None:
    files = {path: text.encode() for path, text in SEEDS.items()}
    first, second = (
        load_root("", order, files.__getitem__) for order in (list(files), list(reversed(files)))
    )
    assert repr(first) == repr(second)
