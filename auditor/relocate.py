"""A report whose files are named from another folder: inside, everything is relative to the audited root."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from auditor.report import Finding, Location, Money, ProblemRow, Report

LIVE_NAMES = ("cluster:", "aws:", "metrics:")
"""How the names of things begin that lie in no file."""


def moved(report: Report, folder: str) -> Report:
    """The report with ``folder`` (ending in ``/``) before every file; fingerprints stay what they are."""
    if not folder:
        return report

    def place(location: Location) -> Location:
        return replace(location, file=_named(folder, location.file))

    def finding(row: Finding) -> Finding:
        related = tuple(replace(end, location=place(end.location)) for end in row.related)
        fix = row.fix
        if fix is not None:
            edits = tuple(replace(edit, file=folder + edit.file) for edit in fix.edits)
            diff = fix.diff.replace("--- a/", f"--- a/{folder}").replace("+++ b/", f"+++ b/{folder}")
            fix = replace(fix, edits=edits, diff=diff)
        return replace(row, location=place(row.location), related=related, fix=fix)

    def problems(rows: Iterable[ProblemRow]) -> tuple[ProblemRow, ...]:
        return tuple(replace(row, file=_named(folder, row.file)) for row in rows)

    change = report.change
    return replace(
        report,
        findings=tuple(finding(row) for row in report.findings),
        judged=tuple(replace(row, location=place(row.location)) for row in report.judged),
        problems=problems(report.problems),
        warnings=problems(report.warnings),
        money=_money(report.money, folder),
        change=replace(change, fixed=tuple(finding(row) for row in change.fixed)) if change else None,
        graphs=tuple(
            replace(
                graph,
                nodes=tuple(replace(n, location=place(n.location)) if n.location else n for n in graph.nodes),
            )
            for graph in report.graphs
        ),
    )


def _named(folder: str, file: str) -> str:
    """A file under the folder; what runs has no place there (``cluster:prod/…``)."""
    return file if file.startswith(LIVE_NAMES) else folder + file


def _money(money: Money | None, folder: str) -> Money | None:
    if money is None:
        return None
    rows = (
        replace(row, location=replace(row.location, file=folder + row.location.file)) for row in money.rows
    )
    return replace(money, rows=tuple(rows))
