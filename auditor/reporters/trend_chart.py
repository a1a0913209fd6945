"""Score and coverage over time. Plain SVG, no script: places in per cent of the width, so that text keeps its size."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from auditor.report import HistoryRun
from auditor.reporters.interface import number
from auditor.reporters.markup import Html, tag
from auditor.reporters.text import one_line

HEIGHT, TOP, BOTTOM = 190, 12, 160
LEFT, RIGHT = 5.0, 97.0
"""Per cent of the width between which runs stand: left of it are the figures of the scale."""
STEP = 10
"""The scale begins at a multiple of it, so that a loss of a point can still be seen."""


def trend_chart(runs: Sequence[HistoryRun]) -> Html:
    """Lines break where two runs cannot be compared, and where nothing was evaluated."""
    places, scale = _places(runs), _Scale(_lowest(runs))
    said = f"Score from {number(runs[0].score)} to {number(runs[-1].score)} over {len(runs)} runs"
    drawn = tag(
        "svg",
        *_grid(scale),
        *_line(runs, places, [run.coverage for run in runs], scale, "coverage"),
        *_line(runs, places, [run.score for run in runs], scale, "score-line"),
        *_dates(runs),
        class_="trend",
        width="100%",
        height=HEIGHT,
        role="img",
        aria_label=said,
    )
    keys = tag(
        "p",
        tag("span", "Score", class_="key score-line"),
        tag("span", "Coverage, %", class_="key coverage"),
        class_="keys",
    )
    return Html(drawn + keys)


def _places(runs: Sequence[HistoryRun]) -> list[float]:
    """By time; in even steps where a time cannot be read."""
    try:
        moments = [datetime.fromisoformat(run.generated_at).timestamp() for run in runs]
    except ValueError:
        moments = [float(at) for at in range(len(runs))]
    first, whole = moments[0], moments[-1] - moments[0]
    if whole <= 0:
        return [(LEFT + RIGHT) / 2] * len(runs)
    return [LEFT + (RIGHT - LEFT) * (moment - first) / whole for moment in moments]


class _Scale(NamedTuple):
    """From ``low`` at the bottom to 100 at the top."""

    low: float

    def height(self, value: float) -> float:
        """Pixels from the top."""
        share = (min(max(value, self.low), 100.0) - self.low) / (100 - self.low)
        return BOTTOM - (BOTTOM - TOP) * share


def _lowest(runs: Sequence[HistoryRun]) -> float:
    values = [value for run in runs for value in (run.score, run.coverage) if value is not None]
    return max(min(STEP * (min(values, default=0.0) // STEP), 100 - STEP), 0.0)


def _grid(scale: _Scale) -> list[Html]:
    lines = []
    for quarter in range(5):
        value = scale.low + (100 - scale.low) * quarter / 4
        y = scale.height(value)
        lines.append(
            tag("line", x1=f"{LEFT - 1}%", x2="100%", y1=f"{y:.1f}", y2=f"{y:.1f}", class_="trend-grid")
        )
        lines.append(tag("text", f"{value:g}", x=f"{LEFT - 1.6}%", y=f"{y + 4:.1f}", class_="trend-scale"))
    return lines


def _line(
    runs: Sequence[HistoryRun],
    places: Sequence[float],
    values: Sequence[float | None],
    scale: _Scale,
    name: str,
) -> list[Html]:
    drawn: list[Html] = []
    for at, (x, value) in enumerate(zip(places, values, strict=True)):
        if value is None:
            continue
        y = scale.height(value)
        before = values[at - 1] if at else None
        if before is not None and not runs[at].incomparable:
            drawn.append(_segment(places[at - 1], scale.height(before), x, y, name))
        label = f"{one_line(runs[at].generated_at)}: {number(value, 2)}"
        radius = 3.5 if name == "score-line" else 2
        drawn.append(tag("circle", tag("title", label), cx=f"{x:.2f}%", cy=f"{y:.1f}", r=radius, class_=name))
    return drawn


def _segment(x1: float, y1: float, x2: float, y2: float, name: str) -> Html:
    return tag("line", x1=f"{x1:.2f}%", x2=f"{x2:.2f}%", y1=f"{y1:.1f}", y2=f"{y2:.1f}", class_=name)


def _dates(runs: Sequence[HistoryRun]) -> list[Html]:
    first, last = (one_line(run.generated_at)[:10] for run in (runs[0], runs[-1]))
    ends = [("start", f"{LEFT}%", first)] if first != last else []
    return [
        tag("text", text, x=x, y=HEIGHT - 8, class_=f"trend-date {end}")
        for end, x, text in [*ends, ("end", f"{RIGHT}%", last)]
    ]
