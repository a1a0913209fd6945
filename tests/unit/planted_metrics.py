"""Series with figures that a person can add up, as OpenMetrics text and as a server's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

HOUR = 3600
DAY = 24 * HOUR


class Planted(NamedTuple):
    """One series: a metric, its labels, and its value at a time (None: not there)."""

    metric: str
    labels: Mapping[str, str]
    at: Callable[[int], float | None]
    every: int = 0
    """Seconds between samples; 0: as the text says."""


def openmetrics(series: Iterable[Planted], start: int, end: int, step: int) -> Iterator[str]:
    """The text that promtool turns into blocks: one family after the other."""
    families: dict[str, list[Planted]] = {}
    for each in series:
        families.setdefault(each.metric, []).append(each)
    for metric, members in families.items():
        yield f"# TYPE {metric} unknown\n"
        for each in members:
            labels = ",".join(f'{name}="{value}"' for name, value in each.labels.items())
            for at in range(start, end + 1, each.every or step):
                value = each.at(at)
                if value is not None:
                    yield f"{metric}{{{labels}}} {value!r} {at}\n"
    yield "# EOF\n"


def always(value: float) -> Callable[[int], float | None]:
    """The same at all times."""
    return lambda at: value


def growing(per_second: float, since: int) -> Callable[[int], float | None]:
    """A counter."""
    return lambda at: per_second * (at - since)


def between(start: int, end: int, value: float = 1.0) -> Callable[[int], float | None]:
    """A value from ``start`` to before ``end``, and nothing at other times."""
    return lambda at: value if start <= at < end else None


def switched(start: int, end: int, inside: float, outside: float) -> Callable[[int], float | None]:
    """One value from ``start`` to before ``end``, and another one at other times."""
    return lambda at: inside if start <= at < end else outside


def pod(namespace: str, name: str, owner: tuple[str, str], node: str) -> Iterator[Planted]:
    """What names a pod: its owner, phase, node."""
    own = {"namespace": namespace, "pod": name}
    yield Planted(
        "kube_pod_owner",
        {**own, "owner_kind": owner[0], "owner_name": owner[1], "owner_is_controller": "true"},
        always(1),
    )
    yield Planted("kube_pod_status_phase", {**own, "phase": "Running"}, always(1))
    yield Planted("kube_pod_info", {**own, "node": node}, always(1))


def usage(
    namespace: str, name: str, container: str, cores: float, mem: float, start: int
) -> Iterator[Planted]:
    """cAdvisor's series of a container that uses the same all the time."""
    labels = {"namespace": namespace, "pod": name, "container": container}
    yield Planted("container_cpu_usage_seconds_total", labels, growing(cores, start))
    yield Planted("container_memory_working_set_bytes", labels, always(mem))


def requests(
    namespace: str, name: str, container: str, node: str, amounts: Mapping[str, float]
) -> Iterator[Planted]:
    """kube-state-metrics' series of what a container asks for."""
    for resource, amount in amounts.items():
        yield Planted(
            "kube_pod_container_resource_requests",
            {"namespace": namespace, "pod": name, "container": container, "node": node, "resource": resource},
            always(amount),
        )


def node(name: str, instance_type: str, capacity: Mapping[str, float], region: str) -> Iterator[Planted]:
    """A node that is always there and ready."""
    for resource, amount in capacity.items():
        for field in ("capacity", "allocatable"):
            yield Planted(f"kube_node_status_{field}", {"node": name, "resource": resource}, always(amount))
    yield Planted(
        "kube_node_status_condition", {"node": name, "condition": "Ready", "status": "true"}, always(1)
    )
    yield labels(name, instance_type, region, always(1))


def labels(name: str, instance_type: str, region: str, at: Callable[[int], float | None]) -> Planted:
    """The labels of a node that prices hang on."""
    return Planted(
        "kube_node_labels",
        {
            "node": name,
            "label_node_kubernetes_io_instance_type": instance_type,
            "label_topology_kubernetes_io_region": region,
        },
        at,
    )


def workloads(count: int, start: int) -> Iterator[Planted]:
    """StatefulSets of one pod each, alike."""
    for number in range(count):
        name = f"app-{number}-0"
        yield from pod("apps", name, ("StatefulSet", f"app-{number}"), "node-a")
        yield from usage("apps", name, "app", 0.1, 2.0**28, start)
        yield from requests("apps", name, "app", "node-a", {"cpu": 0.5, "memory": 2.0**29})
