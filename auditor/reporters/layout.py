"""Where the boxes of a join graph stand: layers from left to right, few crossings, always the same."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from auditor.report import Graph

SWEEPS = 4

Slot = str | tuple[str, str, int]
"""A node's id, or the place of a long edge in a column that it passes."""


class Position(NamedTuple):
    """A node's column (layer) and its row in that column, both from 0."""

    column: int
    row: int


class Layout(NamedTuple):
    """Positions of the nodes by id, and the free slots that a long edge passes through, by (from, to)."""

    nodes: dict[str, Position]
    bends: dict[tuple[str, str], list[Position]]


def layout(graph: Graph) -> Layout:
    """A position for every node id. Edges to unknown ids and from a node to itself move nothing."""
    ids = list(dict.fromkeys(node.id for node in graph.nodes))
    edges = _edges(graph, set(ids))
    forward = _forward(ids, edges)
    columns: dict[Slot, int] = {}
    columns.update(_columns(ids, forward))
    chains = [_chain(start, end, columns) for start, end in forward]
    columns.update({slot: slot[2] for chain in chains for slot in chain if isinstance(slot, tuple)})
    layers: list[list[Slot]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for slot, column in columns.items():
        layers[column].append(slot)
    _untangle(layers, chains)
    found = {slot: Position(at, row) for at, layer in enumerate(layers) for row, slot in enumerate(layer)}
    bends = {edge: _bends(edge, chain, found) for edge, chain in zip(edges, chains, strict=True)}
    return Layout({node: found[node] for node in ids}, bends)


def _chain(start: str, end: str, columns: dict[Slot, int]) -> list[Slot]:
    """The edge as steps from one column to the next."""
    between = range(columns[start] + 1, columns[end])
    return [start, *((start, end, column) for column in between), end]


def _bends(edge: tuple[str, str], chain: list[Slot], found: dict[Slot, Position]) -> list[Position]:
    inner = [found[slot] for slot in chain[1:-1]]
    return inner if chain[0] == edge[0] else inner[::-1]


def _edges(graph: Graph, known: set[str]) -> list[tuple[str, str]]:
    pairs = ((edge.from_, edge.to) for edge in graph.edges)
    return list(dict.fromkeys((a, b) for a, b in pairs if a != b and a in known and b in known))


def _forward(ids: list[str], edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges with those that close a cycle turned round."""
    followers: dict[str, list[str]] = {node: [] for node in ids}
    for start, end in edges:
        followers[start].append(end)
    done: dict[str, bool] = {}
    turned: set[tuple[str, str]] = set()
    for root in ids:
        if root in done:
            continue
        done[root] = False
        stack = [(root, iter(followers[root]))]
        while stack:
            node, rest = stack[-1]
            follower = next(rest, None)
            if follower is None:
                done[node] = True
                stack.pop()
            elif follower not in done:
                done[follower] = False
                stack.append((follower, iter(followers[follower])))
            elif not done[follower]:
                turned.add((node, follower))
    return [(b, a) if (a, b) in turned else (a, b) for a, b in edges]


def _columns(ids: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest way to each node; sources move right, next to what they lead to."""
    columns = dict.fromkeys(ids, 0)
    for _ in ids:
        moved = False
        for start, end in edges:
            if columns[end] <= columns[start]:
                columns[end] = columns[start] + 1
                moved = True
        if not moved:
            break
    targets = {end for _, end in edges}
    for node in ids:
        nexts = [columns[end] for start, end in edges if start == node]
        if nexts and node not in targets:
            columns[node] = min(nexts) - 1
    return columns


def _untangle(layers: list[list[Slot]], chains: list[list[Slot]]) -> None:
    """Order each layer by the mean row of its neighbours, to and fro."""
    neighbours: dict[Slot, list[Slot]] = {}
    for chain in chains:
        for start, end in pairwise(chain):
            neighbours.setdefault(start, []).append(end)
            neighbours.setdefault(end, []).append(start)
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            rows = {slot: row for other in layers for row, slot in enumerate(other)}
            wanted = {slot: _wish(slot, neighbours.get(slot, []), rows) for slot in layer}
            layer.sort(key=wanted.__getitem__)


def _wish(slot: Slot, neighbours: list[Slot], rows: dict[Slot, int]) -> tuple[float, int]:
    own = rows[slot]
    mean = sum(rows[other] for other in neighbours) / len(neighbours) if neighbours else float(own)
    return mean, own
