"""The charts of the HTML page: the score, whole and by category. Plain SVG, no script.

Bars are measured in per cent and rows in pixels, so that text keeps its size on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.report import CategoryScore
from auditor.reporters.interface import number
from auditor.reporters.markup import Html, tag
from auditor.reporters.text import one_line
from auditor.score import GRADES

ROW = 40


def grade_class(score: float | None) -> str:
    """The style of a score: by its grade."""
    letter = "none" if score is None else next((letter for bound, letter in GRADES if score >= bound), "F")
    return f"grade-{letter.lower()}"


def category_chart(rows: Sequence[CategoryScore]) -> Html:
    """One bar a category, 0 to 100, with how many owners failed."""
    bars = [_bar(row, at * ROW) for at, row in enumerate(rows)]
    said = ", ".join(f"{one_line(row.category)} {number(row.score)}" for row in rows)
    label = f"Score by category: {said}"
    return tag(
        "svg", *bars, class_="bars", width="100%", height=len(rows) * ROW, role="img", aria_label=label
    )


def _bar(row: CategoryScore, top: int) -> Html:
    score = row.score or 0.0
    return tag(
        "g",
        tag("text", one_line(row.category), x="0", y=top + 14, class_="bar-name"),
        tag(
            "text",
            f"{number(row.score)} · {row.failed} of {row.evaluated} failed",
            x="100%",
            y=top + 14,
            class_="bar-value",
        ),
        tag("rect", x="0", y=top + 20, width="100%", height=10, rx=5, class_="bar-rest"),
        tag(
            "rect",
            x="0",
            y=top + 20,
            width=f"{score:.1f}%",
            height=10,
            rx=5,
            class_=f"bar {grade_class(row.score)}",
        ),
    )


def score_ring(score: float | None) -> Html:
    """The score as an arc; the number stands in the page's text as well."""
    around = 2 * 3.14159265 * 52
    filled = around * (score or 0.0) / 100
    return tag(
        "svg",
        tag("circle", cx=60, cy=60, r=52, class_="ring-rest"),
        tag(
            "circle",
            cx=60,
            cy=60,
            r=52,
            class_=f"ring {grade_class(score)}",
            stroke_dasharray=f"{filled:.1f} {around:.1f}",
            transform="rotate(-90 60 60)",
        ),
        tag("text", number(score), x=60, y=68, class_="ring-text"),
        class_="score-ring",
        viewBox="0 0 120 120",
        width=120,
        height=120,
        role="img",
        aria_label=f"Score {number(score)} of 100",
    )
