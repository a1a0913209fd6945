"""``WorkloadUsage``: what a workload's pods asked for and what they used. Pods are samples, owners are units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from auditor.sources.prometheus.asking import Asking, NoSeries, Row, priced, span
from auditor.sources.prometheus.queries import (
    GPU_MEMORY,
    GPU_MEMORY_THERE,
    NOW_REQUESTED,
    OWNERS,
    REQUESTED,
    USED,
)
from auditor.usage.series import HOUR, Series, quantile
from auditor.usage.sizing import Resource, idle_hours, suggest

KIND = "WorkloadUsage"
RESOURCES: tuple[Resource, ...] = ("cpu", "memory")


class Owner(NamedTuple):
    """A workload."""

    namespace: str
    kind: str
    name: str


Key = tuple[Owner, str]
"""A workload and the name of its container."""

Points = dict[int, float]


class Tables(NamedTuple):
    """Points of one resource by workload and container: the sum of its pods, its busiest pod, what they asked for."""

    used: dict[Key, Points]
    peak: dict[Key, Points]
    requested: dict[Key, Points]


def read(asking: Asking) -> Iterator[Row]:
    """One row for each workload that ran in the window. Failed, NoSeries."""
    owners = _Owners(asking)
    requests = _requests(asking, owners)
    asked = asking.range(REQUESTED, asking.usage, keep=False)
    # One resource after the other: the points of a thousand workloads take more memory than all else together.
    made = {each: _rows(asking, owners, requests, each, asked) for each in RESOURCES}
    if not any(made.values()):
        raise NoSeries(
            "there is no use of any container by its owner: cAdvisor's or kube-state-metrics' series are missing",
            "scrape the kubelet's /metrics/cadvisor, and kube-state-metrics",
        )
    gpu = _gpu_memory(asking, owners)
    found: dict[Owner, list[str]] = {}
    for owner, container in sorted({key for rows in made.values() for key in rows}):
        found.setdefault(owner, []).append(container)
    nothing = Tables({}, {}, {})
    for owner, containers in found.items():
        keys = [((owner, container), each) for container in containers for each in RESOURCES]
        rows = [made[each].get(key) or _row(asking, nothing, requests, key, each) for key, each in keys]
        body: dict[str, Any] = {"workload": owner._asdict(), "window": span(asking.usage), "rows": rows}
        if owner in gpu:
            body["gpu_memory"] = gpu[owner]
        yield Row(KIND, owner.namespace, f"{owner.kind}/{owner.name}", body)


def _rows(
    asking: Asking,
    owners: _Owners,
    requests: Mapping[tuple[Owner, str, str], float],
    resource: Resource,
    asked: list[Series],
) -> dict[Key, dict[str, Any]]:
    """The rows of one resource by workload and container."""
    start = asking.usage.start
    mine = (each for each in asked if each.labels.get("resource") == resource)
    used, peak = (
        asking.range(USED[f"{resource}_{each}"], asking.usage, keep=False) for each in ("used", "peak")
    )
    tables = Tables(
        _table(used, owners, start, peak=False),
        _table(peak, owners, start, peak=True),
        _table(mine, owners, start, peak=False),
    )
    return {key: _row(asking, tables, requests, key, resource) for key in tables.used}


def _gpu_memory(asking: Asking, owners: _Owners) -> dict[Owner, dict[str, Any]]:
    """MiB by workload: the most that one GPU held and that it has, and GPU-hours' worth of what was free, by node."""
    if not asking.instant(GPU_MEMORY_THERE, asking.usage):
        return {}
    size, peak = _most(asking, owners, "size"), _most(asking, owners, "peak")
    nodes: dict[Owner, dict[str, float]] = {}
    samples: dict[Owner, set[int]] = {}
    for each in asking.range(GPU_MEMORY["free"], asking.usage):
        owner, node = owners.of(each), each.labels.get("node") or each.labels.get("Hostname", "")
        points = {at: value for at, value in each.points.items() if at != asking.usage.start}
        if size.get(owner) and points:
            hours = sum(points.values()) / size[owner] * asking.usage.step / HOUR
            table = nodes.setdefault(owner, {})
            table[node] = table.get(node, 0.0) + hours
            samples.setdefault(owner, set()).update(points)
    return {
        owner: {
            "peak_mib": peak[owner],
            "size_mib": size[owner],
            "samples": len(samples[owner]),
            "nodes": [
                {"name": name, **priced(asking.labels.get(name)), "unused_gpu_hours": hours}
                for name, hours in sorted(table.items())
            ],
        }
        for owner, table in nodes.items()
        if owner in peak
    }


def _most(asking: Asking, owners: _Owners, what: str) -> dict[Owner, float]:
    found: dict[Owner, float] = {}
    for each in asking.range(GPU_MEMORY[what], asking.usage):
        owner = owners.of(each)
        found[owner] = max(found.get(owner, 0.0), *each.points.values())
    return found


class _Owners:
    """From what owns a pod to what a person wrote: a ReplicaSet's Deployment, a Job's CronJob."""

    def __init__(self, asking: Asking) -> None:
        self._above: dict[Owner, Owner] = {}
        for kind, label in (("ReplicaSet", "replicaset"), ("Job", "job_name")):
            for each in asking.instant(OWNERS[kind], asking.usage):
                own = Owner(each.labels.get("namespace", ""), kind, each.labels.get(label, ""))
                self._above[own] = _owner(each.labels)

    def of(self, series: Series) -> Owner:
        """The workload of a series."""
        found = _owner(series.labels)
        return self._above.get(found, found)


def _owner(labels: Mapping[str, str]) -> Owner:
    return Owner(labels.get("namespace", ""), labels.get("owner_kind", ""), labels.get("owner_name", ""))


def _table(series: Iterable[Series], owners: _Owners, start: int, *, peak: bool) -> dict[Key, Points]:
    """Points by workload and container: of several ReplicaSets or Jobs the sum, of peaks the most."""
    found: dict[Key, Points] = {}
    for each in series:
        points = found.setdefault((owners.of(each), each.labels.get("container", "")), {})
        for at, value in each.points.items():
            if at == start:
                continue  # it speaks of the step before the window
            points[at] = max(points.get(at, 0.0), value) if peak else points.get(at, 0.0) + value
    return found


def _requests(asking: Asking, owners: _Owners) -> dict[tuple[Owner, str, str], float]:
    """What one pod asks for: as in the last hour, else as when it ran last."""
    found: dict[tuple[Owner, str, str], float] = {}
    for look_back in (asking.usage.seconds, HOUR):
        latest: dict[tuple[Owner, str, str], float] = {}
        for each in asking.instant(NOW_REQUESTED, asking.usage, look_back):
            labels = each.labels
            key = (owners.of(each), labels.get("container", ""), labels.get("resource", ""))
            latest[key] = max(latest.get(key, 0.0), *each.points.values())
        found |= latest
    return found


def _row(
    asking: Asking,
    tables: Tables,
    requests: Mapping[tuple[Owner, str, str], float],
    key: Key,
    resource: Resource,
) -> dict[str, Any]:
    """One container and resource. Cores or bytes; ``requested`` and ``used`` are means over all pods together."""
    step = asking.usage.step
    used, peak, asked = (each.get(key, {}) for each in tables)
    both = sorted(asked.keys() & used.keys())
    row: dict[str, Any] = {
        "name": f"{key[1]}/{resource}",
        "container": key[1],
        "resource": resource,
        "samples": len(both),
    }
    request = requests.get((*key, resource))
    if request is not None:
        row["request"] = request
    if peak:
        row["peak_p95"], row["peak"] = quantile(peak.values(), 0.95), max(peak.values())
    if both:
        requested, mean = (sum(each[at] for at in both) / len(both) for each in (asked, used))
        row |= {"requested": requested, "used": mean, "efficiency": mean / requested if requested else 0.0}
        row["idle_unit_hours"] = idle_hours(asked, used, step)
    made = suggest(resource, peak, step)
    if isinstance(made, str):
        row["refused"] = made
    else:
        row["suggestion"] = made._asdict()
    return row
