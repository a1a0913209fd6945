"""The drawings of the HTML page: score by category, and the joins of a workload. Plain SVG, no script.

Bars are measured in per cent and rows in pixels, so that text keeps its size on a phone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from auditor.report import CategoryScore, Graph, GraphEdge, GraphNode
from auditor.reporters.interface import number, place
from auditor.reporters.layout import Position, layout
from auditor.reporters.markup import Html, join, tag
from auditor.reporters.text import one_line, shorten
from auditor.score import GRADES

ROW = 40
BOX_WIDTH, BOX_HEIGHT = 212, 54
GAP_X, GAP_Y = 120, 34
MARGIN = 16
LABEL_LENGTH, EDGE_LABEL_LENGTH = 30, 22


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


def join_graph(graph: Graph, number_on_page: int) -> Html:
    """The nodes in layers, left to right; a join that does not hold is red, dashed and crossed."""
    found = layout(graph)
    used = [*found.nodes.values(), *(at for bends in found.bends.values() for at in bends)]
    rows = Counter(at.column for at in used)
    tallest = max(rows.values(), default=0)
    boxes = {node: _corner(at, rows[at.column], tallest) for node, at in found.nodes.items()}
    bends = {
        edge: [_corner(at, rows[at.column], tallest) for at in passed] for edge, passed in found.bends.items()
    }
    width = max((x for x, _ in boxes.values()), default=0) + BOX_WIDTH + MARGIN
    height = 2 * MARGIN + tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y
    arrow = f"arrow-{number_on_page}"
    drawn = [
        _edge(edge, [boxes[edge.from_], *bends[edge.from_, edge.to], boxes[edge.to]], arrow)
        for edge in graph.edges
        if (edge.from_, edge.to) in bends
    ]
    drawn += [_box(node, *boxes[node.id]) for node in {node.id: node for node in graph.nodes}.values()]
    return tag(
        "svg",
        _arrow(arrow),
        *drawn,
        class_="graph",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=f"Joins of {one_line(graph.name)}: {_told(graph)}",
    )


def _told(graph: Graph) -> str:
    names = {node.id: one_line(node.label) for node in graph.nodes}
    return "; ".join(
        f"{names.get(edge.from_, '?')} {one_line(edge.label)} {names.get(edge.to, '?')}"
        f"{'' if edge.ok else ' (does not hold)'}"
        for edge in graph.edges
    )


def _corner(at: Position, rows: int, tallest: int) -> tuple[int, int]:
    """The upper left corner; shorter columns are centred."""
    offset = (tallest - rows) * (BOX_HEIGHT + GAP_Y) // 2
    return MARGIN + at.column * (BOX_WIDTH + GAP_X), MARGIN + offset + at.row * (BOX_HEIGHT + GAP_Y)


def _arrow(name: str) -> Html:
    head = tag("path", d="M0 0L8 4L0 8z", class_="arrow")
    return tag(
        "defs",
        tag("marker", head, id=name, markerWidth=8, markerHeight=8, refX=8, refY=4, orient="auto"),
    )


def _box(node: GraphNode, x: int, y: int) -> Html:
    where = place(node.location) if node.location else ""
    return tag(
        "g",
        tag("title", f"{one_line(node.label)}\n{one_line(node.kind)}  {where}  {node.status}"),
        tag(
            "rect",
            x=x,
            y=y,
            width=BOX_WIDTH,
            height=BOX_HEIGHT,
            rx=8,
            class_=f"box status-{node.status or 'none'}",
        ),
        tag("text", shorten(one_line(node.label), LABEL_LENGTH), x=x + 12, y=y + 22, class_="box-label"),
        tag("text", _tail(where or one_line(node.kind)), x=x + 12, y=y + 41, class_="box-kind"),
    )


def _tail(text: str) -> str:
    limit = LABEL_LENGTH + 4
    return text if len(text) <= limit else "…" + text[len(text) - limit + 1 :]


def _edge(edge: GraphEdge, corners: list[tuple[int, int]], arrow: str) -> Html:
    path, x, y = _curve(corners)
    label = shorten(one_line(edge.label), EDGE_LABEL_LENGTH)
    text = f"{'' if edge.ok else '✗ '}{label}"
    return tag(
        "g",
        tag("title", one_line(edge.label)),
        tag("path", d=path, marker_end=f"url(#{arrow})", class_="edge"),
        tag("text", text, x=x, y=y, class_="edge-label") if text else "",
        class_="join" if edge.ok else "join broken",
    )


def _curve(corners: list[tuple[int, int]]) -> tuple[str, int, int]:
    """The path over all corners from the first box to the last, and where its label stands."""
    step = BOX_WIDTH if corners[0][0] < corners[-1][0] else -BOX_WIDTH
    middle = BOX_HEIGHT // 2
    (ax, ay), *passed, (bx, by) = corners
    x, y = ax + max(step, 0), ay + middle
    path = f"M{x} {y}"
    label = (0, 0)
    for at, (cx, cy) in enumerate([*passed, (bx, by)]):
        near = cx + max(-step, 0)
        last = at == len(passed)
        tip = near - (2 if step > 0 else -2) if last else near
        half = (tip - x) // 2
        path += f"C{x + half} {y} {tip - half} {cy + middle} {tip} {cy + middle}"
        label = label if at else ((x + tip) // 2, (y + cy + middle) // 2 - 6)
        x, y = near + step, cy + middle
        path += "" if last else f"H{x}"
    return path, *label


def status_key() -> Html:
    """What the colours of the graph mean."""
    names = ("fail", "error", "waived", "not-assessed", "pass")
    return tag("p", join(tag("span", name, class_=f"key status-{name}") for name in names), class_="keys")
