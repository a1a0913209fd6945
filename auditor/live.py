"""From live requests to an inventory: what is needed, who reads it, and how it joins what Git declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from auditor.compiled import CompiledPolicy, PolicyBroken, facts_read
from auditor.guard import row
from auditor.model import Target
from auditor.options import Settings
from auditor.packs import choose, params_of
from auditor.paths import PathSyntaxError
from auditor.policy import Policy
from auditor.reach import Kind
from auditor.shipped import compile_known
from auditor.sources.interface import Inventory
from auditor.sources.live import SOURCES, Needs, Reading, Request, source
from auditor.timestamps import stamp

_FIELDS = ("assert", "when", "each", "message", "cost", "related", "at_expr")


def needs_of(settings: Settings, inventory: Inventory, now: datetime) -> Needs:
    """What the chosen policies want to know of what runs."""
    from auditor.data.fact_needs import kinds_of

    policies = list(choose(settings).values())
    facts = _facts(policies, params_of(settings))
    return Needs(policies, facts, kinds_of(facts), now, inventory.targets, settings.targets)


def _facts(policies: Iterable[Policy], params: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    found: set[str] = set()
    for policy in policies:
        try:
            compiled = CompiledPolicy(policy, params.get(policy.code), compile_known)
            found.update(facts_read([compiled.program(field) for field in _FIELDS if _has(policy, field)]))
        except (PolicyBroken, PathSyntaxError):
            continue  # the engine says so, once for each object
    return frozenset(found)


def _has(policy: Policy, field: str) -> bool:
    return bool(getattr(policy, "assert_" if field == "assert" else field))


def read_all(requests: Sequence[Request], needs: Needs) -> list[Reading]:
    """One reading or more for each request, in the order of :data:`SOURCES`: later sources see earlier ones."""
    order = list(SOURCES)
    readings: list[Reading] = []
    for request in sorted(requests, key=lambda each: order.index(each.source)):
        needs.readings = readings
        readings += _read(request, needs)
    return readings


def _read(request: Request, needs: Needs) -> list[Reading]:
    """What a source gives; one that breaks gives one row, and the others go on."""
    from auditor.errors import UsageError

    try:
        return list(source(request).read(needs))
    except UsageError:
        raise
    except Exception as error:
        taken = stamp(needs.now)
        reading = Reading(source=request.source, label=request.source, taken=taken)
        reading.problems.append(row(request.source, "could not be read", error))
        return [reading]


def join(inventory: Inventory, readings: Iterable[Reading]) -> None:
    """Add readings to the inventory, tied to each other: a pod's role lies in the account, its usage in metrics."""
    live: list[Target] = []
    for reading in readings:
        live += reading.targets
        inventory.problems += reading.problems
        inventory.gaps += reading.gaps
        inventory.warnings += reading.warnings
    for target in live:
        target.ties += [
            other.name for other in live if other.source != target.source and other.name not in target.ties
        ]
    inventory.targets = [*inventory.targets, *live]


def kinds_needed(needs: Needs, kinds: Iterable[tuple[str, str]]) -> list[Kind]:
    """Of ``(api_version, kind)`` pairs those that the run needs, as (group, kind)."""
    return [
        (api_version.partition("/")[0] if "/" in api_version else "", kind)
        for api_version, kind in kinds
        if needs.wants(api_version, kind)
    ]
