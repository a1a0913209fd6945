"""Many reports of one scope in a row: how the score moved, what moved it, and since when each failure is open. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from auditor.report import Finding, History, HistoryRun, OpenSince, ProblemRow, Report
from auditor.reporters.compare import change, compare, exact_score, failures, hundredth, keys_of, unseen_in

Run = tuple[str, Report]
"""The name under which a report is kept, and the report."""


class _Seen(NamedTuple):
    """One fingerprint: when it first failed, since when it fails without a break ('' when it was repaired)."""

    finding: Finding
    first: str
    since: str


def history(runs: Sequence[Run], where: str, left_out: Sequence[ProblemRow] = ()) -> History:
    """The trend of at least one run, oldest first, all of one scope."""
    rows = [_row(runs[at - 1] if at else None, run) for at, run in enumerate(runs)]
    newest = runs[-1][1]
    opened = _open(newest, _seen(runs), runs[0][1].generated_at)
    named = {row.policy for run in rows for row in run.moved} | {each.policy for each in opened}
    ids = {policy.code: policy.id for _, report in runs for policy in report.policies}
    return History(
        scope=newest.scope,
        where=where,
        runs=tuple(rows),
        open=opened,
        policies={code: ids[code] for code in sorted(named) if code in ids},
        left_out=tuple(left_out),
    )


def _row(before: Run | None, run: Run) -> HistoryRun:
    name, report = run
    row = HistoryRun(
        name=name,
        generated_at=report.generated_at,
        score=hundredth(exact_score(report).effective),
        coverage=report.score.coverage,
        grade=report.score.grade,
        open=len(failures(report)),
    )
    return row if before is None else _moved(row, before[1], report)


def _moved(row: HistoryRun, old: Report, new: Report) -> HistoryRun:
    from msgspec.structs import replace

    since = change(compare(old, new), old.generated_at)
    return replace(
        row,
        new=since.new,
        fixed=len(since.fixed),
        points=since.points,
        incomparable=since.incomparable,
        moved=since.rows,
    )


def _seen(runs: Sequence[Run]) -> dict[str, _Seen]:
    """Every fingerprint that ever failed. What a run could not judge neither ends nor begins anything."""
    seen: dict[str, _Seen] = {}
    for _, report in runs:
        now = report.generated_at
        failing = {key: finding for finding in failures(report) for key in keys_of(finding)}
        unseen = unseen_in(report)
        for key, known in seen.items():
            if key not in failing and known.since and not unseen(known.finding):
                seen[key] = known._replace(since="")
        for key, finding in failing.items():
            known = seen.get(key, _Seen(finding, now, now))
            seen[key] = _Seen(finding, known.first, known.since or now)
    return seen


def _open(newest: Report, seen: dict[str, _Seen], oldest: str) -> tuple[OpenSince, ...]:
    """The newest run's failures with their ages, the oldest first, then the gravest."""
    found = [_since(finding, [seen[key] for key in keys_of(finding)], oldest) for finding in failures(newest)]
    return tuple(sorted(found, key=lambda each: each.since))


def _since(finding: Finding, known: Sequence[_Seen], oldest: str) -> OpenSince:
    """A row of several targets is as old as the first of them."""
    since = min(each.since for each in known)
    return OpenSince(
        policy=finding.policy,
        severity=finding.severity,
        resource=finding.resource,
        title=finding.title,
        message=finding.message,
        since=since,
        first=min(each.first for each in known),
        before=since == oldest,
    )
