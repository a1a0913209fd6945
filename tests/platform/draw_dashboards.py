"""Pictures of the two dashboards over the synthetic day: ``python -m tests.platform.draw_dashboards`` writes them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.platform.prometheus import Prometheus
from tests.platform.synthetic import MINUTES, START, backfill, day, over_the_day, record
from tools.dashboard_picture import Line, draw
from tools.dashboards import DASHBOARDS

FOLDER = Path(__file__).parents[2] / "docs" / "architecture"
NOTE = (
    "Drawn from Prometheus' answers over a day that tests/platform/synthetic.py makes up: bursts of scans, "
    "from hour 20 on everything goes wrong. Not Grafana, which could not be had here; no figure was measured."
)
SPAN = (float(START), START + 60.0 * MINUTES)
EVERY = 5
"""Minutes between the points of a line."""


def lines(server: Prometheus, expr: str, legend: str) -> list[Line]:
    """A query's series over the day."""
    found = []
    for series in over_the_day(server, expr):
        text = _filled(legend, series["metric"])
        points = [(float(at), float(value)) for at, value in series["values"] if value != "NaN"]
        kept = [point for point in points if (point[0] - START) % (60 * EVERY) == 0] or points[-1:]
        if kept:
            found.append(Line(text, kept))
    return sorted(found)


def _filled(legend: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda name: labels.get(name[1], ""), legend).strip()


def pictures(server: Prometheus) -> dict[str, str]:
    """File name → SVG."""
    return {
        f"dashboard-{name}.svg": draw(
            dashboard, lambda expr, legend: lines(server, expr, legend), NOTE, SPAN, 60.0 * EVERY
        )
        for name, dashboard in DASHBOARDS.items()
    }


def main() -> None:
    """Write both."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        backfill(Path(folder), day())
        record(Path(folder), "prod")
        with Prometheus(Path(folder)) as server:
            for name, text in pictures(server).items():
                (FOLDER / name).write_text(text)
                print(name)


if __name__ == "__main__":
    main()
