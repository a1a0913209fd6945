"""A dashboard as SVG, from what Prometheus answers to its queries: Grafana could not be had where this was made."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from tools.dashboards import Dashboard, Panel

WIDTH, HEIGHT, GAP, HEAD = 460, 230, 14, 56
COLUMNS = 3
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 34, 44
"""Room around a panel's plot."""
COLOURS = ("#2a6fdb", "#d9822b", "#1a7f4b", "#b3122a", "#7b4bb7", "#0f8b8d", "#8a6d00", "#c2418e", "#55606e")


class Line(NamedTuple):
    """One series: its legend, and (seconds, value) in order."""

    legend: str
    points: Sequence[tuple[float, float]]


Answer = Callable[[str, str], list[Line]]
"""Query and legend → lines."""


def draw(dashboard: Dashboard, answer: Answer, note: str, span: tuple[float, float], gap_s: float) -> str:
    """The whole dashboard.

    ``note`` stands below its title, ``span`` is the first and last second that is shown; samples further apart than
    ``gap_s`` are not joined.
    """
    rows = math.ceil(len(dashboard.panels) / COLUMNS)
    width, height = COLUMNS * (WIDTH + GAP) + GAP, HEAD + rows * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#f4f5f7"/>',
        f'<text x="{GAP}" y="24" font-size="17" font-weight="bold">{escape(dashboard.title)}</text>',
        f'<text x="{GAP}" y="43" fill="#55606e">{escape(note)}</text>',
    ]
    for number, panel in enumerate(dashboard.panels):
        row, column = divmod(number, COLUMNS)
        x, y = GAP + column * (WIDTH + GAP), HEAD + row * (HEIGHT + GAP)
        lines = [line for query in panel.queries for line in answer(query.expr, query.legend)]
        parts.append(f'<g transform="translate({x} {y})">{_panel(panel, lines, span, gap_s)}</g>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, lines: list[Line], span: tuple[float, float], gap_s: float) -> str:
    frame = f'<rect width="{WIDTH}" height="{HEIGHT}" rx="4" fill="white" stroke="#d5d9e0"/>'
    title = f'<text x="12" y="21" font-weight="bold">{escape(panel.title)}</text>'
    values = [value for line in lines for _, value in line.points]
    if not values:
        return f'{frame}{title}<text x="{WIDTH // 2}" y="{HEIGHT // 2}" text-anchor="middle">no data</text>'
    body = _number(panel, lines) if panel.kind == "stat" else _plot(panel, lines, max(values), span, gap_s)
    return frame + title + body


def _number(panel: Panel, lines: list[Line]) -> str:
    value = lines[0].points[-1][1]
    return (
        f'<text x="{WIDTH // 2}" y="{HEIGHT // 2 + 20}" text-anchor="middle" font-size="44" fill="{COLOURS[0]}">'
        f"{shown(value, panel.unit)}</text>"
    )


def _plot(panel: Panel, lines: list[Line], most: float, span: tuple[float, float], gap_s: float) -> str:
    unit = 2.0**30 if panel.unit == "bytes" else 1.0
    top = unit * nice(most / unit)
    first, last = span
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(at: float, value: float) -> str:
        x = LEFT + across * (at - first) / max(last - first, 1)
        return f"{x:.1f},{TOP + down * (1 - min(value / top, 1)):.1f}"

    parts = []
    for step in range(5):
        y = TOP + down * step / 4
        label = shown(top * (4 - step) / 4, panel.unit)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#e6e9ee"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end" fill="#55606e">{label}</text>')
    for hour in range(0, int((last - first) // 3600) + 1, 6):
        x = LEFT + across * 3600 * hour / max(last - first, 1)
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle" fill="#55606e">{hour} h</text>'
        )
    for number, line in enumerate(lines):
        for run in _runs(line.points, gap_s):
            path = " ".join(place(at, value) for at, value in run)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="1.5"/>'
            )
    return "".join(parts) + _legend(lines)


def _legend(lines: list[Line]) -> str:
    parts, x = [], LEFT
    for number, line in enumerate(lines):
        text = line.legend if len(line.legend) <= 24 else line.legend[:23] + "…"
        if x + 24 + 6 * len(text) > WIDTH - 60:
            parts.append(
                f'<text x="{x}" y="{HEIGHT - 11}" fill="#55606e">and {len(lines) - number} more</text>'
            )
            break
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<rect x="{x}" y="{HEIGHT - 19}" width="9" height="9" fill="{colour}"/>')
        parts.append(f'<text x="{x + 13}" y="{HEIGHT - 11}">{escape(text)}</text>')
        x += 24 + round(6.1 * len(text))
    return "".join(parts)


def _runs(points: Sequence[tuple[float, float]], gap_s: float) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = []
    for point in points:
        if not runs or point[0] - runs[-1][-1][0] > gap_s:
            runs.append([])
        runs[-1].append(point)
    return [run if len(run) > 1 else [*run, *run] for run in runs]


def nice(most: float) -> float:
    """The axis' end: 1, 2, 4, 5 or 8 times a power of ten, at or above ``most``."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next((step * power for step in (1, 2, 4, 5, 8) if step * power >= most * 0.999), 10 * power)


def shown(value: float, unit: str) -> str:
    """A value as Grafana would show it in that unit."""
    if unit == "bytes":
        return f"{value / 2**30:.1f} GiB"
    if unit == "percentunit":
        return f"{100 * value:.0f} %"
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return {"currencyUSD": f"${digits}", "s": f"{digits} s"}.get(unit, digits)
