"""Plans and states."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.terraform import TfReference, TfRoot, identity, load_plan, load_root, references
from auditor.unknown import Unknown

CODE = """resource "aws_sqs_queue" "q" {
  name = "jobs"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.d.arn })
  rule { key = "b" }
  rule { key = "a", arn = aws_sqs_queue.d.arn }
}
resource "aws_sqs_queue" "d" {}
""".replace('"a", arn', '"a"\n    arn')
PLAN: dict[str, object] = {
    "format_version": "1.2",
    "planned_values": {
        "outputs": {"o": {"sensitive": True, "value": "s3cret"}, "p": {"sensitive": False, "value": 1.0}},
        "root_module": {
            "resources": [
                {
                    "address": "aws_sqs_queue.q",
                    "mode": "managed",
                    "type": "aws_sqs_queue",
                    "name": "q",
                    "values": {
                        "name": "jobs",
                        "delay": 5.0,
                        "password": "x",
                        "rule": [{"key": "a"}, {"key": "b"}],
                    },
                    "sensitive_values": {"password": True},
                }
            ],
            "child_modules": [
                {
                    "address": 'module.m["k"]',
                    "resources": [
                        {
                            "address": 'module.m["k"].aws_vpc.v[0]',
                            "mode": "managed",
                            "type": "aws_vpc",
                            "name": "v",
                            "values": {},
                        }
                    ],
                }
            ],
        },
    },
    "resource_changes": [
        {
            "address": "aws_sqs_queue.q",
            "change": {
                "after_unknown": {
                    "arn": True,
                    "redrive_policy": True,
                    "rule": [{"arn": True}, {"arn": True}],
                    "tags": {},
                }
            },
        },
        {"address": 'module.m["k"].aws_vpc.v[0]', "change": {"after_unknown": {"dhcp": True, "id": True}}},
    ],
    "configuration": {
        "provider_config": {
            "aws": {
                "name": "aws",
                "full_name": "registry.terraform.io/hashicorp/aws",
                "version_constraint": "~> 5.0",
                "expressions": {"region": {"constant_value": "eu-north-1"}},
            }
        },
        "root_module": {
            "resources": [],
            "module_calls": {
                "m": {
                    "module": {
                        "resources": [
                            {
                                "address": "aws_vpc.v",
                                "expressions": {"dhcp": {"references": ["aws_x.y.arn", "aws_x.y", "var.z"]}},
                            }
                        ]
                    }
                }
            },
        },
    },
    "variables": {"name": {"value": "n"}},
}


def code() -> TfRoot:
    return load_root("", ["main.tf"], lambda path: CODE.encode())


def read(plan: object = PLAN, root: TfRoot | None = None) -> TfRoot:
    return load_plan("plan.json", json.dumps(plan).encode(), root)


def test_values_are_plain_and_numbers_whole() -> None:
    root = read()
    queue = root.resource("aws_sqs_queue.q")
    assert queue is not None
    assert (queue.body["name"], queue.body["delay"]) == ("jobs", 5)
    assert (queue.file, queue.line, queue.precision) == ("", 0, "file")
    assert root.label == "plan:plan.json"
    assert root.outputs["p"].value == 1


def test_sensitive_values_are_masked_everywhere() -> None:
    root = read()
    queue = root.resource("aws_sqs_queue.q")
    assert queue is not None
    assert isinstance(queue.body["password"], Unknown)
    assert isinstance(root.outputs["o"].value, Unknown)
    assert "s3cret" not in repr(root)


def test_what_is_known_after_apply_is_a_reference_to_itself() -> None:
    queue = read().resource("aws_sqs_queue.q")
    assert queue is not None
    arn = queue.body["arn"]
    assert isinstance(arn, TfReference)
    assert arn.identity == "aws_sqs_queue.q.arn"


def test_references_of_the_configuration_are_kept_without_claiming_equality() -> None:
    vpc = read().resource('module.m["k"].aws_vpc.v[0]')
    assert vpc is not None
    assert vpc.module == 'module.m["k"]'
    assert [each.identity for each in references(vpc.body["dhcp"])] == ['module.m["k"].aws_x.y.arn']
    assert identity(vpc.body["dhcp"]) is None


def test_the_code_gives_places_and_identities() -> None:
    queue = read(root=code()).resource("aws_sqs_queue.q")
    assert queue is not None
    assert (queue.file, queue.line, queue.precision) == ("main.tf", 1, "exact")
    assert queue.locate(("name",))[1].line == 2
    assert [each.identity for each in references(queue.body["redrive_policy"])] == ["aws_sqs_queue.d.arn"]


def test_elements_of_sets_are_matched_by_value_not_by_position() -> None:
    queue = read(root=code()).resource("aws_sqs_queue.q")
    assert queue is not None
    rules = queue.body["rule"]
    assert isinstance(rules, list)
    assert identity(rules[0]["arn"]) == "${aws_sqs_queue.d.arn}"
    assert identity(rules[1]["arn"]) == "${aws_sqs_queue.q.rule[1].arn}"


def test_providers_and_variables_come_from_the_plan() -> None:
    root = read()
    [provider] = root.providers
    assert (provider.name, provider.source, provider.version) == ("aws", "hashicorp/aws", "~> 5.0")
    assert provider.body == {"region": "eu-north-1"}
    assert root.variables["name"].value == "n"


def test_state_is_read_like_a_plan() -> None:
    state = {"format_version": "1.0", "values": PLAN["planned_values"]}
    assert [each.address for each in read(state).resources] == [
        "aws_sqs_queue.q",
        'module.m["k"].aws_vpc.v[0]',
    ]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"{", "not JSON: Expecting property name enclosed in double quotes"),
        (b"\xff", "not JSON in UTF-8"),
        (b"[]", "JSON is not an object"),
        (b'{"a": 1}', "JSON has no planned_values and no values"),
        (b"[" * 100_000, "not JSON in UTF-8"),
        (
            b'{"errored": true, "values": {"root_module": {}}}',
            "the plan ended with an error and is not whole",
        ),
    ],
)
def test_what_is_no_plan_is_a_problem(data: bytes, what: str) -> None:
    assert [each.what for each in load_plan("p.json", data, None).problems] == [what]


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], {}, [1], {"root_module": 1}, {"root_module": {"resources": [1]}}]
)
def test_odd_shapes_never_raise(value: object) -> None:
    for key in PLAN:
        read({**PLAN, key: value})


MAIN = """terraform { required_version = ">= 1.4" }
variable "sizes" {
  type    = map(object({ min = optional(number, 0), labels = optional(map(string), {}) }))
  default = { gpu = {}, cpu = { min = "1", labels = { a = "b" } } }
}
locals {
  text = <<-EOT
    first
      ${join(",", keys(var.sizes))}
    %{ for k, v in var.sizes ~}
    - ${k}: ${v.min}
    %{ endfor ~}

    %{ if true ~}
      yes
    %{ else ~}
      no
    %{ endif ~}
    last ~ $${x} %%{y}
  EOT
  raw = <<EOT
  a ${~ "b" ~}
  c
%{ for n in [1, 2] }${n}%{ endfor }
EOT
  list  = [for k, v in var.sizes : { name = k, min = v.min } if v.min < 1 || k == "cpu"]
  chain = false ? 1 : true ? 2 : 3
  keyed = {
    a = local.chain
    ("b") = 2
    "c${1}" : 3
  }
}
resource "terraform_data" "many" {
  for_each = var.sizes
  input    = { name = each.key, value = each.value, text = upper(each.key) }
}
resource "terraform_data" "counted" {
  count = length(var.sizes)
  input = count.index * 10
}
resource "terraform_data" "later" {
  input = { id = terraform_data.many["gpu"].id, known = terraform_data.counted[1].input }
}
module "child" {
  source   = "./child"
  for_each = toset(["x", "y"])
  name     = each.value
  nested   = { a = [1, "two"], b = null }
}
output "text" { value = local.text }
output "raw" { value = local.raw }
output "list" { value = local.list }
output "keyed" { value = local.keyed }
output "child" { value = { for k, m in module.child : k => m.out } }
output "file" { value = templatefile("${path.module}/t.tpl", { items = ["a", "b"], on = true }) }
"""
CHILD = """variable "name" { type = string }
variable "nested" {}
variable "other" {
  type     = list(string)
  default  = [1, true]
  nullable = false
}
resource "terraform_data" "it" {
  input = { name = "${var.name}-${path.module}", nested = var.nested, other = var.other }
}
output "out" { value = "${var.name}:${length(var.other)}" }
"""
TEMPLATE = """%{ for item in items ~}
  - ${item}
%{ endfor ~}
%{ if on }on%{ else }off%{ endif }
end
"""


def test_evaluation_agrees_with_a_real_plan(tmp_path: Path) -> None:
    files = {"main.tf": MAIN, "child/main.tf": CHILD, "t.tpl": TEMPLATE}
    plan = real_plan(files, tmp_path)
    static = load_root("", files, lambda path: files[path].encode())
    assert static.problems == []
    exact = load_plan("plan.json", plan, static)
    assert exact.problems == []
    ours = {each.address: each for each in static.resources if each.mode == "managed"}
    theirs = {each.address: each for each in exact.resources if each.mode == "managed"}
    assert sorted(ours) == sorted(theirs)
    for address, resource in ours.items():
        assert shown(resource.body["input"]) == shown(theirs[address].body["input"]), address
    assert sorted(exact.outputs) == sorted(static.outputs)
    for name, output in exact.outputs.items():
        assert static.outputs[name].value == output.value, name


def shown(value: object) -> object:
    """Comparable: unknowns by their identity."""
    if isinstance(value, Unknown):
        return identity(value)
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return [shown(item) for item in value] if isinstance(value, list) else value


def real_plan(files: dict[str, str], directory: Path) -> bytes:
    """`terraform show -json` of a plan over Terraform's built-in provider, which needs no download."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.fail(
            "terraform is not installed: get 1.11 or later from https://developer.hashicorp.com/terraform"
        )
    for path, text in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    config = directory / "cli.tfrc"
    config.write_text("")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1"}
    for command in (
        ["init", "-input=false"],
        ["plan", "-input=false", "-out=plan.bin"],
        ["show", "-json", "plan.bin"],
    ):
        done = subprocess.run(
            [terraform, *command],
            cwd=directory,
            env=environment,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode()
    return done.stdout
