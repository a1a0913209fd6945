"""Time series as Prometheus gives them, and what is asked of one. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import ceil, isfinite
from typing import NamedTuple

DAY = 86_400
HOUR = 3_600


class Series(NamedTuple):
    """One series: its labels, and ``time → value`` in the order of time. Values are finite."""

    labels: Mapping[str, str]
    points: Mapping[int, float]


class Window(NamedTuple):
    """From ``start`` to ``end`` in steps of ``step`` seconds; all three are multiples of the step."""

    start: int
    end: int
    step: int

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.end - self.start

    def times(self) -> range:
        """Every evaluation time but the first: the value at one speaks of the step before it."""
        return range(self.start + self.step, self.end + 1, self.step)


def window_before(now: float, days: float, step: int) -> Window:
    """The last ``days`` before ``now``, aligned to the step, so that the same question has the same answer."""
    end = int(now // step) * step
    return Window(end - int(days * DAY // step) * step, end, step)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least ``share`` (0 to 1) of ``values`` do not exceed. ValueError for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


def finite(points: Iterable[tuple[float, str]], times: dict[float, int] | None = None) -> dict[int, float]:
    """Prometheus' pairs of time and text, without NaN and infinities. ``times`` are shared by series of one window."""
    known = {} if times is None else times
    found = ((known.setdefault(at, int(at)), float(text)) for at, text in points)
    return {at: value for at, value in found if isfinite(value)}


def counted(series: Series, window: Window) -> dict[int, float]:
    """How much a counter grew in each step.

    A fall is a restart: what it shows then has been counted since. A counter that appears after the window's
    first step began at 0: a worker started from zero loses no scan. One that was there already has an unknown past.
    """
    grown: dict[int, float] = {}
    before: float | None = None
    for at, value in series.points.items():
        if before is None:
            grown[at] = value if at > window.start else 0.0
        else:
            grown[at] = value - before if value >= before else value
        before = value
    return grown


def total(series: Iterable[Series], window: Window) -> float:
    """All that counters grew in a window."""
    return sum(sum(counted(each, window).values()) for each in series)


def days_of(times: Collection[int], step: int) -> float:
    """Days between the first sample and the last, each standing for its step."""
    return (max(times) - min(times) + step) / DAY if times else 0.0
