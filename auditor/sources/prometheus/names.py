"""``SeriesNames``: the names of all metrics of the window, as the index has them. No series is read."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.sources.prometheus.asking import Asking, NoSeries, Row, span

KIND = "SeriesNames"


def read(asking: Asking) -> Iterator[Row]:
    """One row. Failed, NoSeries."""
    names = asking.names()
    if not names:
        raise NoSeries("there are no series at all", "scrape something, or look at --prometheus-selector")
    yield Row(KIND, "", "all", {"window": span(asking.usage), "names": names})
