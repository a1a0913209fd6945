"""Score and coverage over time. Plain SVG, no script: places in per cent of the width, so that text keeps its size."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from auditor.report import HistoryRun
from auditor.reporters.interface import number
from auditor.reporters.markup import Html, tag
from auditor.reporters.text import one_line

HEIGHT, TOP, BOTTOM = 190, 12, 160
LEFT, RIGHT = 5.0, 97.0
"""Per cent of the width between which runs stand: left of it are the figures of the scale."""
GRID = (0, 25, 50, 75, 100)


def trend_chart(runs: Sequence[HistoryRun]) -> Html:
    """Lines break where two runs cannot be compared, and where nothing was evaluated."""
    places = _places(runs)
    said = f"Score from {number(runs[0].score)} to {number(runs[-1].score)} over {len(runs)} runs"
    drawn = tag(
        "svg",
        *_grid(),
        *_line(runs, places, [run.coverage for run in runs], "coverage"),
        *_line(runs, places, [run.score for run in runs], "score-line"),
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


def _height(value: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * min(max(value, 0.0), 100.0) / 100


def _grid() -> list[Html]:
    lines = []
    for value in GRID:
        y = f"{_height(value):.1f}"
        lines.append(tag("line", x1=f"{LEFT - 1}%", x2="100%", y1=y, y2=y, class_="trend-grid"))
        lines.append(
            tag("text", str(value), x=f"{LEFT - 1.6}%", y=f"{_height(value) + 4:.1f}", class_="trend-scale")
        )
    return lines


def _line(
    runs: Sequence[HistoryRun], places: Sequence[float], values: Sequence[float | None], name: str
) -> list[Html]:
    drawn: list[Html] = []
    for at, (x, value) in enumerate(zip(places, values, strict=True)):
        if value is None:
            continue
        before = values[at - 1] if at else None
        if before is not None and not runs[at].incomparable:
            drawn.append(_segment(places[at - 1], before, x, value, name))
        label = f"{one_line(runs[at].generated_at)}: {number(value)}"
        drawn.append(
            tag(
                "circle",
                tag("title", label),
                cx=f"{x:.2f}%",
                cy=f"{_height(value):.1f}",
                r=3.5 if name == "score-line" else 2,
                class_=name,
            )
        )
    return drawn


def _segment(x1: float, before: float, x2: float, after: float, name: str) -> Html:
    y1, y2 = (f"{_height(value):.1f}" for value in (before, after))
    return tag("line", x1=f"{x1:.2f}%", x2=f"{x2:.2f}%", y1=y1, y2=y2, class_=name)


def _dates(runs: Sequence[HistoryRun]) -> list[Html]:
    first, last = (one_line(run.generated_at)[:10] for run in (runs[0], runs[-1]))
    ends = [("start", f"{LEFT}%", first)] if first != last else []
    return [
        tag("text", text, x=x, y=HEIGHT - 8, class_=f"trend-date {end}")
        for end, x, text in [*ends, ("end", f"{RIGHT}%", last)]
    ]
