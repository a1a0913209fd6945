"""A request from samples: what would fit, how often it would have been too small, and when nothing can be said.

The samples are those of the pod of a workload that used most at each time: a request is written once for all of
them. The first part of the history chooses the size, the rest proves it: the share of held-out samples above the
size stands beside every suggestion.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Literal, NamedTuple

from auditor.usage.series import days_of, quantile

Resource = Literal["cpu", "memory"]

MIN_DAYS = 7.0
"""A week has a weekend: fewer days say nothing of it."""
MIN_SAMPLES = 48
TRAINED_SHARE = 0.7
CPU_QUANTILE, CPU_HEADROOM = 0.95, 1.15
"""CPU above the request is slow and not fatal."""
MEMORY_HEADROOM = 1.2
"""Memory above the limit kills: its size is the most that was seen, and a fifth."""
MILLI, MEBI = 1000, 1024 * 1024


class Suggestion(NamedTuple):
    """A request in base units (cores, bytes), as Kubernetes writes it, and its proof."""

    value: float
    text: str
    exceeded: float
    """Share of the held-out samples, 0 to 1, above the value."""
    tested: int
    """How many those are."""


def suggest(
    resource: Resource, points: Mapping[int, float], step: int, *, min_days: float = MIN_DAYS
) -> Suggestion | str:
    """The size for the samples ``time → use``; a string that says why there is none."""
    days = days_of(points, step)
    if days < min_days:
        return f"{days:.1f} days of history; a suggestion needs {min_days:g}"
    if len(points) < MIN_SAMPLES:
        return f"{len(points)} samples in {days:.1f} days; a suggestion needs {MIN_SAMPLES}"
    ordered = [points[at] for at in sorted(points)]
    trained = int(len(ordered) * TRAINED_SHARE)
    value = size(resource, ordered[:trained])
    rest = ordered[trained:]
    above = sum(each > value for each in rest)
    return Suggestion(value, written(resource, value), above / len(rest), len(rest))


def size(resource: Resource, values: list[float]) -> float:
    """The size that samples ask for, rounded up to what a manifest writes."""
    if resource == "cpu":
        return max(ceil(round(quantile(values, CPU_QUANTILE) * CPU_HEADROOM * MILLI, 6)), 1) / MILLI
    return float(max(ceil(round(max(values) * MEMORY_HEADROOM / MEBI, 6)), 1) * MEBI)


def written(resource: Resource, value: float) -> str:
    """``460m`` or ``512Mi``."""
    return f"{round(value * MILLI)}m" if resource == "cpu" else f"{round(value / MEBI)}Mi"


def idle_hours(requested: Mapping[int, float], used: Mapping[int, float], step: int) -> float:
    """Unit-hours that were asked for and not used: core-hours, byte-hours. Unknown use counts nothing."""
    return sum(max(amount - used[at], 0.0) for at, amount in requested.items() if at in used) * step / 3600
