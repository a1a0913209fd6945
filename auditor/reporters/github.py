"""GitHub Actions annotations. A step shows ten errors, ten warnings and ten notices: the gravest go first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor.report import Finding, Location, Report
from auditor.reporters.interface import (
    LEVELS,
    RenderOptions,
    counts_line,
    place,
    policies_by_code,
    policy_name,
    verdict_line,
    with_status,
    words,
)
from auditor.reporters.text import one_line, visible

SHOWN = 10
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, options: RenderOptions) -> bytes:
    """One workflow command a line, then a line that says how many more there are and what came out."""
    shown: Counter[str] = Counter()
    left = 0
    lines = []
    for command, line in _annotations(report):
        if shown[command] < SHOWN:
            shown[command] += 1
            lines.append(line)
        else:
            left += 1
    more = f" ({left} more than GitHub shows; see the whole report)" if left else ""
    summary = f"auditor: {counts_line(report)}{more}. {verdict_line(report)}"
    lines.append(summary.replace("##[", "# #["))  # the runner's older command syntax, wherever it stands
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _annotations(report: Report) -> Iterator[tuple[str, str]]:
    for row in report.problems:
        command = "error" if row.incomplete else "warning"
        text = f"{one_line(row.what)}\nrepair: {one_line(row.repair)}"
        yield command, _line(command, Location(row.file, row.line, row.column), "input not usable", text)
    policies = policies_by_code(report)
    for finding in with_status(report, "fail", "error"):
        command = "error" if finding.status == "error" else _COMMANDS[LEVELS[finding.severity]]
        label = "error" if finding.status == "error" else finding.severity
        title = f"{policy_name(policies, finding.policy)} ({label})"
        yield command, _line(command, finding.location, title, _message(finding))


def _message(finding: Finding) -> str:
    lines = [words(finding)]
    lines += [f"see {place(end.location)}: {one_line(end.what)}" for end in finding.related]
    if finding.fix is not None and not finding.fix.refused:
        lines.append(f"fix: {one_line(finding.fix.title)}")
    elif finding.repair:
        lines.append(f"repair: {one_line(finding.repair)}")
    return "\n".join(lines)


def _line(command: str, location: Location, title: str, message: str) -> str:
    properties = {"file": visible(location.file)}
    if location.line:
        properties["line"] = str(location.line)
        properties |= _extent(location)
    properties["title"] = one_line(title)
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command} {listed}::{_data(message)}"


def _extent(location: Location) -> dict[str, str]:
    """GitHub takes columns only within one line."""
    if location.end_line > location.line:
        return {"endLine": str(location.end_line)}
    extent = {"col": str(location.column)} if location.column else {}
    if location.column and location.end_column > location.column:
        extent["endColumn"] = str(location.end_column)
    return extent


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
