"""The joins of a workload as SVG: boxes in layers from top to bottom, so that it fits a page and labels lie flat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import NamedTuple

from auditor.report import Graph, GraphEdge, GraphNode
from auditor.reporters.interface import place
from auditor.reporters.layout import Position, layout
from auditor.reporters.markup import Html, join, tag
from auditor.reporters.text import one_line, shorten

STEP_X, STEP_Y = 208, 138
BOX_WIDTH, BOX_HEIGHT = 186, 66
MARGIN = 12
LABEL_LENGTH, SMALL_LENGTH = 20, 26
EDGE_LABEL_LENGTH, EDGE_LABEL_LINES = 25, 2
LINE = 13
CHARACTER = 6.3
"""Width of a letter of an edge's label, on average."""
TRIED = (0.5, 0.36, 0.64, 0.25, 0.75, 0.15, 0.85)
"""How far along an edge its label is tried."""
MARKS = {"fail": "✗", "error": "!", "waived": "~", "not-assessed": "?", "pass": "✓"}


class Point(NamedTuple):
    """A place in the drawing, in pixels."""

    x: float
    y: float


class Rect(NamedTuple):
    """Room that something takes."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rect) -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Curve(NamedTuple):
    """One step of an edge: a cubic curve."""

    start: Point
    first: Point
    second: Point
    end: Point

    def at(self, share: float) -> Point:
        """The point at a share of the way."""
        rest = 1 - share
        weights = rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3
        return Point(
            sum(weight * point.x for weight, point in zip(weights, self, strict=True)),
            sum(weight * point.y for weight, point in zip(weights, self, strict=True)),
        )


def join_graph(graph: Graph, number_on_page: int) -> Html:
    """The nodes in layers; a join that does not hold is red, dashed and crossed."""
    found = layout(graph)
    corners = {node: _corner(at) for node, at in found.nodes.items()}
    edges = [edge for edge in graph.edges if (edge.from_, edge.to) in found.bends]
    lines = _lines(edges, corners, found.bends)
    taken = [_room(corner) for corner in corners.values()]
    width = MARGIN + max(
        [room.right for room in taken] + [step.end.x for line in lines for step in line] + [0.0]
    )
    arrow = f"arrow-{number_on_page}"
    drawn = [_edge(edge, line, taken, width, arrow) for edge, line in zip(edges, lines, strict=True)]
    boxes = [_box(node, corners[node.id]) for node in {node.id: node for node in graph.nodes}.values()]
    height = max((room.bottom for room in taken), default=0.0) + MARGIN
    return tag(
        "svg",
        _arrow(arrow),
        *(path for path, _ in drawn),
        *boxes,
        *(label for _, label in drawn),
        class_="graph",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=round(width),
        height=round(height),
        role="img",
        aria_label=f"Joins of {one_line(graph.name)}: {_told(graph)}",
    )


def joins_in_words(graph: Graph) -> Html:
    """What does not hold, and what the drawing has no room to say; a phone shows only a part of it anyway."""
    names = {node.id: f"{one_line(node.kind)} {one_line(node.label)}" for node in graph.nodes}
    rows = [
        tag(
            "li",
            tag("b", f"{names[edge.from_]} → {names[edge.to]}"),
            f": {one_line(edge.label)}",
            class_=None if edge.ok else "broken",
        )
        for edge in sorted(graph.edges, key=lambda edge: edge.ok)
        if edge.from_ in names and edge.to in names and not (edge.ok and _fits(edge))
    ]
    return tag("ul", *rows, class_="told") if rows else Html("")


def _fits(edge: GraphEdge) -> bool:
    return len(wrap(one_line(edge.label), EDGE_LABEL_LENGTH)) <= EDGE_LABEL_LINES


def _told(graph: Graph) -> str:
    names = {node.id: one_line(node.label) for node in graph.nodes}
    return "; ".join(
        f"{names.get(edge.from_, '?')} {one_line(edge.label)} {names.get(edge.to, '?')}"
        f"{'' if edge.ok else ' (does not hold)'}"
        for edge in graph.edges
    )


def _corner(at: Position) -> Point:
    """The upper left corner of a box."""
    return Point(MARGIN + at.across * STEP_X - STEP_X / 2, MARGIN + at.layer * STEP_Y)


def _room(corner: Point) -> Rect:
    return Rect(corner.x, corner.y, corner.x + BOX_WIDTH, corner.y + BOX_HEIGHT)


def _arrow(name: str) -> Html:
    head = tag("path", d="M0 0L8 4L0 8z", class_="arrow")
    size: dict[str, int | str] = {"markerWidth": 9, "markerHeight": 9, "refX": 8, "refY": 4}
    return tag("defs", tag("marker", head, id=name, **size, orient="auto", markerUnits="userSpaceOnUse"))


def _box(node: GraphNode, corner: Point) -> Html:
    where = one_line(place(node.location)) if node.location else ""
    x, y = corner
    mark = MARKS.get(node.status, "")
    label = shorten(one_line(node.label), LABEL_LENGTH)
    return tag(
        "g",
        tag("title", f"{one_line(node.label)}\n{one_line(node.kind)}  {where}  {node.status}"),
        tag(
            "rect",
            x=f"{x:.0f}",
            y=f"{y:.0f}",
            width=BOX_WIDTH,
            height=BOX_HEIGHT,
            rx=8,
            class_=f"box status-{node.status or 'none'}",
        ),
        _text(label, x + 11, y + 21, "box-label"),
        _text(mark, x + BOX_WIDTH - 20, y + 21, f"box-mark {node.status}") if mark else "",
        _text(shorten(one_line(node.kind), SMALL_LENGTH), x + 11, y + 38, "box-kind"),
        _text(_tail(where), x + 11, y + 54, "box-kind") if where else "",
    )


def _text(text: str, x: float, y: float, style: str) -> Html:
    return tag("text", text, x=f"{x:.0f}", y=f"{y:.0f}", class_=style)


def _tail(text: str) -> str:
    return text if len(text) <= SMALL_LENGTH else "…" + text[len(text) - SMALL_LENGTH + 1 :]


def _lines(
    edges: Sequence[GraphEdge], corners: dict[str, Point], bends: dict[tuple[str, str], list[Position]]
) -> list[list[Curve]]:
    """The curves of every edge, from box to box through its bends."""
    passed = [[_lane(at) for at in bends[edge.from_, edge.to]] for edge in edges]
    leaving: dict[str, list[tuple[float, int]]] = {}
    arriving: dict[str, list[tuple[float, int]]] = {}
    for at, edge in enumerate(edges):
        ways = [corners[edge.from_], *passed[at], corners[edge.to]]
        leaving.setdefault(edge.from_, []).append((ways[1].x, at))
        arriving.setdefault(edge.to, []).append((ways[-2].x, at))
    return [
        _curves(
            _port(corners[edge.from_], leaving[edge.from_], at),
            passed[at],
            _port(corners[edge.to], arriving[edge.to], at),
        )
        for at, edge in enumerate(edges)
    ]


def _lane(at: Position) -> Point:
    return Point(MARGIN + at.across * STEP_X - (STEP_X - BOX_WIDTH) / 2, MARGIN + at.layer * STEP_Y)


def _port(corner: Point, ends: list[tuple[float, int]], edge: int) -> Point:
    """Where an edge meets its box: side by side with the others, in the order they come from."""
    order = [each for _, each in sorted(ends)]
    share = (order.index(edge) + 1) / (len(order) + 1)
    return Point(corner.x + BOX_WIDTH * share, corner.y)


def _curves(start: Point, passed: list[Point], end: Point) -> list[Curve]:
    down = end.y > start.y
    leave = Point(start.x, start.y + BOX_HEIGHT) if down else start
    reach = Point(end.x, end.y - 2) if down else Point(end.x, end.y + BOX_HEIGHT + 2)
    stops = [leave]
    for lane in passed:
        near, far = lane, Point(lane.x, lane.y + BOX_HEIGHT)
        stops += [near, far] if down else [far, near]
    stops.append(reach)
    return [_curve(one, other) for one, other in pairwise(stops)]


def _curve(start: Point, end: Point) -> Curve:
    half = (end.y - start.y) / 2
    return Curve(start, Point(start.x, start.y + half), Point(end.x, end.y - half), end)


def _edge(
    edge: GraphEdge, line: list[Curve], taken: list[Rect], width: float, arrow: str
) -> tuple[Html, Html]:
    """The line and its label; the label's room is taken for those that follow."""
    broken = "" if edge.ok else " broken"
    path = f"M{_pair(line[0].start)}" + "".join(
        f"C{_pair(each.first)} {_pair(each.second)} {_pair(each.end)}" for each in line
    )
    title = tag("title", one_line(edge.label))
    drawn = tag(
        "g", title, tag("path", d=path, marker_end=f"url(#{arrow})", class_="edge"), class_=f"join{broken}"
    )
    rows = _rows(f"{'' if edge.ok else '✗ '}{one_line(edge.label)}")
    if not rows:
        return drawn, Html("")
    room = _free(line, rows, taken, width)
    taken.append(room)
    middle = (room.left + room.right) / 2
    texts = join(_text(row, middle, room.top + LINE * at + 10, "edge-label") for at, row in enumerate(rows))
    return drawn, tag("g", title, texts, class_=f"join{broken}")


def _pair(point: Point) -> str:
    return f"{point.x:.0f} {point.y:.0f}"


def _rows(text: str) -> list[str]:
    rows = wrap(text, EDGE_LABEL_LENGTH)
    if len(rows) > EDGE_LABEL_LINES:
        last = shorten(f"{rows[EDGE_LABEL_LINES - 1]} {rows[EDGE_LABEL_LINES]}", EDGE_LABEL_LENGTH)
        rows = [*rows[: EDGE_LABEL_LINES - 1], last if last.endswith("…") else f"{last}…"]
    return rows


def _free(line: list[Curve], rows: list[str], taken: list[Rect], width: float) -> Rect:
    """Room for a label on its edge that nothing else takes; the middle where there is none."""
    rooms = list(_rooms(line, rows, width))
    return next((room for room in rooms if not any(room.meets(other) for other in taken)), rooms[0])


def _rooms(line: list[Curve], rows: list[str], width: float) -> Iterator[Rect]:
    half = max(len(row) for row in rows) * CHARACTER / 2
    tall = LINE * len(rows)
    for curve in [line[0], line[-1], *line[1:-1]]:
        for share in TRIED:
            x, y = curve.at(share)
            x = min(max(x, half + 2), max(width - half - 2, half + 2))
            yield Rect(x - half, y - tall / 2, x + half, y + tall / 2)


def status_key() -> Html:
    """What the colours and marks of the graph mean."""
    return tag(
        "p",
        join(tag("span", f"{mark} {name}", class_=f"key status-{name}") for name, mark in MARKS.items()),
        class_="keys",
    )
