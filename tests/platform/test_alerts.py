"""Each alert fires under one set of series and is silent under another, by promtool; and a stranger can follow it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.platform.overlays import PLATFORM
from tests.platform.prometheus import alerts, promtool, write_rules

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("alerts.yaml").read_text())

WHERE = [*((name, "prod") for name in sorted(CASES)), ("BudgetExceeded", "dev")]
"""Environments share their rules but for the budget."""


def unit_test(name: str, case: dict[str, Any], expected: list[dict[str, Any]]) -> dict[str, Any]:
    """One test in promtool's format."""
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case["series"].items()],
        "alert_rule_test": [{"eval_time": case["at"], "alertname": name, "exp_alerts": expected}],
    }


def run(folder: Path, environment: str, test: dict[str, Any]) -> tuple[int, str]:
    rules = write_rules(environment, folder)
    path = folder / "test.yml"
    path.write_text(
        yaml.safe_dump({"rule_files": [rules.name], "evaluation_interval": "1m", "tests": [test]})
    )
    return promtool("test", "rules", path.name, cwd=folder)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_promtool_accepts_the_rules(environment: str, tmp_path: Path) -> None:
    rules = write_rules(environment, tmp_path)
    code, said = promtool("check", "rules", rules.name, cwd=tmp_path)
    assert code == 0, said


def test_every_alert_has_its_cases() -> None:
    assert set(CASES) == set(alerts("prod")) == set(alerts("dev"))


@pytest.mark.parametrize(("name", "environment"), WHERE)
def test_an_alert_is_silent_when_all_is_well(name: str, environment: str, tmp_path: Path) -> None:
    code, said = run(tmp_path, environment, unit_test(name, CASES[name]["silent"], []))
    assert code == 0, said


@pytest.mark.parametrize(("name", "environment"), WHERE)
def test_an_alert_fires_when_it_should(name: str, environment: str, tmp_path: Path) -> None:
    case = CASES[name]["fires"]
    # promtool compares whole texts, and ours hold values: asked for silence, it must object with this alert alone.
    code, said = run(tmp_path, environment, unit_test(name, case, []))
    labels = {**alerts(environment)[name]["labels"], **case.get("labels", {}), "alertname": name}
    fired = re.findall(r"Labels:\{([^}]*)\}", said)
    assert code != 0 and len(fired) == 1, said
    assert dict(re.findall(r'(\w+)="([^"]*)"', fired[0])) == labels


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_alert_names_a_runbook_that_a_stranger_can_follow(name: str) -> None:
    path = PLATFORM / alerts("prod")[name]["annotations"]["runbook_url"].partition("/blob/main/")[2]
    text = path.read_text()
    assert name in text, f"{path.name} does not say that {name} rings it"
    for part in ("**Rings by**", "**What it means.**", "## What to do", "\n1. ", "## It is over when"):
        assert part in text, (path.name, part)


def test_alarms_of_cloudwatch_name_runbooks_that_exist() -> None:
    alarms = (PLATFORM / "terraform/modules/alarms/main.tf").read_text()
    named = set(re.findall(r"runbooks/([\w-]+\.md)", alarms))
    assert named and all((PLATFORM / "runbooks" / each).is_file() for each in named)


def test_links_between_runbooks_lead_somewhere() -> None:
    for path in (PLATFORM / "runbooks").glob("*.md"):
        for link in re.findall(r"\]\(([\w-]+\.md)\)", path.read_text()):
            assert (path.parent / link).is_file(), (path.name, link)
