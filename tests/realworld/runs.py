"""Counts of one run, as rows of a Markdown table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.realworld.auditing import Measured

HEADER = (
    "repository",
    "files",
    "documents",
    "targets",
    "fail",
    "critical",
    "high",
    "medium",
    "low",
    "error",
    "not assessed",
    "unusable",
    "gaps",
    "score",
    "wall s",
    "CPU s",
    "peak MB",
    "exit",
)


def table(runs: Iterable[Measured]) -> str:
    """The runs, one row each."""
    lines = [_row(HEADER), _row(["---"] * len(HEADER))]
    lines += [_row(_cells(run)) for run in runs]
    return "\n".join(lines)


def _cells(run: Measured) -> list[str]:
    report = run.report
    statuses = Counter(finding.status for finding in report.findings)
    severities = Counter(finding.severity for finding in report.findings if finding.status == "fail")
    unusable = sum(row.incomplete for row in report.problems)
    numbers = [
        report.inputs.files,
        report.inputs.documents,
        len(report.targets),
        statuses["fail"],
        *(severities[name] for name in ("critical", "high", "medium", "low")),
        statuses["error"],
        statuses["not-assessed"],
        unusable,
        len(report.problems) - unusable,
    ]
    score = "?" if report.score.effective is None else f"{report.score.effective:g}"
    return [
        run.name,
        *map(str, numbers),
        score,
        f"{run.wall:.1f}",
        f"{run.cpu:.1f}",
        f"{run.peak / 1024:.0f}",
        str(run.code),
    ]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
