"""``Gpu``: what each GPU did with its time, and its errors. ``GpuNode``: where a node's GPU-seconds went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from auditor.sources.prometheus.asking import Asking, NoSeries, Row, by_node, priced, span
from auditor.sources.prometheus.queries import CREATED, DEVICE_MEMORY, ECC, NODES, XID, computing
from auditor.usage.gpu_life import SIGNALS, Device, Node, Signal, phases, states
from auditor.usage.series import Series, counted

GPU, NODE = "Gpu", "GpuNode"
HELD_MIB = 512
"""Memory in use that the driver alone does not take."""
APPLICATION_XIDS = frozenset({13, 31, 43, 45})
"""Errors that programs make, by NVIDIA's catalogue: a fault of the code, not of the device."""

Points = Mapping[int, float]


class Known(NamedTuple):
    """One GPU as the exporter names it."""

    uuid: str
    node: str
    model: str


def read_gpus(asking: Asking) -> Iterator[Row]:
    """One row a GPU. Failed, NoSeries."""
    xids, ecc = _by_gpu(asking.range(XID, asking.gpu)), _by_gpu(asking.range(ECC, asking.gpu))
    for known, device in sorted(devices(asking).items()):
        told = states(device, asking.gpu)
        errors = xids.get(known)
        body: dict[str, Any] = {
            "uuid": known.uuid,
            "node": known.node,
            "model": known.model,
            "window": span(asking.gpu),
            "seconds": {"compute": told.compute, "held": told.held, "free": told.free},
            "signals": list(told.signals),
        }
        if errors is not None:
            codes = sorted({int(value) for value in errors.points.values() if value > 0})
            body["xids"] = [each for each in codes if each not in APPLICATION_XIDS]
            body["application_xids"] = [each for each in codes if each in APPLICATION_XIDS]
        if known in ecc:
            body["ecc"] = int(sum(_grown(ecc[known]).values()))
        yield Row(GPU, "", known.uuid, body)


def _grown(series: Series) -> dict[int, float]:
    """A gauge that only falls with a reset; its first value is of before."""
    from auditor.usage.series import Window

    first = min(series.points)
    return counted(series, Window(first, first, 1))


def devices(asking: Asking) -> dict[Known, Device]:
    """Every GPU that the exporter told of. NoSeries without any."""
    shares = {each: _by_gpu(asking.range(computing(each), asking.gpu)) for each in SIGNALS}
    memory = _by_gpu(asking.range(DEVICE_MEMORY, asking.gpu))
    found: dict[Known, Device] = {}
    for known in {*memory, *(each for table in shares.values() for each in table)}:
        compute: dict[Signal, Points] = {
            each: table[known].points for each, table in shares.items() if known in table
        }
        taken = memory[known].points if known in memory else {}
        found[known] = Device(compute, {at: float(mib > HELD_MIB) for at, mib in taken.items()})
    if not found:
        raise NoSeries("there are no series of GPUs", "run NVIDIA's dcgm-exporter, and scrape it")
    return _with_pods(asking, found)


def _with_pods(asking: Asking, found: dict[Known, Device]) -> dict[Known, Device]:
    """GPUs of nodes whose every GPU is asked for are held, whatever their memory says."""
    asked = by_node(asking.range(NODES["asked"], asking.gpu))
    count: dict[str, int] = {}
    for known in found:
        count[known.node] = count.get(known.node, 0) + 1
    for known, device in found.items():
        full = {at: 1.0 for at, gpus in asked.get(known.node, {}).items() if gpus >= count[known.node]}
        found[known] = device._replace(held={**device.held, **full})
    return found


def _by_gpu(series: list[Series]) -> dict[Known, Series]:
    return {_known(each.labels): each for each in series if each.labels.get("UUID")}


def _known(labels: Mapping[str, str]) -> Known:
    node = labels.get("node") or labels.get("Hostname", "")
    return Known(labels["UUID"], node, labels.get("modelName", ""))


def read_nodes(asking: Asking) -> Iterator[Row]:
    """One row for each GPU node that lived in the window. Failed, NoSeries."""
    tables = {name: by_node(asking.range(query, asking.gpu)) for name, query in NODES.items()}
    nodes = {name: points for name, points in tables["capacity"].items() if max(points.values()) > 0}
    if not tables["ready"]:
        raise NoSeries("there are no series of nodes", "run kube-state-metrics, and scrape it")
    created = {
        each.labels.get("node", ""): max(each.points.values()) for each in asking.instant(CREATED, asking.gpu)
    }
    known = _devices_by_node(asking) if nodes else {}
    for name, capacity in sorted(nodes.items()):
        gpus = int(max(capacity.values()))
        node = Node(
            tables["ready"].get(name, {}),
            *(tables[each].get(name, {}) for each in ("offered", "asked", "served", "cordoned")),
        )
        yield Row(
            NODE, "", name, _node_body(asking, name, node, known.get(name, []), gpus, created.get(name, 0.0))
        )


def _node_body(
    asking: Asking, name: str, node: Node, known: list[Device], gpus: int, created: float
) -> dict[str, Any]:
    window = asking.gpu
    parts = phases(node, known, gpus, created, window)
    seen = [at for at in window.times() if at in node.ready]
    first = max(created, min(seen) - window.step) if seen else 0.0
    return {
        "node": name,
        **priced(asking.labels.get(name)),
        "gpus": gpus,
        "window": span(window),
        "measured": any(each.compute for each in known),
        "first": first,
        "last": max(seen, default=0),
        "alive": bool(seen) and seen[-1] >= window.end - 2 * window.step,
        "gpu_seconds": parts,
        "seconds": sum(parts.values()) / gpus,
    }


def _devices_by_node(asking: Asking) -> dict[str, list[Device]]:
    try:
        found = devices(asking)
    except NoSeries:
        return {}
    nodes: dict[str, list[Device]] = {}
    for known in sorted(found):
        nodes.setdefault(known.node, []).append(found[known])
    return nodes
