"""What `auditor cost` says of the platform: the arithmetic of the checklist, and a budget that holds the worst case."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest

from tests.platform.overlays import PLATFORM
from tests.unit.command import run

ENVIRONMENTS = ("dev", "prod")
DISK_THROUGHPUT_USD = 15.00
"""A GPU node's disk beyond 125 MiB/s, which no price table has (terraform/README.md): (500 − 125) × 0.04."""


@functools.cache
def platforms() -> dict[str, Any]:
    """Environment → its statement."""
    outcome = run("cost", PLATFORM, "--format", "json")
    assert outcome.code == 0, outcome.err
    return {each["name"].rpartition("/")[2]: each for each in json.loads(outcome.out)["platforms"]}


def workload(environment: str) -> Any:
    (found,) = platforms()[environment]["workloads"]
    return found


def terraforms_budget(environment: str) -> float:
    text = (PLATFORM / f"terraform/envs/{environment}/main.tf").read_text()
    found = re.search(r"budget_usd_per_month = (\d+)", text)
    assert found is not None
    return float(found[1])


@pytest.mark.parametrize(("environment", "nodes"), [("dev", 2), ("prod", 4)])
def test_terraforms_budget_is_read_and_holds_the_worst_case(environment: str, nodes: int) -> None:
    found = platforms()[environment]
    assert found["budget"] == terraforms_budget(environment)
    worst = found["worst"] + nodes * DISK_THROUGHPUT_USD
    assert worst <= found["budget"] < worst * 1.05


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_is_left_unknown(environment: str) -> None:
    found = platforms()[environment]
    assert None not in (found["floor"], found["expected"], found["worst"])
    assert not found["undeclared"] and not workload(environment)["undeclared"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_readme_names_floor_worst_and_budget(environment: str) -> None:
    column = ENVIRONMENTS.index(environment) - 2
    rows = {
        cells[1].strip(" *").partition("*")[0]: cells[column - 1].strip(" *")
        for line in (PLATFORM / "terraform/README.md").read_text().splitlines()
        if line.startswith("| **")
        for cells in [line.split("|")]
    }
    found = platforms()[environment]
    assert rows["floor"] == f"{found['floor']:,.2f}"
    assert rows["worst"] == f"{found['worst']:,.2f}"
    assert rows["budget"] == f"{found['budget']:,.0f}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_floor_without_work_and_one_isolated_scan_are_the_designs(environment: str) -> None:
    found = workload(environment)
    assert found["seconds"] == {"start": 150, "compute": 53.5, "cooldown": 300, "removal": 600}
    assert found["alone_seconds"] == 1103.5
    assert (round(found["alone_usd"], 3), round(found["compute_usd"], 3)) == (0.308, 0.015)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_scan_has_a_price_at_each_volume_and_each_gpu_a_p95_to_reach(environment: str) -> None:
    found = workload(environment)
    assert [each["per_day"] for each in found["volumes"]] == [27, 270, 2700]
    assert [each["instance_type"] for each in found["candidates"]] == [
        "g4dn.xlarge",
        "g5.xlarge",
        "g6.xlarge",
        "g6e.xlarge",
    ]
    for volume, reach in zip(found["volumes"], found["candidates"][1]["reach"], strict=True):
        assert volume["usd"] == pytest.approx(volume["seconds"] * 1.006 / 3600)
        assert reach == pytest.approx(53.5 if volume["per_day"] == 27 else volume["seconds"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_trade_offs_are_numbers(environment: str) -> None:
    told = " ".join(each["what"] for each in workload(environment)["trade_offs"])
    for choice in ("cold start of 2 min", "cold start of 3 min", "multi-AZ", "warm pool", "TTA", "ScaledJob"):
        assert choice in told
