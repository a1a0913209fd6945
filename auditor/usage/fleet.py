"""Whether fewer nodes of the same family would hold what runs all the time, and what that saves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import NamedTuple

from auditor.data.instances import MIB_PER_GIB, all_instances, allocatable

Price = Callable[[str], float | None]


class Plan(NamedTuple):
    """So many nodes of a type in place of those of today; USD an hour."""

    instance_type: str
    nodes: int
    usd_per_hour: float
    today_usd_per_hour: float

    @property
    def saved(self) -> float:
        """Share of today's price, 0 to 1."""
        return 1 - self.usd_per_hour / self.today_usd_per_hour


def consolidated(types: Sequence[str], cores: float, memory_gib: float, price: Price) -> Plan | None:
    """The cheapest set of fewer equal nodes that holds ``cores`` and ``memory_gib``; None where there is none.

    ``types``: the type of each node of today; several families, or a type without a price, give None. Only the same
    family is looked at: another one may differ in architecture, burst and network.
    """
    prices = [price(each) for each in types]
    families = {each.partition(".")[0] for each in types}
    if len(families) != 1 or None in prices:
        return None
    today = sum(each for each in prices if each is not None)
    family = families.pop()
    plans = []
    for each in all_instances():
        if each.name.partition(".")[0] != family:
            continue
        usd, count = price(each.name), nodes_for(each.name, cores, memory_gib)
        if usd is not None and count is not None and count < len(types) and count * usd < today:
            plans.append(Plan(each.name, count, count * usd, today))
    return min(plans, key=lambda plan: (round(plan.usd_per_hour, 6), plan.nodes), default=None)


def nodes_for(instance_type: str, cores: float, memory_gib: float) -> int | None:
    """Nodes whose allocatable holds both amounts; None for an unknown type."""
    room = allocatable(instance_type)
    if room is None:
        return None
    by_cpu = cores * 1000 / room.cpu_m
    return max(ceil(max(by_cpu, memory_gib * MIB_PER_GIB / room.memory_mib)), 1)
