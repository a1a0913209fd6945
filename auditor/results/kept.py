"""The runs that a store keeps: read back, and one more written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import DecodeError
from msgspec.structs import replace

from auditor.report import SCHEMA_VERSION, Finding, History, ProblemRow, Report, decode, encode
from auditor.reporters.trend import history
from auditor.results import LAST, Undelivered
from auditor.results.store import Store


def read_runs(store: Store, last: int = LAST) -> tuple[list[tuple[str, Report]], list[ProblemRow]]:
    """The newest ``last`` files by name, oldest run first, and the files that are no report.

    Undelivered when the store cannot be listed.
    """
    runs: list[tuple[str, Report]] = []
    left_out: list[ProblemRow] = []
    for name in store.names()[-last:]:
        try:
            runs.append((name, _lean(_report(store.read(name)))))
        except Undelivered as error:
            row = ProblemRow(f"{store.where}/{name}", 0, 0, error.what, error.repair, incomplete=False)
            left_out.append(row)
    return sorted(runs, key=lambda run: (run[1].generated_at, run[0])), left_out


def _report(data: bytes) -> Report:
    try:
        report = decode(data)
    except (DecodeError, RecursionError) as error:
        raise Undelivered(f"not a saved result: {error}", "move it away, or write it anew") from error
    if report.schema_version != SCHEMA_VERSION:
        what = f"schema version {report.schema_version}; this auditor reads {SCHEMA_VERSION}"
        raise Undelivered(what, "read it with the auditor that wrote it")
    return report


def _lean(report: Report) -> Report:
    """Only what a trend looks at: a hundred reports must fit beside an audit."""
    policies = [
        replace(each, title="", rationale="", fix="", references=(), controls=()) for each in report.policies
    ]
    findings = tuple(_lean_finding(each) for each in report.findings)
    return replace(report, policies=tuple(policies), findings=findings, judged=(), graphs=(), history=None)


def _lean_finding(finding: Finding) -> Finding:
    return replace(finding, excerpt=(), related=(), fix=None, repair="", reason="")


def up_to(store: Store, report: Report) -> tuple[History | None, list[ProblemRow]]:
    """The history of the report's scope with the report itself at its end, and what is to be known of it."""
    try:
        runs, left_out = read_runs(store)
    except Undelivered as error:
        return None, [ProblemRow(store.where, 0, 0, error.what, error.repair, incomplete=False)]
    return history([*_of(report.scope, runs), ("", report)], store.where, left_out), left_out


def histories(store: Store, last: int) -> list[History]:
    """One history for each scope; files that are no report are named in the first."""
    runs, left_out = read_runs(store, last)
    scopes = sorted({run.scope for _, run in runs})
    found = [history(_of(scope, runs), store.where) for scope in scopes]
    if left_out and found:
        found[0] = replace(found[0], left_out=tuple(left_out))
    return found or [History(scope="", where=store.where, runs=(), left_out=tuple(left_out))]


def _of(scope: str, runs: Iterable[tuple[str, Report]]) -> list[tuple[str, Report]]:
    return [(name, run) for name, run in runs if run.scope == scope]


def keep(store: Store, report: Report, page: bytes) -> str:
    """Write the run as JSON and as the HTML ``page``; the name of the JSON file. Undelivered when it cannot be.

    The page goes first: who lists the JSON files finds both.
    """
    data = encode(replace(report, judged=(), history=None))
    moment = report.generated_at.replace("-", "").replace(":", "")
    stem = f"{moment}-{hashlib.sha256(data).hexdigest()[:8]}"
    store.write(f"{stem}.html", page)
    store.write(f"{stem}.json", data)
    return f"{stem}.json"
