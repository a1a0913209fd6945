"""The auditor's first customer: the platform scores 100 under every policy; each waiver has a reason and an end."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from tests.platform.overlays import PLATFORM, read
from tests.unit.command import run
from tools import architecture_picture

MAX_WAIVER_DAYS = 366


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("audit") / "report.json"
    run("check", PLATFORM, "--pack", "strict", "--format", "json", "--output", path, "--fail-on", "low")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_the_score_is_100_and_nearly_all_was_assessed(report: dict[str, Any]) -> None:
    assert report["score"]["effective"] == 100.0
    assert report["score"]["coverage"] >= 99.0
    assert not [each for each in report["findings"] if each["status"] in ("fail", "error")]


def test_the_gate_holds_with_every_severity(report: dict[str, Any]) -> None:
    assert report["gate"]["exit_code"] == 0


def test_only_other_projects_charts_and_definitions_are_not_rendered(report: dict[str, Any]) -> None:
    """Their rows name them; nothing else is missing, and no configured line or waiver is idle."""
    assert not report.get("warnings")
    for row in report["problems"]:
        assert "deploys the chart" in row["what"] or "from another repository" in row["what"], row
        assert not row["incomplete"]


def test_what_is_not_assessed_is_known(report: dict[str, Any]) -> None:
    """Each needs another target; a new one is looked at before it is added here."""
    unknown = {each["policy"] for each in report["findings"] if each["status"] == "not-assessed"}
    assert unknown <= {"RBAC-020", "NET-022", "NET-023", "NET-024"}


def test_every_argo_application_was_followed_to_what_it_deploys(report: dict[str, Any]) -> None:
    names = {each["name"].partition(":")[2] for each in report["targets"]}
    for environment in ("dev", "prod"):
        for name in ("ml-worker", "configs", "platform"):
            assert f"argocd:{name}-{environment}" in names


def test_waivers_have_a_reason_and_end_within_a_year() -> None:
    listed = read(PLATFORM / "infrastructure/configs/base/audit/auditor-waivers.yaml")[0]
    for waiver in listed:
        assert len(waiver["reason"].split()) > 4
        left = waiver["until"] - datetime.date.today()
        assert left.days < MAX_WAIVER_DAYS, waiver


def test_no_digest_was_invented() -> None:
    for path in PLATFORM.rglob("*.yaml"):
        if ".terraform" not in path.parts and path.parent.name != "ci":
            assert "@sha256" not in path.read_text() and "digest: sha256" not in path.read_text(), path


def test_the_architecture_picture_is_what_the_joins_say() -> None:
    assert (architecture_picture.FOLDER / "architecture.dot").read_text() == architecture_picture.dot(
        architecture_picture.graph()
    )
