"""``Fleet``: the nodes without GPUs that are there all the time. ``NodeCost``: what OpenCost says of each node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.sources.prometheus.asking import Asking, NodeLabels, NoSeries, Row, by_node, priced, span
from auditor.sources.prometheus.queries import FLEET, NODE_COST
from auditor.usage.series import HOUR, Series, days_of, quantile

FLEET_KIND, NODE_COST_KIND = "Fleet", "NodeCost"
ALWAYS = 0.95
"""Share of the window in which a node was there, from which it counts as always on."""
GIB = 1024**3


def read_fleet(asking: Asking) -> Iterator[Row]:
    """One row: all always-on nodes together. Failed, NoSeries."""
    capacity = asking.range(FLEET["capacity"], asking.usage)
    if not capacity:
        raise NoSeries("there are no series of nodes", "run kube-state-metrics, and scrape it")
    gpus = {
        each.labels.get("node", "") for each in capacity if each.labels.get("resource") == "nvidia_com_gpu"
    }
    cpu = {node: points for node, points in by_node(_of(capacity, "cpu")).items() if node not in gpus}
    times = {at for points in cpu.values() for at in points}
    always = sorted(node for node, points in cpu.items() if len(points) >= ALWAYS * len(times))
    requested = asking.range(FLEET["requested"], asking.usage)
    sums = {
        "requested_cores": _sum(_of(requested, "cpu"), always),
        "requested_gib": _sum(_of(requested, "memory"), always, GIB),
        "used_cores": _sum(asking.range(FLEET["cpu_used"], asking.usage), always),
        "used_gib": _sum(asking.range(FLEET["memory_used"], asking.usage), always, GIB),
    }
    body: dict[str, Any] = {
        "window": span(asking.usage),
        "history_days": days_of(times, asking.usage.step),
        "nodes": [{"name": node, **priced(asking.labels.get(node, NodeLabels()))} for node in always],
        "capacity_cores": sum(max(cpu[node].values()) for node in always),
    }
    for name, points in sums.items():
        if points:
            body[name] = {
                "mean": sum(points.values()) / len(points),
                "p95": quantile(points.values(), 0.95),
                "max": max(points.values()),
            }
    yield Row(FLEET_KIND, "", "always-on", body)


def _of(series: list[Series], resource: str) -> list[Series]:
    return [each for each in series if each.labels.get("resource") == resource]


def _sum(series: list[Series], nodes: list[str], unit: float = 1.0) -> dict[int, float]:
    """The sum over some nodes, at each time."""
    found: dict[int, float] = {}
    for each in series:
        if each.labels.get("node") in nodes:
            for at, value in each.points.items():
                found[at] = found.get(at, 0.0) + value / unit
    return found


def read_node_costs(asking: Asking) -> Iterator[Row]:
    """One row for each node that OpenCost prices. Failed, NoSeries."""
    found = asking.instant(NODE_COST, asking.usage, HOUR)
    if not found:
        raise NoSeries("there are no series node_total_hourly_cost", "run OpenCost, and scrape it")
    for each in found:
        node = each.labels.get("node", "")
        labels = asking.labels.get(node)
        told = NodeLabels(each.labels.get("instance_type", ""), each.labels.get("region", ""))
        body = {"node": node, **priced(labels or told), "usd_per_hour": next(iter(each.points.values()))}
        yield Row(NODE_COST_KIND, "", node, body)
