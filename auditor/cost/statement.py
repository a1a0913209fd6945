"""What ``auditor cost`` says: plain data, USD. None is not known, and ``undeclared`` says why."""

from __future__ import annotations

from msgspec import Struct


class Line(Struct, frozen=True):
    """USD a month of one thing, and the arithmetic."""

    what: str
    how: str
    floor: float | None
    worst: float | None


class Alternative(Struct, frozen=True):
    """What a kustomization that no Application deploys would add, USD a month."""

    name: str
    floor: float | None
    worst: float | None


class Volume(Struct, frozen=True):
    """One scan at so many a day: USD a scan as billed, and where its seconds go."""

    per_day: float
    nodes: int
    most_nodes: int | None
    seconds: float
    """Billed, spread evenly."""
    usd: float
    usd_batched: float
    """All of the day at once."""
    usd_month: float
    """Of the scans alone."""
    expected: float | None
    """With the floor of the platform."""
    waste_idle: float
    waste_over_request: float | None
    waste_slow: float | None
    """At most."""


class Candidate(Struct, frozen=True):
    """One instance type: the p95 that it must reach at each volume to cost no more than today's."""

    instance_type: str
    gpu: str
    usd_per_hour: float | None
    busy: float | None
    """Seconds, when a GPU never waits."""
    reach: tuple[float | None, ...]
    """Seconds by volume; None: not even 0 s would do."""
    note: str = ""


class TradeOff(Struct, frozen=True):
    """A choice in numbers."""

    what: str
    arithmetic: str
    usd_scan: float | None
    """Added to an isolated scan; negative saves."""
    usd_month: float | None


class Workload(Struct, frozen=True):
    """The economics of one scaled GPU workload."""

    name: str
    group: str
    instance_type: str
    usd_per_hour: float | None
    kept_nodes: int | None
    """Of its group, with no scan at all."""
    seconds: dict[str, float | None]
    """start, compute, cooldown, removal"""
    sources: dict[str, str]
    alone_seconds: float | None
    alone_usd: float | None
    compute_usd: float | None
    volumes: tuple[Volume, ...]
    candidates: tuple[Candidate, ...]
    trade_offs: tuple[TradeOff, ...]
    undeclared: tuple[str, ...]


class Platform(Struct, frozen=True):
    """One set of node groups and all that runs beside them."""

    name: str
    region: str
    lines: tuple[Line, ...]
    floor: float | None
    expected: float | None
    worst: float | None
    budget: float | None
    alternatives: tuple[Alternative, ...]
    workloads: tuple[Workload, ...]
    undeclared: tuple[str, ...]


class Statement(Struct, frozen=True):
    """All platforms of a tree."""

    scope: str
    prices_as_of: str
    platforms: tuple[Platform, ...]
    schema_version: int = 1
