"""Mermaid and DOT: nothing in a name can become markup, and both stay drawings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

from auditor.report import Graph, GraphEdge, GraphNode, Location
from auditor.reporters.graphs import as_json, dot, mermaid, united

NODES = (
    GraphNode("a", "worker", "Deployment", Location("app.yaml", 3), "fail"),
    GraphNode("b", "jobs", "aws_sqs_queue", Location("main.tf", 9), "not-assessed"),
    GraphNode("c", "gpu", "node group"),
)
EDGES = (GraphEdge("a", "b", "reads"), GraphEdge("a", "c", "does not fit", False))
GRAPH = Graph("Deployment worker", NODES, EDGES)

NASTY = (
    'a "quoted" name',
    "[x](y) {z} (w) |v|",
    "line\nbreak\r\n\ttab",
    "ünïcødé 日本 \u202eabc \udcff",
    "<b>&amp;</b><script>alert(1)</script>",
    "#quot; #35; %%{init: {}}%% %% comment",
    "`code` **bold** _it_ ~~x~~ $$x$$",
    "1. list",
    "- item",
    '"]; click n0 "https://example.com"',
    "back\\slash \\N \\",
    "fa:fa-ban",
    'end" -> n0 [label="x',
)

_MERMAID_NODE = re.compile(r'  (n\d+)\["((?:[^"])*)"\](?::::(\w+))?')
_MERMAID_EDGE = re.compile(r'  (n\d+) (-->|-\.->)(?:\|"([^"]*)"\|)? (n\d+)')
_DOT_STRING = r'"(?:[^"\\]|\\.)*"'
_DOT_FIELDS = rf"\[(?:\w+=(?:{_DOT_STRING}|\w+)(?:, )?)*\]"
_DOT_LINE = re.compile(
    rf"  (?:n\d+ {_DOT_FIELDS}|n\d+ -> n\d+ {_DOT_FIELDS}|(?:node|edge) {_DOT_FIELDS}|rankdir=LR);"
)


def nasty() -> Graph:
    """One node and one edge for each text that tries to be markup."""
    nodes = tuple(GraphNode(text, text, text, Location(text, 1), "fail") for text in NASTY)
    edges = tuple(GraphEdge(text, NASTY[at - 1], text, bool(at % 2)) for at, text in enumerate(NASTY))
    return Graph(NASTY[0], nodes, edges)


def shown(text: str) -> str:
    """Mermaid's character codes as the characters that it draws."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


def test_mermaid_shows_nodes_edges_and_verdicts() -> None:
    assert mermaid([GRAPH]) == (
        "flowchart LR\n"
        '  n0["Deployment: worker"]:::fail\n'
        '  n1["aws_sqs_queue: jobs"]:::not_assessed\n'
        '  n2["node group: gpu"]\n'
        '  n0 -->|"reads"| n1\n'
        '  n0 -.->|"✗ does not fit"| n2\n'
        "  classDef fail stroke:#b3122a,stroke-width:2px\n"
        "  classDef not_assessed stroke:#5b6675,stroke-width:2px,stroke-dasharray:5 4\n"
        "  linkStyle 1 stroke:#b3122a,stroke-width:2px\n"
    )


def test_every_line_of_hostile_mermaid_is_a_node_an_edge_or_a_style() -> None:
    first, *lines = mermaid([nasty()]).splitlines()
    assert first == "flowchart LR"
    nodes = [found for line in lines if (found := _MERMAID_NODE.fullmatch(line))]
    edges = [found for line in lines if (found := _MERMAID_EDGE.fullmatch(line))]
    styles = [line for line in lines if line.startswith(("  classDef ", "  linkStyle "))]
    assert (len(nodes), len(edges)) == (len(NASTY), len(NASTY))
    assert len(nodes) + len(edges) + len(styles) == len(lines)
    written = [found[2] for found in nodes] + [found[3] for found in edges]
    for text in written:
        assert not re.search(r"[<>&`*%$\\~]|\bfa:fa-|#(?!\d+;)", text), text


def test_mermaid_shows_what_was_written() -> None:
    lines = mermaid([nasty()]).splitlines()
    captions = [shown(found[2]) for line in lines if (found := _MERMAID_NODE.fullmatch(line))]
    assert 'a "quoted" name: a "quoted" name' in captions
    assert "line break tab: line break tab" in captions
    assert "ünïcødé 日本 \\u202eabc \\udcff: ünïcødé 日本 \\u202eabc \\udcff" in captions
    assert "1. list: 1. list" in captions


def test_dot_shows_nodes_edges_and_places() -> None:
    text = dot([GRAPH])
    assert 'n0 [label="worker\\nDeployment\\napp.yaml:3", color="#b3122a", tooltip="fail"];' in text
    assert 'n0 -> n1 [label="reads"];' in text
    assert 'n0 -> n2 [label="✗ does not fit", style=dashed,' in text


def test_every_line_of_hostile_dot_is_a_statement() -> None:
    first, *lines, last = dot([nasty()]).splitlines()
    assert (first, last) == ("digraph joins {", "}")
    assert all(_DOT_LINE.fullmatch(line) for line in lines), lines
    assert sum(" -> n" in line.split("[")[0] for line in lines) == len(NASTY)
    assert 'label="&lt;' not in "".join(lines) and "&amp;amp;" in "".join(lines)


def test_graphviz_takes_it() -> None:
    assert shutil.which("dot"), "Graphviz is missing: `make tools` installs it"
    done = subprocess.run(["dot", "-Tplain"], input=dot([nasty()]).encode(), capture_output=True, check=True)
    assert done.stdout.decode().count("\nnode ") == len(NASTY)
    assert done.stdout.decode().count("\nedge ") == len(NASTY)


def test_what_two_workloads_share_is_drawn_once() -> None:
    other = Graph("other", (GraphNode("d", "web", "Deployment"), NODES[1]), (GraphEdge("d", "b", "reads"),))
    nodes, edges = united([GRAPH, other])
    assert [node.id for node in nodes] == ["a", "b", "c", "d"]
    assert len(edges) == 3


def test_an_edge_into_nowhere_is_left_out() -> None:
    graph = Graph("x", NODES[:1], EDGES)
    assert "-->" not in mermaid([graph]) and "->" not in dot([graph])


def test_long_labels_are_cut() -> None:
    graph = Graph("x", NODES, (GraphEdge("a", "b", "long " * 100),))
    assert all(len(line) < 120 for line in mermaid([graph]).splitlines())


def test_nothing_is_an_empty_drawing() -> None:
    assert mermaid([]) == "flowchart LR\n"
    assert dot([]).startswith("digraph joins {") and dot([]).endswith("}\n")
    assert json.loads(as_json([])) == []


def test_json_is_what_the_report_holds() -> None:
    (graph,) = json.loads(as_json([nasty()]))
    assert len(graph["nodes"]) == len(graph["edges"]) == len(NASTY)
    assert graph["edges"][0]["from"] == NASTY[0] and graph["edges"][0]["ok"] is False
