"""A workload's scans at several volumes: what they cost, where it is lost, and which other GPU would be worth it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from auditor.cost.scan import DAYS_PER_MONTH, Scan, batched, billed, nodes, to_reach, usd
from auditor.cost.statement import Candidate, TradeOff, Volume, Workload
from auditor.cost.workload import Known
from auditor.data.instances import MIB_PER_GIB, instance
from auditor.data.prices import HOURS_PER_MONTH
from auditor.facts.burn import GroupBurn
from auditor.world import World

VOLUMES = (27.0, 270.0, 2700.0)
"""Scans a day: one, ten and a hundred times the primary design's."""
FAMILIES = ("g4dn", "g5", "g6", "g6e")
COLD_STARTS = (120.0, 180.0)
"""Seconds: the two to three minutes that the design declares for pod and node."""
TTA = (3, 5)
"""How many times longer test-time augmentation computes, at least and at most, by the design."""
_SLOW_SHARE = 0.05
"""At most so many scans are slower than their p95."""


def workload(
    world: World, region: str, known: Known, floor: float | None, shared: Sequence[TradeOff]
) -> Workload:
    """``floor``: USD a month of the platform without scans; ``shared``: its own trade-offs."""
    price = known.burn.price
    hourly, scan = (price.usd_per_hour if price else None), known.scan
    if scan is None or hourly is None:
        return _untold(known, hourly)
    return replace(
        _untold(known, hourly),
        alone_seconds=scan.alone,
        alone_usd=usd(scan.alone, hourly),
        compute_usd=usd(scan.compute, hourly),
        volumes=tuple(_volume(known, scan, hourly, each, floor) for each in _volumes(known)),
        candidates=tuple(_candidates(world, region, known, scan, hourly)),
        trade_offs=(*_trade_offs(known, scan, hourly), *shared),
    )


def beyond(month: float, burn: GroupBurn) -> float:
    """Of the USD a month of scans, what the nodes that are kept anyway, and paid in the floor, leave."""
    return max(month - (burn.floor or 0.0), 0.0)


def _untold(known: Known, hourly: float | None) -> Workload:
    """What is said of a workload whose seconds or price are not all known."""
    return Workload(
        name=known.pod.resource.title,
        group=known.burn.name,
        instance_type=known.burn.instance_type,
        usd_per_hour=hourly,
        kept_nodes=known.burn.floor_nodes,
        seconds={
            "start": known.start,
            "compute": known.compute,
            "cooldown": known.cooldown,
            "removal": known.removal,
        },
        sources=known.sources,
        alone_seconds=None,
        alone_usd=None,
        compute_usd=None,
        volumes=(),
        candidates=(),
        trade_offs=(),
        undeclared=known.undeclared,
    )


def _volumes(known: Known) -> list[float]:
    """Those of every report, and the declared one."""
    declared = known.jobs_per_month / DAYS_PER_MONTH if known.jobs_per_month else None
    return sorted({*VOLUMES, *([declared] if declared else [])})


def _volume(known: Known, scan: Scan, hourly: float, per_day: float, floor: float | None) -> Volume:
    seconds, share = billed(scan, per_day), known.over_requested
    month = usd(seconds, hourly) * per_day * DAYS_PER_MONTH
    slow = None if known.longest is None else max(known.longest - scan.compute, 0.0) * _SLOW_SHARE
    return Volume(
        per_day=per_day,
        nodes=nodes(scan, per_day),
        most_nodes=known.burn.worst_nodes,
        seconds=seconds,
        usd=usd(seconds, hourly),
        usd_batched=usd(batched(scan, per_day), hourly),
        usd_month=month,
        expected=None if floor is None else floor + beyond(month, known.burn),
        waste_idle=usd(seconds - scan.compute, hourly),
        waste_over_request=None if share is None else usd(scan.compute * share, hourly),
        waste_slow=None if slow is None else usd(slow, hourly),
    )


def _candidates(world: World, region: str, known: Known, scan: Scan, hourly: float) -> Iterator[Candidate]:
    size = known.burn.instance_type.partition(".")[2]
    for family in FAMILIES:
        name = f"{family}.{size}"
        found, price = instance(name), world.price(name, region)
        gpu = found.gpus[0] if found and found.gpus else None
        said = f"{gpu.model}, {gpu.memory_mib / MIB_PER_GIB:.0f} GiB" if gpu else ""
        if gpu and known.need_gib is not None and gpu.memory_mib < known.need_gib * MIB_PER_GIB:
            yield Candidate(
                name, said, None, None, (), f"holds less than the {known.need_gib:g} GiB declared"
            )
        elif price is None or gpu is None:
            yield Candidate(name, said, None, None, (), f"no price in {region}")
        else:
            other = price.usd_per_hour
            reach = tuple(to_reach(scan, each, hourly, other) for each in _volumes(known))
            yield Candidate(name, said, other, scan.compute * hourly / other, reach)


def _trade_offs(known: Known, scan: Scan, hourly: float) -> Iterator[TradeOff]:
    """Choices that change an isolated scan or hold a node."""
    rate = f"${hourly:g}/3,600"
    yield TradeOff("cold start, as declared", f"{scan.start:g} s × {rate}", usd(scan.start, hourly), None)
    for seconds in COLD_STARTS:
        what = f"cold start of {seconds / 60:g} min"
        yield TradeOff(
            what,
            f"({seconds:g} − {scan.start:g}) s × {rate}, against the declared",
            usd(seconds - scan.start, hourly),
            None,
        )
    warm, alone = hourly * HOURS_PER_MONTH, usd(scan.alone, hourly)
    yield TradeOff(
        "warm pool: one node always on",
        f"{HOURS_PER_MONTH} h × ${hourly:g}; pays from {warm / alone:,.0f} isolated scans a month "
        f"({warm / alone / DAYS_PER_MONTH:.1f} a day, ${warm:,.2f} / ${alone:.4f})",
        -alone,
        warm,
    )
    for times in TTA:
        slower = scan._replace(compute=scan.compute * times)
        most, needed = known.burn.worst_nodes, nodes(slower, VOLUMES[-1])
        room = "" if most is None or needed <= most else f", more than the {most} of the group"
        yield TradeOff(
            f"TTA, {times} times the compute",
            f"({slower.compute:g} − {scan.compute:g}) s × {rate}; {VOLUMES[-1]:,.0f} a day need {needed} nodes{room}",
            usd(slower.compute - scan.compute, hourly),
            None,
        )
    if not known.scaled_job:
        yield TradeOff(
            "ScaledJob in place of the ScaledObject",
            f"no cooldown: −{scan.cooldown:g} s × {rate}; each scan starts a pod, whose seconds nobody declared",
            -usd(scan.cooldown, hourly),
            None,
        )
