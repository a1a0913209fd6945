"""What a change did: the figures of a platform before and after it, as a table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from auditor.facts.gpu_node_cost import IDLE
from auditor.facts.metrics_prices import fleet_usd
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import World

NOT_KNOWN = "–"


class Figures(NamedTuple):
    """One column; None where a figure is not known."""

    nodes: str = ""
    usd_per_hour: float | None = None
    """Of the always-on nodes."""
    cores_requested: float | None = None
    cores_used: float | None = None
    gib_requested: float | None = None
    gib_used: float | None = None
    gpu_idle: float | None = None
    """Share of paid GPU-seconds without work."""
    scans: float | None = None
    p95_seconds: float | None = None
    usd_per_scan: float | None = None
    """Loaded."""


def figures(worlds: Iterable[World]) -> Figures:
    """The figures of what was read; of several fleets or jobs the last."""
    found = Figures()
    gpu: Counter[str] = Counter()
    for world in worlds:
        for each in world.target.resources:
            body = each.body
            if each.kind == "Fleet":
                found = found._replace(**_fleet(world, body))
            elif each.kind == "ScanCost":
                cost = world.fact("scan_cost", Instance("", each, body))
                loaded = None if isinstance(cost, Unknown) else _known(cost["loaded"])
                found = found._replace(
                    scans=body["scans"], p95_seconds=body.get("p95_seconds"), usd_per_scan=loaded
                )
            elif each.kind == "GpuNode" and body["measured"]:
                gpu.update(body["gpu_seconds"])
    paid = sum(gpu.values())
    return found._replace(gpu_idle=sum(gpu[each] for each in IDLE) / paid) if paid else found


def _fleet(world: World, body: dict[str, Any]) -> dict[str, Any]:
    types = Counter(node["instance_type"] or "?" for node in body["nodes"])
    names = {
        "cores_requested": "requested_cores",
        "cores_used": "used_cores",
        "gib_requested": "requested_gib",
        "gib_used": "used_gib",
    }
    return {
        "nodes": ", ".join(f"{count} × {name}" for name, count in sorted(types.items())),
        "usd_per_hour": _known(fleet_usd(world, body["nodes"])),
        **{name: body[field]["mean"] for name, field in names.items() if field in body},
    }


def _known(value: float | Unknown) -> float | None:
    return None if isinstance(value, Unknown) else value


def table(before: Figures, after: Figures) -> str:
    """Markdown."""
    rows = [("", "before", "after", "change"), ("---", "---", "---", "---")]
    rows.append(("always-on nodes", before.nodes or NOT_KNOWN, after.nodes or NOT_KNOWN, ""))
    for words, form, name in (
        ("USD an hour without work", "{:.4f}", "usd_per_hour"),
        ("CPU requested, cores", "{:.2f}", "cores_requested"),
        ("CPU used, cores", "{:.2f}", "cores_used"),
        ("memory requested, GiB", "{:.2f}", "gib_requested"),
        ("memory used, GiB", "{:.2f}", "gib_used"),
        ("scans", "{:.0f}", "scans"),
        ("p95 of a scan, s", "{:.1f}", "p95_seconds"),
        ("USD a scan, all told", "{:.3f}", "usd_per_scan"),
    ):
        rows.append(_row(words, form, getattr(before, name), getattr(after, name)))
    shares: tuple[tuple[str, float | None, float | None], ...] = (
        (
            "CPU used of requested",
            _share(before.cores_used, before.cores_requested),
            _share(after.cores_used, after.cores_requested),
        ),
        (
            "memory used of requested",
            _share(before.gib_used, before.gib_requested),
            _share(after.gib_used, after.gib_requested),
        ),
        ("GPU time paid without work", before.gpu_idle, after.gpu_idle),
    )
    for label, one, two in shares:
        rows.append((label, _shown("{:.1%}", one), _shown("{:.1%}", two), ""))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(words: str, form: str, one: float | None, two: float | None) -> tuple[str, str, str, str]:
    change = f"{two / one - 1:+.0%}" if one and two is not None else ""
    return words, _shown(form, one), _shown(form, two), change


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _shown(form: str, value: float | None) -> str:
    return NOT_KNOWN if value is None else form.format(value)
