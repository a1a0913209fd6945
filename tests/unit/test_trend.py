"""The trend of many reports: what moved the score, and since when each failure is open."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.report import Finding, Location, PolicyResult, ProblemRow, Report
from auditor.reporters.trend import history
from tests.unit import report_factory as factory

DAYS = [f"2026-08-0{day}T06:00:00Z" for day in range(1, 8)]


def policy(code: str, passed: int, failed: int) -> PolicyResult:
    return PolicyResult(
        code=code,
        id=code.lower(),
        title=code,
        severity="medium",
        category="any",
        rationale="",
        passed=passed,
        failed=failed,
    )


def failing(name: str, code: str = "P-1", status: Any = "fail", file: str = "a.yaml") -> Finding:
    return factory.finding(
        code,
        severity="medium",
        title=name,
        resource=f"apps/Deployment/x/{name}",
        status=status,
        location=Location(file, 1),
        fingerprints=(f"{code}:{name}",),
    )


def run(day: int, *findings: Finding, **more: Any) -> tuple[str, Report]:
    """A run of two policies on four objects each."""
    failed = [sum(f.policy == code and f.status == "fail" for f in findings) for code in ("P-1", "P-2")]
    policies = tuple(policy(f"P-{at}", 4 - amount, amount) for at, amount in enumerate(failed, 1))
    fields: dict[str, Any] = {"policies": policies, "problems": (), "generated_at": DAYS[day]}
    return f"{day}.json", factory.report(findings=findings, **(fields | more))


def ages(*runs: tuple[str, Report]) -> dict[str, tuple[str, str, bool]]:
    """Name → (open since, first seen, at the beginning of the history or before) of what is open at the end."""
    return {each.title: (each.since, each.first, each.before) for each in history(runs, "audits").open}


def test_each_run_says_what_moved_its_score() -> None:
    found = history([run(0), run(1, failing("a"), failing("b")), run(2, failing("b"))], "audits")
    assert [each.score for each in found.runs] == [100.0, 75.0, 87.5]
    assert [(each.new, each.fixed, each.points) for each in found.runs] == [
        (0, 0, None),
        (2, 0, -25.0),
        (0, 1, 12.5),
    ]
    assert [row.policy for row in found.runs[1].moved] == ["P-1"]
    for each in found.runs[1:]:
        assert sum(row.points for row in each.moved) == each.points
    assert found.policies == {"P-1": "p-1"}


def test_another_policy_set_makes_two_runs_incomparable_and_keeps_the_ages() -> None:
    runs = [run(0), run(1, failing("a")), run(2, failing("a"), policy_set="other")]
    found = history(runs, "audits")
    assert found.runs[2].incomparable == "different policy sets"
    assert found.runs[2].points is None and found.runs[2].moved == ()
    assert ages(*runs) == {"a": (DAYS[1], DAYS[1], False)}


def test_what_was_repaired_and_came_back_is_open_since_it_came_back() -> None:
    runs = [run(0), run(1, failing("a")), run(2), run(3, failing("a")), run(4, failing("a"))]
    assert ages(*runs) == {"a": (DAYS[3], DAYS[1], False)}


def test_what_the_oldest_run_has_may_be_older() -> None:
    assert ages(run(0, failing("a")), run(1, failing("a"))) == {"a": (DAYS[0], DAYS[0], True)}


UNSEEN: dict[str, tuple[str, Report]] = {
    "waived": run(1, failing("a", status="waived")),
    "not assessed": run(1, failing("a", status="not-assessed")),
    "an error": run(1, failing("a", status="error")),
    "file unreadable": run(1, problems=(ProblemRow("a.yaml", 1, 1, "broken", ""),)),
    "policy not chosen": run(1, policies=(policy("P-2", 4, 0),)),
}


@pytest.mark.parametrize("why", UNSEEN)
def test_what_a_run_could_not_judge_is_not_repaired(why: str) -> None:
    assert ages(run(0, failing("a")), UNSEEN[why], run(2, failing("a"))) == {"a": (DAYS[0], DAYS[0], True)}
    assert history([run(0, failing("a")), UNSEEN[why]], "audits").runs[1].fixed == 0


def test_a_cluster_that_could_not_be_read_repairs_nothing() -> None:
    live = failing("a", file="cluster:prod/apps/Deployment/x/a")
    blind = run(1, problems=(ProblemRow("cluster:prod", 0, 0, "pods could not be listed", ""),))
    assert ages(run(0, live), blind, run(2, live)) == {"a": (DAYS[0], DAYS[0], True)}


def test_open_findings_come_oldest_first() -> None:
    runs = [run(0), run(1, failing("old")), run(2, failing("old"), failing("new", "P-2"))]
    assert [each.title for each in history(runs, "audits").open] == ["old", "new"]
