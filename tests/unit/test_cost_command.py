"""``auditor cost``: from Git alone, with its arithmetic, and never a guess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.command import run
from tests.unit.test_alternatives import APPLICATION, DEPLOYMENT, overlay
from tests.unit.test_money import GROUP, WORKLOAD

DECLARED = """\
region = "us-east-1"
[declare]
p95_seconds = 53.5
max_seconds = 90
cold_start_seconds = 150
vram_gib = 10
monthly_budget_usd = 100
"""
DISK = 20 * 0.08
"""EKS's own root volume of a node, USD a month."""
CLUSTER = """
resource "aws_eks_cluster" "main" {
  name     = "inference"
  role_arn = "arn:aws:iam::111122223333:role/cluster"
  vpc_config { subnet_ids = ["subnet-a", "subnet-b"] }
}

resource "aws_nat_gateway" "main" {
  count         = 2
  allocation_id = "eipalloc-0"
  subnet_id     = "subnet-a"
}

resource "aws_vpc_endpoint" "sqs" {
  vpc_id            = "vpc-0"
  service_name      = "com.amazonaws.us-east-1.sqs"
  vpc_endpoint_type = "Interface"
  subnet_ids        = ["subnet-a", "subnet-b"]
}

resource "aws_eks_node_group" "cpu" {
  cluster_name    = "inference"
  node_group_name = "cpu"
  node_role_arn   = "arn:aws:iam::111122223333:role/node"
  subnet_ids      = ["subnet-a"]
  instance_types  = ["t3.large"]
  disk_size       = 50
  scaling_config {
    min_size     = 1
    desired_size = 1
    max_size     = 2
  }
}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.tf").write_text(GROUP.format(region="us-east-1", type="g5.xlarge", least="0"))
    (tmp_path / "worker.yaml").write_text(WORKLOAD.format(replicas=0, annotations=""))
    (tmp_path / "auditor.toml").write_text(DECLARED)
    return tmp_path


def platform() -> Any:
    outcome = run("cost", ".", "--format", "json", "--no-cache")
    assert outcome.code == 0, outcome.err
    (found,) = json.loads(outcome.out)["platforms"]
    return found


def test_the_designs_scan_comes_out_to_the_tenth_of_a_cent(tree: Path) -> None:
    (workload,) = platform()["workloads"]
    assert workload["seconds"] == {"start": 150, "compute": 53.5, "cooldown": 300, "removal": 600}
    assert workload["alone_seconds"] == 1103.5
    assert (round(workload["alone_usd"], 3), round(workload["compute_usd"], 3)) == (0.308, 0.015)
    assert [round(each["usd"], 4) for each in workload["volumes"]] == [0.3084, 0.0894, 0.0179]


def test_waste_is_split_and_idle_is_what_is_billed_beyond_the_compute(tree: Path) -> None:
    for each in platform()["workloads"][0]["volumes"]:
        assert each["waste_idle"] == pytest.approx((each["seconds"] - 53.5) * 1.006 / 3600)
        assert each["waste_over_request"] == pytest.approx(53.5 * 1.006 / 3600 * (1 - 10 * 1024 / 22888))
        assert each["waste_slow"] == pytest.approx(0.05 * (90 - 53.5) * 1.006 / 3600)


def test_other_gpus_are_told_the_p95_to_reach_or_why_not(tree: Path) -> None:
    (tree / "auditor.toml").write_text(DECLARED.replace("vram_gib = 10", "vram_gib = 20"))
    rows = {each["instance_type"]: each for each in platform()["workloads"][0]["candidates"]}
    assert [*rows] == ["g4dn.xlarge", "g5.xlarge", "g6.xlarge", "g6e.xlarge"]
    assert rows["g4dn.xlarge"]["note"] == "holds less than the 20 GiB declared"
    assert rows["g5.xlarge"]["reach"][0] == pytest.approx(53.5)
    assert rows["g6e.xlarge"]["reach"][0] is None
    assert rows["g6e.xlarge"]["busy"] == pytest.approx(53.5 * 1.006 / 1.861)


def test_what_is_undeclared_is_said_and_no_number_needs_it(tree: Path) -> None:
    (tree / "auditor.toml").write_text("")
    found = platform()
    (workload,) = found["workloads"]
    assert workload["alone_usd"] is None and not workload["volumes"]
    said = " ".join(workload["undeclared"])
    for name in ("cold_start_seconds", "p95_seconds", "max_seconds", "vram_gib", "jobs_per_month"):
        assert f"{name} is not declared" in said
    assert found["expected"] is None and found["budget"] is None
    assert any("monthly_budget_usd is not declared" in each for each in found["undeclared"])


def test_expected_is_the_floor_and_the_declared_scans_as_billed(tree: Path) -> None:
    (tree / "auditor.toml").write_text(f"{DECLARED}jobs_per_month = 730\n")
    found = platform()
    assert found["expected"] == pytest.approx(730 * 1103.5 * 1.006 / 3600)
    assert [each["per_day"] for each in found["workloads"][0]["volumes"]] == [24, 27, 270, 2700]


def test_a_node_that_is_kept_anyway_is_paid_once(tree: Path) -> None:
    (tree / "main.tf").write_text(GROUP.format(region="us-east-1", type="g5.xlarge", least="1"))
    (tree / "auditor.toml").write_text(f"{DECLARED}jobs_per_month = 730\n")
    found = platform()
    assert found["floor"] == found["expected"] == pytest.approx(734.38 + DISK)
    volumes = {each["per_day"]: each["expected"] for each in found["workloads"][0]["volumes"]}
    assert volumes[27] == pytest.approx(734.38 + DISK)
    assert volumes[2700] == pytest.approx(2 * 734.38 + DISK)
    assert "gpu keeps 1 node without work" in run("cost", ".", "--no-cache").out


def test_without_a_cluster_only_nodes_are_counted_and_that_is_said(tree: Path) -> None:
    found = platform()
    assert (found["floor"], found["worst"]) == (0, pytest.approx(2937.52 + 4 * DISK))
    assert any("no aws_eks_cluster is declared" in each for each in found["undeclared"])


def test_what_stands_without_work_is_counted_line_by_line(tree: Path) -> None:
    main = tree / "main.tf"
    main.write_text(main.read_text() + CLUSTER)
    found = platform()
    lines = {each["what"]: (round(each["floor"], 2), round(each["worst"], 2)) for each in found["lines"]}
    assert lines == {
        "EKS control plane": (73.0, 73.0),
        "NAT gateway": (65.7, 65.7),
        "interface endpoints": (14.6, 14.6),
        "CPU nodes cpu, t3.large": (60.74, 121.47),
        "disks of cpu": (4.0, 8.0),
        "GPU nodes gpu, g5.xlarge": (0.0, 2937.52),
        "disks of gpu": (0.0, 6.4),
    }
    assert found["floor"] == pytest.approx(218.04, abs=0.005)
    (zone,) = [each for each in found["workloads"][0]["trade_offs"] if each["what"].startswith("multi-AZ")]
    assert zone["usd_month"] == pytest.approx(36.5 + 7.3)


def test_values_that_terraform_cannot_tell_leave_the_rest_standing(tree: Path) -> None:
    main = tree / "main.tf"
    unknown = CLUSTER.replace(
        'subnet_ids        = ["subnet-a", "subnet-b"]', "subnet_ids = data.aws_subnets.x.ids"
    )
    main.write_text(main.read_text() + unknown.replace("min_size     = 1", "min_size = var.least"))
    (tree / "variables.tf").write_text('variable "least" {}\ndata "aws_subnets" "x" {}\n')
    found = platform()
    said = " ".join(found["undeclared"])
    assert "the subnets of aws_vpc_endpoint.sqs are not known" in said
    assert "CPU nodes cpu is not known: they are not counted" in said


def test_an_alternative_is_priced_apart(tree: Path) -> None:
    worker = (tree / "worker.yaml").read_text()
    (tree / "worker.yaml").unlink()
    (tree / "application.yaml").write_text(APPLICATION.format(path="apps/worker"))
    overlay(tree / "apps/worker", worker)
    overlay(tree / "apps/warm-pool", DEPLOYMENT.format(name="warm", replicas=1))
    found = platform()
    assert found["floor"] == 0
    assert found["alternatives"] == [{"name": "apps/warm-pool", "floor": 734.38, "worst": 0}]


def test_a_pipe_gets_tables_without_escape_sequences(tree: Path) -> None:
    outcome = run("cost", ".", "--no-cache")
    assert outcome.code == 0 and "\x1b" not in outcome.out
    assert "one isolated scan" in outcome.out and "$0.308" in outcome.out


def test_markdown_is_tables_with_numbers_to_the_right(tree: Path) -> None:
    text = run("cost", ".", "--format", "markdown", "--no-cache").out
    assert "| one isolated scan | as billed | 1,103.5 | \\$0.308 |" in text
    assert "| --- | --- | ---: | ---: |" in text


def test_the_platforms_readme_states_the_floor_that_is_computed() -> None:
    outcome = run("cost", "platform", "--format", "json")
    floors = [f"{each['floor']:.2f}" for each in json.loads(outcome.out)["platforms"]]
    (line,) = [
        each for each in Path("platform/terraform/README.md").read_text().splitlines() if "**floor**" in each
    ]
    assert [each.strip(" *") for each in line.split("|")[3:5]] == floors


def test_a_tree_without_gpus_says_so(tmp_path: Path) -> None:
    outcome = run("cost", tmp_path, "--no-cache")
    assert outcome.code == 0 and "No GPU node group is declared here" in outcome.out


def test_the_worst_case_takes_the_dearest_type_of_a_group(tree: Path) -> None:
    several = (tree / "main.tf").read_text().replace('["g5.xlarge"]', '["g5.xlarge", "g5.2xlarge"]')
    (tree / "main.tf").write_text(several)
    found = platform()
    (line,) = [each for each in found["lines"] if each["what"].startswith("GPU nodes")]
    assert line["worst"] == pytest.approx(4 * 1.212 * 730)
    assert line["how"] == "0 to 4 × 1.006/h × 730 h; worst: the group's dearest type, 1.212/h"
    assert found["workloads"][0]["alone_usd"] == pytest.approx(1103.5 * 1.006 / 3600)
    (tree / "main.tf").write_text(several.replace("g5.2xlarge", "g5.huge"))
    assert platform()["worst"] is None and any(
        "no price of g5.huge" in each for each in platform()["undeclared"]
    )


BUDGET = """
resource "aws_budgets_budget" "{name}" {{
  name         = "{name}"
  budget_type  = "COST"
  limit_amount = "{limit}"
  limit_unit   = "USD"
  time_unit    = "{unit}"
}}
"""


def test_terraforms_budget_counts_where_none_is_declared(tree: Path) -> None:
    group = (tree / "main.tf").read_text()
    (tree / "main.tf").write_text(group + BUDGET.format(name="month", limit=4300, unit="MONTHLY"))
    assert platform()["budget"] == 100
    (tree / "auditor.toml").write_text(DECLARED.replace("monthly_budget_usd = 100\n", ""))
    assert platform()["budget"] == 4300
    assert not any("monthly_budget_usd" in each for each in platform()["undeclared"])


@pytest.mark.parametrize("more", ["MONTHLY", "nothing", "DAILY", "unknown"])
def test_a_budget_of_another_time_or_one_of_two_is_no_monthly_budget(tree: Path, more: str) -> None:
    (tree / "auditor.toml").write_text(DECLARED.replace("monthly_budget_usd = 100\n", ""))
    first = BUDGET.format(name="first", limit=4300, unit="DAILY" if more == "DAILY" else "MONTHLY")
    second = BUDGET.format(name="second", limit=50, unit="MONTHLY") if more == "MONTHLY" else ""
    limit = first.replace('"4300"', "var.limit") if more == "nothing" else first
    limit = limit.replace('"MONTHLY"', "var.unit") if more == "unknown" else limit
    (tree / "main.tf").write_text((tree / "main.tf").read_text() + limit + second)
    assert platform()["budget"] is None
