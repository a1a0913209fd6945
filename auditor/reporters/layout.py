"""Where the boxes of a join graph stand: layers from top to bottom, few crossings, always the same."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from auditor.report import Graph

SWEEPS = 4
LANE = 0.28
"""Width of the lane that a long edge takes in a layer it passes, where a box takes 1."""

Slot = str | tuple[str, str, int]
"""A node's id, or the place of a long edge in a layer that it passes."""


class Position(NamedTuple):
    """A node's layer from 0, and its middle across, in widths of a box; the leftmost box begins at 0."""

    layer: int
    across: float


class Layout(NamedTuple):
    """Positions of the nodes by id, and those that a long edge passes through, by (from, to)."""

    nodes: dict[str, Position]
    bends: dict[tuple[str, str], list[Position]]


def layout(graph: Graph) -> Layout:
    """A position for every node id. Edges to unknown ids and from a node to itself move nothing."""
    ids = list(dict.fromkeys(node.id for node in graph.nodes))
    edges = _edges(graph, set(ids))
    forward = _forward(ids, edges)
    depths: dict[Slot, int] = {}
    depths.update(_depths(ids, forward))
    chains = [_chain(start, end, depths) for start, end in forward]
    depths.update({slot: slot[2] for chain in chains for slot in chain if isinstance(slot, tuple)})
    layers: list[list[Slot]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for slot, depth in depths.items():
        layers[depth].append(slot)
    neighbours = _neighbours(chains)
    _untangle(layers, neighbours)
    across = _across(layers, neighbours)
    found = {slot: Position(depth, across[slot]) for slot, depth in depths.items()}
    bends = {edge: _bends(edge, chain, found) for edge, chain in zip(edges, chains, strict=True)}
    return Layout({node: found[node] for node in ids}, bends)


def _chain(start: str, end: str, depths: dict[Slot, int]) -> list[Slot]:
    """The edge as steps from one layer to the next."""
    between = range(depths[start] + 1, depths[end])
    return [start, *((start, end, depth) for depth in between), end]


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


def _depths(ids: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest way to each node; sources move down, next to what they lead to."""
    depths = dict.fromkeys(ids, 0)
    for _ in ids:
        moved = False
        for start, end in edges:
            if depths[end] <= depths[start]:
                depths[end] = depths[start] + 1
                moved = True
        if not moved:
            break
    targets = {end for _, end in edges}
    for node in ids:
        nexts = [depths[end] for start, end in edges if start == node]
        if nexts and node not in targets:
            depths[node] = min(nexts) - 1
    return depths


def _neighbours(chains: list[list[Slot]]) -> dict[Slot, list[Slot]]:
    found: dict[Slot, list[Slot]] = {}
    for chain in chains:
        for start, end in pairwise(chain):
            found.setdefault(start, []).append(end)
            found.setdefault(end, []).append(start)
    return found


def _untangle(layers: list[list[Slot]], neighbours: dict[Slot, list[Slot]]) -> None:
    """Order each layer by the mean place of its neighbours, to and fro."""
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            places = {slot: place for other in layers for place, slot in enumerate(other)}
            wanted = {slot: _wish(slot, neighbours.get(slot, []), places) for slot in layer}
            layer.sort(key=wanted.__getitem__)


def _wish(slot: Slot, neighbours: list[Slot], places: dict[Slot, int]) -> tuple[float, int]:
    own = places[slot]
    mean = sum(places[other] for other in neighbours) / len(neighbours) if neighbours else float(own)
    return mean, own


def _across(layers: list[list[Slot]], neighbours: dict[Slot, list[Slot]]) -> dict[Slot, float]:
    """The middle of every slot: as near to its neighbours as the order of its layer lets it be."""
    across: dict[Slot, float] = {}
    for layer in layers:
        across.update(zip(layer, _packed(layer, [0.0] * len(layer)), strict=True))
    for sweep in range(2 * SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [_mean([across[each] for each in _pulling(slot, neighbours)]) for slot in layer]
            across.update(zip(layer, _packed(layer, wanted), strict=True))
    left = min((middle - _width(slot) / 2 for slot, middle in across.items()), default=0.0)
    return {slot: round(middle - left, 3) for slot, middle in across.items()}


def _pulling(slot: Slot, neighbours: dict[Slot, list[Slot]]) -> list[Slot]:
    """Whom a slot wants to be near: lanes follow lanes and boxes follow boxes, so that long edges are straight."""
    found = neighbours.get(slot, [slot])
    return [each for each in found if isinstance(each, str) == isinstance(slot, str)] or found


def _packed(layer: list[Slot], wanted: list[float]) -> list[float]:
    """Places in order and without overlap whose squared distance to the wanted ones is least.

    Neighbours that would overlap are joined to blocks, which stand where their members want on average.
    """
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + (_width(one) + _width(other)) / 2)
    blocks: list[list[float]] = []
    for wish, offset in zip(wanted, offsets, strict=False):
        blocks.append([wish - offset])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    starts = [_mean(block) for block in blocks for _ in block]
    return [start + offset for start, offset in zip(starts, offsets, strict=False)]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _width(slot: Slot) -> float:
    return 1.0 if isinstance(slot, str) else LANE
