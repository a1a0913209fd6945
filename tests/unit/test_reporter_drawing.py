"""The join drawing of the HTML page: nothing lies on anything else, whatever hangs together with whatever."""

from __future__ import annotations

import re
from itertools import combinations
from random import Random
from xml.etree import ElementTree

import pytest

from auditor.report import Graph, GraphEdge, GraphNode, Location
from auditor.reporters.join_drawing import BOX_HEIGHT, BOX_WIDTH, join_graph, joins_in_words
from auditor.reporters.layout import layout

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def chain(length: int) -> Graph:
    """Nodes in a row."""
    nodes = tuple(GraphNode(str(at), f"node {at}", "Kind") for at in range(length))
    return Graph("chain", nodes, tuple(GraphEdge(str(at), str(at + 1), "next") for at in range(length - 1)))


def anything(seed: int) -> Graph:
    """A graph of any shape: cycles, several parts, edges into nowhere and from a node to itself."""
    random = Random(seed)
    size = random.randint(1, 14)
    nodes = tuple(GraphNode(str(at), f"a rather long name {at}", "Deployment") for at in range(size))
    edges = tuple(
        GraphEdge(
            str(random.randrange(size + 1)), str(random.randrange(size)), "some words", random.random() < 0.7
        )
        for _ in range(random.randint(0, 2 * size))
    )
    return Graph("anything", nodes, edges)


def boxes(graph: Graph) -> tuple[ElementTree.Element, list[tuple[float, float]]]:
    """The drawing, and the upper left corners of its boxes."""
    svg = ElementTree.fromstring(join_graph(graph, 0))
    found = [each for each in svg.iter("rect") if (each.get("class") or "").startswith("box ")]
    return svg, [(float(each.get("x", "")), float(each.get("y", ""))) for each in found]


@pytest.mark.parametrize("seed", range(60))
def test_boxes_never_overlap_and_all_lies_inside(seed: int) -> None:
    graph = anything(seed)
    svg, corners = boxes(graph)
    assert len(corners) == len(graph.nodes)
    for (ax, ay), (bx, by) in combinations(corners, 2):
        assert abs(ax - bx) >= BOX_WIDTH or abs(ay - by) >= BOX_HEIGHT
    width, height = float(svg.get("width", "")), float(svg.get("height", ""))
    assert all(x >= 0 and x + BOX_WIDTH <= width and y >= 0 and y + BOX_HEIGHT <= height for x, y in corners)
    for path in svg.iter("path"):
        if path.get("class") == "edge":
            numbers = [float(each) for each in _NUMBER.findall(path.get("d", ""))]
            assert all(0 <= x <= width for x in numbers[::2]) and all(0 <= y <= height for y in numbers[1::2])


@pytest.mark.parametrize("seed", range(20))
def test_a_drawing_is_the_same_each_time(seed: int) -> None:
    assert join_graph(anything(seed), 1) == join_graph(anything(seed), 1)


def test_what_follows_stands_below() -> None:
    found = layout(chain(5)).nodes
    assert [found[str(at)].layer for at in range(5)] == [0, 1, 2, 3, 4]
    assert len({position.across for position in found.values()}) == 1, "a chain is a straight line"


def test_a_long_edge_passes_beside_the_boxes() -> None:
    graph = chain(4)
    graph = Graph("x", graph.nodes, (*graph.edges, GraphEdge("0", "3", "far")))
    found = layout(graph)
    lanes = found.bends["0", "3"]
    assert [lane.layer for lane in lanes] == [1, 2]
    for lane in lanes:
        box = found.nodes[str(lane.layer)]
        assert abs(lane.across - box.across) >= 0.5


def test_labels_keep_clear_of_boxes_and_of_each_other() -> None:
    centre = GraphNode("c", "centre", "Deployment")
    ends = tuple(GraphNode(str(at), f"end {at}", "Kind") for at in range(4))
    edges = tuple(GraphEdge("c", end.id, f"a label of some length {end.id}") for end in ends)
    svg, corners = boxes(Graph("star", (centre, *ends), edges))
    labels = [
        (float(each.get("x", "")), float(each.get("y", "")))
        for each in svg.iter("text")
        if each.get("class") == "edge-label"
    ]
    assert len(labels) == 4
    for x, y in labels:
        assert not any(cx < x < cx + BOX_WIDTH and cy < y - 4 < cy + BOX_HEIGHT for cx, cy in corners)
    assert all(abs(ax - bx) > 60 or abs(ay - by) > 12 for (ax, ay), (bx, by) in combinations(labels, 2))


def test_broken_and_cut_joins_are_said_in_words() -> None:
    nodes = tuple(GraphNode(name, name, "Kind", Location("a.yaml", 1)) for name in "abc")
    edges = (
        GraphEdge("a", "b", "short"),
        GraphEdge("a", "c", "words that are far too many for the two lines that a label has in the drawing"),
        GraphEdge("b", "c", "<b>broken</b>", False),
    )
    said = joins_in_words(Graph("x", nodes, edges))
    assert said.index("&lt;b&gt;broken") < said.index("words that are far")
    assert "short" not in said and said.count("<li") == 2
    assert joins_in_words(Graph("x", nodes, edges[:1])) == ""


def test_an_empty_graph_is_an_empty_drawing() -> None:
    assert boxes(Graph("nothing", ()))[1] == []
