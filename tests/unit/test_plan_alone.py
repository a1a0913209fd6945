"""A plan without its code: what it does not say is not assessed, and what it says is taken from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.command import run

CODE = """\
terraform {
  required_version = ">= 1.10"
  backend "s3" {
    bucket       = "states"
    key          = "platform"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { project = "cbct" }
  }
}

resource "aws_eks_node_group" "gpu" {
  cluster_name  = "main"
  node_role_arn = "arn:aws:iam::111122223333:role/node"
  subnet_ids    = ["subnet-a"]
  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = 4
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}
"""
NOT_IN_THE_PLAN = {
    "node-count-managed-twice",
    "terraform-state-local",
    "terraform-version-unconstrained",
    "provider-lock-file-missing",
}
TAGS = "resource-without-cost-tags"


def plan(tags: dict[str, str] | None = None) -> dict[str, Any]:
    """What ``terraform show -json`` says of CODE; ``tags`` are the provider's and the group's together."""
    group = {
        "cluster_name": "main",
        "scaling_config": [{"min_size": 0, "desired_size": 0, "max_size": 4}],
        "tags": None,
        **({} if tags is None else {"tags_all": tags}),
    }
    found = {"address": "aws_eks_node_group.gpu", "mode": "managed", "type": "aws_eks_node_group"}
    references = {"references": ["var.project"]}
    provider = {
        "name": "aws",
        "full_name": "registry.terraform.io/hashicorp/aws",
        "expressions": {"default_tags": [{"tags": references}], "region": {"constant_value": "us-east-1"}},
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [{**found, "name": "gpu", "values": group}]}},
        "configuration": {"provider_config": {"aws": provider}, "root_module": {}},
    }


def statuses(folder: Path) -> dict[str, str]:
    """Policy → its status on plan.json, of what is not passed."""
    report = folder / "report.json"
    run("check", folder, "--pack", "strict", "--no-cache", "--format", "json", "--output", report)
    told = json.loads(report.read_text())
    ids = {each["code"]: each["id"] for each in told["policies"]}
    return {
        ids[each["policy"]]: each["status"]
        for each in told["findings"]
        if any("plan.json" in target for target in each["targets"])
    }


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    (tmp_path / "plan.json").write_text(json.dumps(plan({"project": "cbct"})))
    return tmp_path


def test_what_a_plan_does_not_say_is_not_assessed(alone: Path) -> None:
    found = statuses(alone)
    assert {found.get(each) for each in NOT_IN_THE_PLAN} == {"not-assessed"}


def test_tags_are_those_that_the_plan_gives_the_resource(alone: Path) -> None:
    assert TAGS not in statuses(alone)
    (alone / "plan.json").write_text(json.dumps(plan({})))
    assert statuses(alone)[TAGS] == "fail"


def test_default_tags_that_are_an_expression_are_not_taken_for_none(alone: Path) -> None:
    (alone / "plan.json").write_text(json.dumps(plan()))
    assert statuses(alone)[TAGS] == "not-assessed"


def test_default_tags_that_the_plan_spells_out_count(alone: Path) -> None:
    spelled = plan()
    provider = spelled["configuration"]["provider_config"]["aws"]["expressions"]
    provider["default_tags"] = [{"tags": {"constant_value": {"project": "cbct"}}}]
    (alone / "plan.json").write_text(json.dumps(spelled))
    assert TAGS not in statuses(alone)


def test_the_code_beside_the_plan_says_the_rest(alone: Path) -> None:
    (alone / "main.tf").write_text(CODE)
    (alone / ".terraform.lock.hcl").write_text("")
    assert not {*NOT_IN_THE_PLAN, TAGS} & statuses(alone).keys()
    (alone / "main.tf").write_text(
        CODE.replace('backend "s3"', 'experiment "s3"').replace("ignore_changes", "x")
    )
    found = statuses(alone)
    assert found["terraform-state-local"] == found["node-count-managed-twice"] == "fail"
