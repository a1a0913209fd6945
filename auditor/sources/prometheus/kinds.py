"""Every kind of thing that metrics speak of, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.sources.prometheus import fleet, gpus, names, scans, workloads
from auditor.sources.prometheus.asking import Asking, Row

Reader = Callable[[Asking], Iterator[Row]]

READERS: dict[str, Reader] = {
    fleet.FLEET_KIND: fleet.read_fleet,
    gpus.GPU: gpus.read_gpus,
    gpus.NODE: gpus.read_nodes,
    fleet.NODE_COST_KIND: fleet.read_node_costs,
    scans.KIND: scans.read,
    names.KIND: names.read,
    workloads.KIND: workloads.read,
}
"""Kind of ``metrics/v1`` → what reads it."""
