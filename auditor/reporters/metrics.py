"""Metrics in Prometheus' text format, for node_exporter's textfile collector and for a Pushgateway.

Counts by policy and severity, never names of objects: those would be a new series for every Deployment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from auditor.gate import EXIT_CLEAN, EXIT_GATE
from auditor.report import Report
from auditor.reporters.interface import RenderOptions, is_complete
from auditor.reporters.text import visible

SOURCES = ("cluster", "aws", "prometheus")
"""Live sources, as the scope names them: ``cluster:prod,aws:111122223333/us-east-1``."""

Labels = dict[str, str]


class Family(NamedTuple):
    """One metric and its samples; all of them are gauges."""

    name: str
    help: str
    samples: list[tuple[Labels, float]]


def render(report: Report, options: RenderOptions) -> bytes:
    """One family after the other, each with HELP and TYPE; families that nothing is known of are left out."""
    text = "".join(_written(family, report.scope) for family in families(report, options.seconds))
    return text.encode("utf-8", "backslashreplace")


def families(report: Report, seconds: float | None) -> list[Family]:
    """Every metric of one run."""
    return [
        family for family in (*_scores(report), *_counts(report), *_run(report, seconds)) if family.samples
    ]


def _scores(report: Report) -> Iterator[Family]:
    score = report.score
    yield Family("auditor_score", "Score of the run, 0 to 100.", _one(score.effective))
    yield Family("auditor_raw_score", "Score with waived findings counted as failures.", _one(score.raw))
    covered = None if score.coverage is None else score.coverage / 100
    yield Family(
        "auditor_coverage_ratio", "Share of what could be asked that was assessed, 0 to 1.", _one(covered)
    )


def _counts(report: Report) -> Iterator[Family]:
    failed = Counter(each.policy for each in report.findings if each.status == "fail")
    by_policy = [
        ({"code": each.code, "policy": each.id, "severity": each.severity}, float(failed[each.code]))
        for each in report.policies
    ]
    yield Family("auditor_findings", "Open findings by policy and severity.", by_policy)
    verdicts = {
        "pass": sum(each.passed for each in report.policies),
        "fail": sum(each.failed for each in report.policies),
        "waived": sum(each.waived for each in report.policies),
        "error": sum(each.errors for each in report.policies),
        "not-assessed": sum(each.not_assessed for each in report.policies),
    }
    counted = [({"verdict": name}, float(amount)) for name, amount in verdicts.items()]
    yield Family("auditor_verdicts", "Verdicts over policies and owners.", counted)
    yield Family("auditor_api_errors", "Reads of a live source that failed in the run.", _api_errors(report))


def _api_errors(report: Report) -> list[tuple[Labels, float]]:
    """A source that was read without failures shows 0; one that was not read shows nothing."""
    read = {part.partition(":")[0] for part in report.scope.split(",")}
    lost = Counter(row.file.partition(":")[0] for row in report.problems if row.incomplete)
    return [({"source": name}, float(lost[name])) for name in SOURCES if name in read or lost[name]]


def _run(report: Report, seconds: float | None) -> Iterator[Family]:
    code = report.gate.exit_code
    at = _timestamp(report.generated_at)
    success = at if code in (EXIT_CLEAN, EXIT_GATE) and is_complete(report) else None
    yield Family("auditor_last_run_timestamp_seconds", "When the run took place.", _one(at))
    yield Family(
        "auditor_last_success_timestamp_seconds",
        "When a run last saw everything that it was to see, whatever it found.",
        _one(success),
    )
    yield Family(
        "auditor_complete",
        "1 when the run saw everything that it was to see.",
        _one(float(is_complete(report))),
    )
    yield Family("auditor_exit_code", "Exit code: 0 clean, 1 gate failed, 3 incomplete.", _one(float(code)))
    took = None if seconds is None else round(seconds, 3)
    yield Family("auditor_duration_seconds", "How long the run took.", _one(took))


def _one(value: float | None) -> list[tuple[Labels, float]]:
    return [] if value is None else [({}, value)]


def _timestamp(moment: str) -> float | None:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return None


def _written(family: Family, scope: str) -> str:
    lines = [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} gauge"]
    lines += [
        f"{family.name}{{{_labels({**labels, 'scope': scope})}}} {value:.15g}"
        for labels, value in family.samples
    ]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Labels) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items()))


def _escaped(text: str) -> str:
    escaped = visible(text).replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\n", "\\n")
