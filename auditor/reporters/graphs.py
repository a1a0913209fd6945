"""Join graphs as Mermaid (for Markdown on GitHub and GitLab), as DOT (for Graphviz) and as JSON.

Several graphs become one drawing: what two workloads share is drawn once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from auditor.patterns import regex
from auditor.report import Graph, GraphEdge, GraphNode, to_json
from auditor.reporters.interface import place
from auditor.reporters.text import one_line, shorten

LABEL_LENGTH = 90
COLOURS = {
    "fail": "#b3122a",
    "error": "#7a2aa8",
    "waived": "#946200",
    "not-assessed": "#5b6675",
    "pass": "#1a7f4b",
}
"""Status → colour, readable on white and on black."""
BROKEN = COLOURS["fail"]
_SPECIAL = regex(r"""["#<>&`*%$\\~]|:(?=fa-)|^[-+]|(?<=\d)\.(?=\s)|(?<![^\W_])_|_(?![^\W_])""")
"""What Mermaid or its Markdown would take for more than text."""


def united(graphs: Iterable[Graph]) -> tuple[list[GraphNode], list[GraphEdge]]:
    """Nodes and edges of all graphs, each once; edges to nodes that are not there are left out."""
    nodes = {node.id: node for graph in graphs for node in graph.nodes}
    edges = {
        (edge.from_, edge.to, edge.label): edge
        for graph in graphs
        for edge in graph.edges
        if edge.from_ in nodes and edge.to in nodes
    }
    return list(nodes.values()), list(edges.values())


def mermaid(graphs: Sequence[Graph]) -> str:
    """A ``flowchart LR``; a join that does not hold is dotted, red and crossed."""
    nodes, edges = united(graphs)
    names = {node.id: f"n{at}" for at, node in enumerate(nodes)}
    lines = ["flowchart LR"]
    lines += [f'  {names[node.id]}["{_mermaid_text(_caption(node))}"]{_class(node)}' for node in nodes]
    lines += [f"  {names[edge.from_]} {_mermaid_arrow(edge)} {names[edge.to]}" for edge in edges]
    used = {node.status for node in nodes}
    lines += [
        f"  classDef {_class_name(status)} stroke:{colour},stroke-width:2px{_dashes(status)}"
        for status, colour in COLOURS.items()
        if status in used
    ]
    broken = ",".join(str(at) for at, edge in enumerate(edges) if not edge.ok)
    lines += [f"  linkStyle {broken} stroke:{BROKEN},stroke-width:2px"] if broken else []
    return "\n".join(lines) + "\n"


def _caption(node: GraphNode) -> str:
    return f"{one_line(node.kind)}: {one_line(node.label)}"


def _class_name(status: str) -> str:
    return status.replace("-", "_")


def _class(node: GraphNode) -> str:
    return f":::{_class_name(node.status)}" if node.status in COLOURS else ""


def _dashes(status: str) -> str:
    return ",stroke-dasharray:5 4" if status == "not-assessed" else ""


def _mermaid_arrow(edge: GraphEdge) -> str:
    said = shorten(one_line(edge.label), LABEL_LENGTH)
    label = said if edge.ok else f"✗ {said}"
    arrow = "-->" if edge.ok else "-.->"
    return f'{arrow}|"{_mermaid_text(label)}"|' if label else arrow


def _mermaid_text(text: str) -> str:
    """Text inside a quoted label: Mermaid's own character codes, which it shows as the character."""
    return _SPECIAL.sub(lambda found: f"#{ord(found.group())};", text)


def dot(graphs: Sequence[Graph]) -> str:
    """A ``digraph`` from left to right; a join that does not hold is dashed, red and crossed."""
    nodes, edges = united(graphs)
    names = {node.id: f"n{at}" for at, node in enumerate(nodes)}
    lines = [
        "digraph joins {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=11];',
        '  edge [fontname="sans-serif", fontsize=9];',
    ]
    lines += [f"  {names[node.id]} [{_dot_node(node)}];" for node in nodes]
    lines += [f"  {names[edge.from_]} -> {names[edge.to]} [{_dot_edge(edge)}];" for edge in edges]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_node(node: GraphNode) -> str:
    where = place(node.location) if node.location else ""
    parts = [_dot_text(one_line(part)) for part in (node.label, node.kind, where) if part]
    label = "\\n".join(parts)
    fields = [f'label="{label}"']
    if node.status in COLOURS:
        fields.append(f'color="{COLOURS[node.status]}"')
        fields.append(f'tooltip="{node.status}"')
    if node.status == "not-assessed":
        fields.append('style="rounded,dashed"')
    return ", ".join(fields)


def _dot_edge(edge: GraphEdge) -> str:
    label = _dot_text(shorten(one_line(edge.label), LABEL_LENGTH))
    if edge.ok:
        return f'label="{label}"'
    return f'label="✗ {label}", style=dashed, color="{BROKEN}", fontcolor="{BROKEN}"'


def _dot_text(text: str) -> str:
    """Text inside a quoted string: no escapes (``\\N``, ``\\G``) and no HTML entities of Graphviz's own."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def as_json(graphs: Sequence[Graph]) -> str:
    """The graphs as they stand in a JSON report, one beside the other."""
    return to_json(graphs).decode()


GRAPH_FORMATS: dict[str, Callable[[Sequence[Graph]], str]] = {"mermaid": mermaid, "dot": dot, "json": as_json}
"""Format → its renderer."""
