"""The money line: floor, expected and worst USD a month of all GPU groups, and its change in a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor.assemble import location
from auditor.model import Target
from auditor.report import Money, MoneyRow
from auditor.world import World

if TYPE_CHECKING:
    from auditor.facts.burn import GroupBurn


NOT_DEPLOYED = "not deployed by any Application"


def money(worlds: Iterable[World]) -> Money | None:
    """All GPU groups of all targets; None when there is none. A missing number makes its total None.

    Groups of alternatives are listed, and counted in no total.
    """
    with_groups = [world for world in worlds if world.target_has_groups and not world.is_live]
    if not with_groups:
        return None
    from auditor.facts.burn import burn_of

    rows: dict[tuple[object, ...], MoneyRow] = {}
    regions: dict[str, str] = {}
    for world in with_groups:
        for burn in burn_of(world).own():
            row = _row(burn, world.target)
            rows.setdefault((row.location.file, row.location.line, row.group, row.target), row)
            if burn.price is not None and not row.alternative:
                regions[burn.price.region] = burn.price.as_of
    if not rows:
        return None
    listed = tuple(sorted(rows.values(), key=lambda row: (row.target, row.group)))
    return Money(
        floor=_total(listed, lambda row: row.floor),
        expected=_total(listed, lambda row: row.expected),
        worst=_total(listed, lambda row: row.worst),
        region=", ".join(sorted(regions)),
        prices_as_of=", ".join(sorted({date for date in regions.values() if date})),
        rows=listed,
    )


def against(now: Money | None, before: Money | None) -> Money | None:
    """The money with its change since ``before``; a side without GPU groups counts as 0."""
    if now is None and before is None:
        return None
    empty = Money(floor=0.0, expected=0.0, worst=0.0, region="", prices_as_of="")
    new, old = now or empty, before or empty
    return replace(
        new,
        change_floor=_difference(new.floor, old.floor),
        change_expected=_difference(new.expected, old.expected),
        change_worst=_difference(new.worst, old.worst),
    )


def _row(burn: GroupBurn, target: Target) -> MoneyRow:
    group = burn.group
    return MoneyRow(
        group=burn.name,
        target=target.name,
        instance_type=burn.instance_type,
        location=location(group.resource.origin.locate(group.source_path(()))),
        usd_per_hour=burn.price.usd_per_hour if burn.price else None,
        floor=_cents(burn.floor),
        expected=_cents(burn.expected),
        worst=_cents(burn.worst),
        note="; ".join([*([NOT_DEPLOYED] if target.alternative else []), *burn.notes]),
        alternative=target.alternative,
    )


def _total(rows: Iterable[MoneyRow], of: Callable[[MoneyRow], float | None]) -> float | None:
    values = [of(row) for row in rows if not row.alternative]
    return None if None in values else _cents(sum(value for value in values if value is not None))


def _difference(new: float | None, old: float | None) -> float | None:
    return None if new is None or old is None else _cents(new - old)


def _cents(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
