"""Terraform roots as targets: names, kinds, places, what is counted and what is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.model import Resource, Target
from auditor.sources.git import GitSource
from auditor.sources.interface import Inventory
from auditor.sources.tree import Tree

MAIN = """terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
  backend "s3" {
    bucket = "state"
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "size" {
  default = 1
}

# auditor: allow ZRO-001 until=2027-01-31 reason="warm pool"
resource "aws_eks_node_group" "gpu" {
  scaling_config {
    min_size = var.size # auditor: allow this
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}

data "aws_ami" "gpu" {
  owners = ["amazon"]
}

module "eks" {
  source = "terraform-aws-modules/eks/aws"
  tags   = null
}

output "name" {
  value     = "secret"
  sensitive = true
}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    root = tmp_path / "infra"
    root.mkdir()
    (root / "main.tf").write_text(MAIN)
    (root / "prod.tfvars").write_text("size = 3\n")
    (tmp_path / "app.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    return GitSource(Tree(tmp_path)).collect()


def resources(target: Target) -> dict[str, Resource]:
    return {resource.key: resource for resource in target.resources}


def test_each_set_of_variables_is_a_target(inventory: Inventory) -> None:
    assert [(target.name, target.kind, target.path) for target in inventory.targets] == [
        ("infra", "terraform", "infra"),
        ("infra@prod.tfvars", "terraform", "infra"),
        ("loose", "loose", "."),
    ]
    sizes = [
        resources(target)["aws_eks_node_group.gpu"].body["scaling_config"][0]["min_size"]
        for target in inventory.targets[:2]
    ]
    assert sizes == [1, 3]


def test_blocks_are_resources_by_type_and_address(inventory: Inventory) -> None:
    found = [(each.api_version, each.kind, each.name) for each in inventory.targets[0].resources]
    assert found == [
        ("terraform", "root", "infra"),
        ("terraform", "aws_eks_node_group", "aws_eks_node_group.gpu"),
        ("terraform", "data.aws_ami", "data.aws_ami.gpu"),
        ("terraform", "module", "module.eks"),
    ]


def test_null_arguments_are_absent_and_lifecycle_is_kept(inventory: Inventory) -> None:
    found = resources(inventory.targets[0])
    assert "tags" not in found["module.eks"].body
    assert found["aws_eks_node_group.gpu"].body["lifecycle"] == {
        "ignore_changes": ["scaling_config[0].desired_size"]
    }


def test_the_root_shows_what_is_declared_for_all_of_it(inventory: Inventory) -> None:
    root = resources(inventory.targets[0])["infra"]
    assert root.body["required_version"] == ">= 1.10"
    assert root.body["lock_file"] is False
    assert root.body["backend"] == {"type": "s3", "bucket": "state"}
    assert root.body["providers"][0]["version"] == "~> 5.0"
    assert root.body["variables"]["region"]["has_default"] is True
    assert root.body["outputs"]["name"]["sensitive"] is True


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("backend", "bucket"), 10),
        (("providers", 0, "config", "region"), 15),
        (("variables", "size"), 23),
        (("outputs", "name"), 46),
    ],
)
def test_parts_of_the_root_have_lines(inventory: Inventory, path: tuple[str | int, ...], line: int) -> None:
    place = resources(inventory.targets[0])["infra"].origin.locate(path)
    assert (place.file, place.span.line if place.span else 0, place.precision) == (
        "infra/main.tf",
        line,
        "exact",
    )


def test_an_argument_has_its_line_whoever_gives_the_value(inventory: Inventory) -> None:
    lines = []
    for target in inventory.targets[:2]:
        group = resources(target)["aws_eks_node_group.gpu"]
        place = group.origin.locate(("scaling_config", 0, "min_size"))
        assert place.span is not None
        lines.append((place.file, place.span.line))
    assert lines == [("infra/main.tf", 30), ("infra/main.tf", 30)]


def test_comments_on_the_line_and_above_are_found(inventory: Inventory) -> None:
    origin = resources(inventory.targets[0])["aws_eks_node_group.gpu"].origin
    assert origin.comment(origin.locate(())) == ('auditor: allow ZRO-001 until=2027-01-31 reason="warm pool"')
    assert origin.comment(origin.locate(("scaling_config", 0, "min_size"))) == "auditor: allow this"


def test_excerpts_show_the_lines_around(inventory: Inventory) -> None:
    origin = resources(inventory.targets[0])["aws_eks_node_group.gpu"].origin
    numbers = [number for number, _ in origin.excerpt(origin.locate(("scaling_config", 0, "min_size")))]
    assert numbers == [28, 29, 30, 31, 32]


def test_terraform_files_are_counted(inventory: Inventory) -> None:
    assert inventory.counts.terraform_files == 1


def test_a_broken_file_is_a_problem_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "broken.tf").write_text('resource "aws_sqs_queue" "a" {\n  name = "a\n}\n')
    (tmp_path / "good.tf").write_text('resource "aws_sqs_queue" "b" {\n  name = "b"\n}\n')
    inventory = GitSource(Tree(tmp_path)).collect()
    assert {problem.file for problem in inventory.problems} == {"broken.tf"}
    assert "aws_sqs_queue.b" in resources(inventory.targets[0])


def test_a_plan_is_a_target_with_the_lines_of_its_root(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_sqs_queue" "a" {\n  name = var.name\n}\n\nvariable "name" {}\n'
    )
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.10.0",
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_sqs_queue.a",
                        "mode": "managed",
                        "type": "aws_sqs_queue",
                        "name": "a",
                        "provider_name": "registry.terraform.io/hashicorp/aws",
                        "values": {"name": "scans"},
                    }
                ]
            }
        },
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    inventory = GitSource(Tree(tmp_path)).collect()
    assert inventory.problems == []
    target = next(target for target in inventory.targets if target.name == "plan.json")
    queue = resources(target)["aws_sqs_queue.a"]
    place = queue.origin.locate(("name",))
    assert queue.body["name"] == "scans"
    assert (place.file, place.span.line if place.span else 0) == ("main.tf", 2)


def test_without_terraform_its_evaluator_is_not_loaded(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "app.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    script = (
        "import sys; from pathlib import Path; from auditor.sources.git import GitSource; "
        "from auditor.sources.tree import Tree; GitSource(Tree(Path(sys.argv[1]))).collect(); "
        "print(any(name.startswith('auditor.terraform') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
