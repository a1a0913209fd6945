"""``ScanCost``: how many scans workers did, what they cost while they were up, and how long one took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.sources.prometheus.asking import Asking, NoSeries, Row, span
from auditor.sources.prometheus.queries import SCAN_BUCKETS, SCANS
from auditor.usage.scans import bucket_quantile
from auditor.usage.series import Window, counted

KIND = "ScanCost"

Job = tuple[str, str]


def read(asking: Asking) -> Iterator[Row]:
    """One row for each job of workers. Failed, NoSeries."""
    window = asking.gpu
    middle = (window.start + window.end) // 2
    sums = {name: _sums(asking, query, window, middle) for name, query in SCANS.items()}
    if not sums["scans"]:
        raise NoSeries("there are no series worker_scans_total", "scrape the workers' /metrics")
    p95 = _p95(asking)
    for job in sorted(sums["scans"]):
        before, after = (
            {name: table.get(job, (0.0, 0.0))[half] for name, table in sums.items()} for half in (0, 1)
        )
        body: dict[str, Any] = {
            "job": job[1],
            "window": span(window),
            **{name: before[name] + after[name] for name in SCANS},
            "halves": [before, after],
        }
        if job in p95:
            body["p95_seconds"] = p95[job]
        yield Row(KIND, job[0], job[1], body)


def _sums(asking: Asking, query: str, window: Window, middle: int) -> dict[Job, tuple[float, float]]:
    """What counters grew by job, in the first half of the window and in the second."""
    found: dict[Job, tuple[float, float]] = {}
    for each in asking.range(query, window):
        job = (each.labels.get("namespace", ""), each.labels.get("job", ""))
        grown = counted(each, window)
        early = sum(value for at, value in grown.items() if at <= middle)
        one, two = found.get(job, (0.0, 0.0))
        found[job] = (one + early, two + sum(grown.values()) - early)
    return found


def _p95(asking: Asking) -> dict[Job, float]:
    buckets: dict[Job, dict[float, float]] = {}
    for each in asking.instant(SCAN_BUCKETS, asking.gpu):
        job = (each.labels.get("namespace", ""), each.labels.get("job", ""))
        upper = each.labels.get("le", "")
        if upper:
            buckets.setdefault(job, {})[float(upper)] = next(iter(each.points.values()))
    found = {job: bucket_quantile(0.95, table) for job, table in buckets.items()}
    return {job: value for job, value in found.items() if value is not None}
