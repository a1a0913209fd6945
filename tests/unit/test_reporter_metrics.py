"""Metrics as Prometheus reads them: promtool agrees, counts are the report's, and no object is named."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from auditor.report import Gate, ProblemRow, Report
from auditor.reporters import render
from auditor.reporters.interface import RenderOptions
from auditor.reporters.metrics import families
from tests.platform.prometheus import program, promtool
from tests.unit import report_factory as factory

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(report: Report, seconds: float | None = 2.5) -> dict[Sample, float]:
    """(name, labels but the scope) → value, as Prometheus' own parser reads it."""
    text = render("metrics", report, RenderOptions(seconds=seconds)).decode()
    found = [each for family in text_string_to_metric_families(text) for each in family.samples]
    assert {each.labels["scope"] for each in found} == {report.scope}
    return {
        (each.name, tuple(sorted((k, v) for k, v in each.labels.items() if k != "scope"))): each.value
        for each in found
    }


def value(report: Report, name: str, **labels: str) -> float | None:
    return samples(report).get((name, tuple(sorted(labels.items()))))


REPORTS: Sequence[Report] = (
    factory.report(),
    factory.clean(),
    factory.empty(),
    *(factory.hostile(text) for text in factory.NASTY),
)


@pytest.mark.parametrize("report", REPORTS)
def test_promtool_finds_nothing_to_say(report: Report) -> None:
    text = render("metrics", report, RenderOptions(seconds=2.5))
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_score_coverage_and_findings_are_the_reports() -> None:
    report = factory.report()
    assert value(report, "auditor_score") == report.score.effective
    assert value(report, "auditor_raw_score") == report.score.raw
    assert value(report, "auditor_coverage_ratio") == pytest.approx(0.886)
    labels = {"code": "RES-004", "policy": "memory-limit-missing", "severity": "low"}
    assert value(report, "auditor_findings", **labels) == 2
    assert value(report, "auditor_verdicts", verdict="not-assessed") == 2
    assert value(report, "auditor_duration_seconds") == 2.5


def test_every_policy_keeps_its_series_when_nothing_fails() -> None:
    found = {
        labels: number
        for (name, labels), number in samples(factory.clean()).items()
        if name == "auditor_findings"
    }
    assert len(found) == len(factory.POLICIES) and set(found.values()) == {0}


def test_no_object_is_named() -> None:
    text = render("metrics", factory.report(), RenderOptions(seconds=1.0)).decode()
    for finding in factory.FINDINGS:
        assert (
            finding.title not in text and finding.resource not in text and finding.location.file not in text
        )


def test_only_a_whole_run_is_a_success() -> None:
    failed = factory.report(problems=(), findings=(), gate=Gate(1))
    assert value(failed, "auditor_last_success_timestamp_seconds") == 1785576600
    assert value(failed, "auditor_complete") == 1
    blind = factory.report(gate=Gate(3))
    assert value(blind, "auditor_last_success_timestamp_seconds") is None
    assert value(blind, "auditor_last_run_timestamp_seconds") == 1785576600
    assert value(blind, "auditor_complete") == 0


def test_failed_reads_are_counted_by_their_source() -> None:
    lost = [
        ProblemRow("cluster:prod", 0, 0, f"{kind} could not be listed", "") for kind in ("pods", "secrets")
    ]
    report = factory.report(scope="git,cluster:prod,aws:111122223333/eu-west-1", problems=tuple(lost))
    assert value(report, "auditor_api_errors", source="cluster") == 2
    assert value(report, "auditor_api_errors", source="aws") == 0
    assert value(report, "auditor_api_errors", source="prometheus") is None


def test_a_saved_result_has_no_duration() -> None:
    assert ("auditor_duration_seconds", ()) not in samples(factory.report(), seconds=None)


DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/results.md").read_text()


def test_the_documents_name_just_the_metrics_that_there_are() -> None:
    named = set(re.findall(r"auditor_\w+", DOCUMENT))
    assert named == {
        family.name for family in families(factory.report(scope="cluster:prod", problems=()), 1.0)
    } | {"auditor_last_success_timestamp_seconds"}


def test_the_documented_alerts_are_rules(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    rules = {"groups": [{"name": "audit", "rules": yaml.safe_load(block)}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    code, said = promtool("check", "rules", "rules.yml", cwd=tmp_path)
    assert code == 0, said
