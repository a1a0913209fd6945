"""GitLab code quality: the fields GitLab needs, and fingerprints that never collide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.report import Report
from auditor.reporters import render
from tests.unit import report_factory as factory


def rows(report: Report | None = None) -> list[dict[str, Any]]:
    return list(json.loads(render("gitlab", report or factory.report())))


@pytest.mark.parametrize("text", factory.NASTY)
def test_every_row_has_what_gitlab_asks_for(text: str) -> None:
    found = rows(factory.hostile(text))
    assert len(found) == 4
    for row in found:
        assert row.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert row["severity"] in ("blocker", "critical", "major", "minor", "info")
        assert row["location"]["lines"]["begin"] >= 1


def test_severities_are_gitlabs() -> None:
    found = {(row["check_name"], row["severity"]) for row in rows()}
    assert found == {
        ("GPU-002", "blocker"),
        ("GPU-003", "critical"),
        ("RES-004", "minor"),
        ("KED-003", "info"),
        ("input", "info"),
    }


def test_twins_have_fingerprints_of_their_own() -> None:
    found = rows(factory.report(findings=(factory.finding(),) * 3, problems=()))
    assert len({row["fingerprint"] for row in found}) == 3


def test_a_fingerprint_does_not_move_with_the_line() -> None:
    one, two = (
        rows(factory.report(findings=(factory.finding(location=factory.Location("a.yaml", n)),), problems=()))
        for n in (3, 30)
    )
    assert one[0]["fingerprint"] == two[0]["fingerprint"]


def test_code_quality_reads_as_before() -> None:
    factory.check_golden("usual.gitlab.json", render("gitlab", factory.report()))
