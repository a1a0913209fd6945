"""The worlds of a tree → :class:`Statement`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auditor.cost import economics
from auditor.cost.scan import DAYS_PER_MONTH, billed, usd
from auditor.cost.standing import disks, hourly, standing, zone
from auditor.cost.statement import Alternative, Line, Platform, Statement
from auditor.cost.workload import Known, known
from auditor.facts.burn import GroupBurn, burn_of
from auditor.facts.declared import Declared
from auditor.unknown import Unknown
from auditor.world import World


def statement(worlds: Sequence[World], scope: str) -> Statement:
    """One platform for each target that declares GPU node groups and is deployed, by name."""
    apart = [world for world in worlds if world.target.alternative]
    platforms: list[Platform] = []
    dates: set[str] = set()
    for world in worlds:
        if world.is_live or world.target.alternative or not world.target_has_groups:
            continue
        burns = [*burn_of(world).own()]
        if burns:
            platforms.append(_platform(world, burns, apart))
            dates |= {burn.price.as_of for burn in burns if burn.price is not None and burn.price.as_of}
    return Statement(scope, ", ".join(sorted(dates)), tuple(sorted(platforms, key=lambda each: each.name)))


def _platform(world: World, burns: list[GroupBurn], apart: Iterable[World]) -> Platform:
    found = world.region
    region = "" if isinstance(found, Unknown) else found
    lines, said = standing(world, region)
    lines += [line for burn in burns for line in _gpu_lines(burn, region)]
    said += [note for burn in burns for note in burn.notes]
    floor, worst = _sum([line.floor for line in lines]), _sum([line.worst for line in lines])
    pairs = [(burn, pod) for burn in burns for pod in burn.pods]
    scaled = [each for burn, pod in pairs if (each := known(world, burn, pod)) is not None]
    shared = [each for each in (zone(world, region),) if each is not None]
    workloads = tuple(economics.workload(world, region, each, floor, shared) for each in scaled)
    if not scaled:
        said.append("no scaler brings a GPU workload to these groups: nothing is known of scans")
    budget = _budget(world, burns[0])
    if budget is None:
        said.append("monthly_budget_usd is not declared: set it under [declare] in auditor.toml")
    return Platform(
        name=world.name,
        region=region,
        lines=tuple(lines),
        floor=floor,
        expected=_expected(floor, scaled),
        worst=worst,
        budget=budget,
        alternatives=tuple(_alternatives(world, burns, apart)),
        workloads=workloads,
        undeclared=tuple(dict.fromkeys(said)),
    )


def _gpu_lines(burn: GroupBurn, region: str) -> Iterator[Line]:
    price = hourly(burn.price, burn.dearest) if burn.price else "price not known"
    low, high = ("?" if each is None else each for each in (burn.floor_nodes, burn.worst_nodes))
    what = f"GPU nodes {burn.name}, {burn.instance_type}"
    yield Line(what, f"{low} to {high} × {price}", burn.floor, burn.worst)
    if burn.floor_nodes is not None and burn.worst_nodes is not None:
        yield from disks(
            burn.name, burn.group.value.get("disk_gib"), burn.floor_nodes, burn.worst_nodes, region
        )


def _expected(floor: float | None, scaled: Iterable[Known]) -> float | None:
    """The floor and every declared scan as it is billed; None when any workload's are undeclared."""
    months: dict[int, float] = {}
    burns: dict[int, GroupBurn] = {}
    for each in scaled:
        scan, price = each.scan, each.burn.price
        if scan is None or price is None or not each.jobs_per_month:
            return None
        seconds = billed(scan, each.jobs_per_month / DAYS_PER_MONTH)
        burns[id(each.burn)] = each.burn
        months[id(each.burn)] = (
            months.get(id(each.burn), 0.0) + usd(seconds, price.usd_per_hour) * each.jobs_per_month
        )
    if floor is None or not burns:
        return None
    return floor + sum(economics.beyond(months[key], burn) for key, burn in burns.items())


def _budget(world: World, burn: GroupBurn) -> float | None:
    found = Declared(world).of(burn.group)["monthly_budget_usd"]
    return None if isinstance(found, Unknown) else float(found)


def _alternatives(world: World, burns: list[GroupBurn], apart: Iterable[World]) -> Iterable[Alternative]:
    """What each alternative of this platform would add, were it deployed too."""
    for other in apart:
        if world.name not in other.target.ties:
            continue
        both = World(world.target, [*world.tied, other.target], world.declarations, world.around)
        after = [*burn_of(both).own(), *burn_of(other).own()]
        yield Alternative(
            other.name,
            _added([each.floor for each in after], [each.floor for each in burns]),
            _added([each.worst for each in after], [each.worst for each in burns]),
        )


def _added(after: Sequence[float | None], before: Sequence[float | None]) -> float | None:
    new, old = _sum(after), _sum(before)
    return None if new is None or old is None else round(new - old, 2)


def _sum(values: Sequence[float | None]) -> float | None:
    return None if None in values else sum(value for value in values if value is not None)
