"""A statement as titled tables of words: what every format shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor.cost.scan import DAY
from auditor.cost.statement import Platform, Volume, Workload

Row = tuple[str, ...]


class Table(NamedTuple):
    """``notes`` stand below the rows. Columns after the first ``words`` are numbers."""

    title: str
    head: Row
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    words: int = 1


def tables(platform: Platform) -> Iterator[Table]:
    """All tables of one platform."""
    yield _month(platform)
    if platform.alternatives:
        rows = tuple((each.name, money(each.floor), money(each.worst)) for each in platform.alternatives)
        title = "Not deployed by any Application: what each would add, USD a month"
        yield Table(title, ("alternative", "to the floor", "to the worst"), rows)
    for workload in platform.workloads:
        yield _scan(workload)
        if workload.volumes:
            yield _volumes(workload)
            yield _waste(workload)
            yield _candidates(workload)
            yield _trade_offs(workload)


def money(value: float | None, digits: int = 2) -> str:
    """``$1,234.50``; ``unknown`` when it is not known."""
    if value is None:
        return "unknown"
    return f"{'−' if value < 0 else ''}${abs(value):,.{digits}f}"


def _month(platform: Platform) -> Table:
    rows = [(each.what, each.how, money(each.floor), money(each.worst)) for each in platform.lines]
    rows.append(("total", "", money(platform.floor), money(platform.worst)))
    notes = [f"expected: {_expected(platform)}"]
    if platform.budget is not None and platform.worst is not None:
        room = platform.budget - platform.worst
        word = "holds the worst case" if room >= 0 else f"is {money(-room)} short of the worst case"
        notes.append(f"budget: {money(platform.budget)} a month as declared {word}")
    notes += platform.undeclared
    title = f"{platform.name}: USD a month{f' in {platform.region}' if platform.region else ''}"
    head = ("what", "arithmetic", "floor", "worst")
    return Table(title, head, tuple(rows), tuple(notes), words=2)


def _expected(platform: Platform) -> str:
    if platform.expected is None:
        return "unknown: it takes jobs_per_month, p95_seconds and cold_start_seconds of every scaled GPU workload"
    return f"{money(platform.expected)}, the floor and the declared scans as they are billed"


def _scan(workload: Workload) -> Table:
    rows = []
    for name, seconds in workload.seconds.items():
        cost = None
        if seconds is not None and workload.usd_per_hour is not None:
            cost = seconds * workload.usd_per_hour / 3600
        told = "unknown" if seconds is None else f"{seconds:,.1f}"
        rows.append((name, workload.sources[name], told, money(cost, 3)))
    total = "unknown" if workload.alone_seconds is None else f"{workload.alone_seconds:,.1f}"
    rows.append(("one isolated scan", "as billed", total, money(workload.alone_usd, 3)))
    price = "price not known" if workload.usd_per_hour is None else f"${workload.usd_per_hour:g}/h"
    title = f"{workload.name} on {workload.group} ({workload.instance_type}, {price}): one isolated scan"
    head = ("part", "from", "seconds", "USD")
    return Table(title, head, tuple(rows), workload.undeclared, words=2)


def _volumes(workload: Workload) -> Table:
    rows = []
    for each in workload.volumes:
        over = each.most_nodes is not None and each.nodes > each.most_nodes
        kept = f"{each.nodes}{f' (more than {each.most_nodes})' if over else ''}"
        rows.append(
            (
                _day(each),
                kept,
                _billed(workload, each),
                money(each.usd, 4),
                money(each.usd_batched, 4),
                money(each.usd_month),
                money(each.expected),
            )
        )
    head = (
        "scans a day",
        "nodes",
        "node seconds a scan",
        "USD a scan",
        "in one batch",
        "scans a month",
        "with the floor",
    )
    notes: tuple[str, ...] = (
        "Spread evenly over 24 hours. In one batch: all of a day at once, on the fewest nodes that finish within it.",
        "Bursts between the two start more nodes, for which each pays its start, cooldown and removal again.",
    )
    if workload.kept_nodes:
        kept = f"{workload.group} keeps {workload.kept_nodes} node{'s' if workload.kept_nodes > 1 else ''} without work"
        notes += (f"{kept}, paid in the floor and not twice; a scan is priced as if the group went to zero.",)
    return Table("Per scan, USD", head, tuple(rows), notes)


def _billed(workload: Workload, volume: Volume) -> str:
    if workload.alone_seconds is not None and DAY / volume.per_day >= workload.alone_seconds:
        return f"{volume.seconds:,.1f}, alone"
    return f"{volume.nodes} × 86,400 / {volume.per_day:g} = {volume.seconds:,.1f}"


def _waste(workload: Workload) -> Table:
    rows = tuple(
        (
            _day(each),
            money(each.usd, 4),
            money(each.waste_idle, 4),
            money(each.waste_over_request, 4),
            "unknown" if each.waste_slow is None else f"≤ {money(each.waste_slow, 4)}",
        )
        for each in workload.volumes
    )
    notes = (
        "idle: seconds that are billed and not computed (start, cooldown, removal, waiting).",
        "over-request: the share of a whole GPU's memory that vram_gib leaves, of the compute. "
        "Requests of CPU and memory against use need metrics: `auditor rightsize`.",
        "slow jobs: at most 5 % of scans are slower than the p95, each by max_seconds − p95_seconds.",
    )
    head = ("scans a day", "USD a scan", "idle", "over-request", "slow jobs")
    return Table("Where it is lost, USD a scan", head, rows, notes)


def _candidates(workload: Workload) -> Table:
    rows = []
    for each in workload.candidates:
        price = money(each.usd_per_hour, 4)
        reach = tuple("never" if one is None else f"{one:,.1f}" for one in each.reach)
        reach = reach or ("–",) * len(workload.volumes)
        busy = "–" if each.busy is None else f"{each.busy:,.1f}"
        rows.append((each.instance_type, each.note or each.gpu, price, *reach, busy))
    head = ("type", "GPU", "USD/h", *(f"at {_day(each)}" for each in workload.volumes), "never waiting")
    notes = (
        f"To cost no more a scan than {workload.instance_type} does. never: its price alone, for start, cooldown and "
        "removal or for standing by, is more.",
    )
    return Table("The p95 that each type must reach, seconds", tuple(head), tuple(rows), notes, words=2)


def _trade_offs(workload: Workload) -> Table:
    rows = tuple(
        (
            each.what,
            each.arithmetic,
            "" if each.usd_scan is None else money(each.usd_scan, 4),
            "" if each.usd_month is None else money(each.usd_month),
        )
        for each in workload.trade_offs
    )
    head = ("choice", "arithmetic", "an isolated scan", "a month")
    return Table("Trade-offs, USD added (− saved)", head, rows, words=2)


def _day(volume: Volume) -> str:
    return f"{volume.per_day:,.0f}"
