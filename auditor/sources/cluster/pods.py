"""Pods as samples: who owns them, where they run, what they ask for, and why they wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import msgspec

from auditor.model import RunningPod
from auditor.quantity import Quantity, QuantityError
from auditor.sources.cluster.projection import Meta

KEPT_ANNOTATIONS = (
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "karpenter.sh/do-not-disrupt",
    "karpenter.sh/do-not-evict",
)


Amount = str | int | float


class _Resources(msgspec.Struct):
    requests: dict[str, Amount] | None = None
    limits: dict[str, Amount] | None = None


class _Container(msgspec.Struct, rename="camel"):
    resources: _Resources | None = None
    restart_policy: str = ""


class _Volume(msgspec.Struct, rename="camel"):
    empty_dir: dict[str, Any] | None = None
    host_path: dict[str, Any] | None = None


class _Spec(msgspec.Struct, rename="camel"):
    node_name: str = ""
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    overhead: dict[str, Amount] | None = None
    volumes: list[_Volume] | None = None


class _Condition(msgspec.Struct, rename="camel"):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = ""


class _Waiting(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _State(msgspec.Struct):
    waiting: _Waiting | None = None


class _ContainerStatus(msgspec.Struct, rename="camel"):
    name: str = ""
    restart_count: int = 0
    state: _State | None = None


class _Status(msgspec.Struct, rename="camel"):
    phase: str = ""
    start_time: str | None = ""
    conditions: list[_Condition] | None = None
    container_statuses: list[_ContainerStatus] | None = None
    init_container_statuses: list[_ContainerStatus] | None = None


class Pod(msgspec.Struct):
    """What is parsed of every pod."""

    metadata: Meta
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)

    def condition(self, name: str) -> _Condition:
        """A condition by its type; an empty one when it is not there."""
        return next((each for each in self.status.conditions or () if each.type == name), _Condition())


PODS = msgspec.json.Decoder(Pod)


def running(pod: Pod, owner: str) -> RunningPod:
    """The pod as joins see it."""
    meta, spec = pod.metadata, pod.spec
    scheduled, ready = pod.condition("PodScheduled"), pod.condition("Ready")
    containers = [*(pod.status.container_statuses or ()), *(pod.status.init_container_statuses or ())]
    annotations = meta.annotations or {}
    controller = meta.controller()
    return RunningPod(
        namespace=meta.namespace,
        name=meta.name,
        owner=owner,
        node=spec.node_name,
        phase=pod.status.phase,
        created=meta.creation_timestamp,
        scheduled=(scheduled.last_transition_time or "") if scheduled.status == "True" else "",
        started=pod.status.start_time or "",
        ready=(ready.last_transition_time or "") if ready.status == "True" else "",
        waiting=_waiting(pod, containers),
        restarts=sum(each.restart_count for each in containers),
        deleting=meta.deletion_timestamp,
        requests=_summed(spec, "requests"),
        limits=_summed(spec, "limits"),
        annotations={name: annotations[name] for name in KEPT_ANNOTATIONS if name in annotations},
        local_storage=any(_on_the_node(each) for each in spec.volumes or ()),
        mirror=controller is not None and controller.kind == "Node",
    )


def _waiting(pod: Pod, containers: Iterable[_ContainerStatus]) -> str:
    scheduled = pod.condition("PodScheduled")
    if scheduled.status == "False":
        return f"{scheduled.reason}: {scheduled.message}".strip(": ")
    for each in containers:
        waiting = each.state.waiting if each.state else None
        if waiting is not None and waiting.reason not in ("", "ContainerCreating", "PodInitializing"):
            return f"{each.name}: {waiting.reason}"
    return ""


def _on_the_node(volume: _Volume) -> bool:
    on_disk = volume.empty_dir is not None and volume.empty_dir.get("medium") != "Memory"
    return on_disk or volume.host_path is not None


def _summed(spec: _Spec, field: str) -> dict[str, str]:
    """Per resource what the scheduler counts: containers and sidecars together, or the largest init container."""
    together = _written([*(spec.containers or ()), *_sidecars(spec)], field)
    before = _written(spec.init_containers or (), field)
    totals = {
        name: _total(tuple(together.get(name, ())), tuple(before.get(name, ())))
        for name in sorted({*together, *before})
    }
    return {name: total for name, total in totals.items() if total}


def _written(containers: Iterable[_Container], field: str) -> dict[str, list[Amount]]:
    """What containers write, by resource."""
    found: dict[str, list[Amount]] = {}
    for each in containers:
        listed = getattr(each.resources, field) if each.resources else None
        for name, value in (listed or {}).items():
            found.setdefault(name, []).append(value)
    return found


@lru_cache(maxsize=4096, typed=True)
def _total(together: tuple[Amount, ...], before: tuple[Amount, ...]) -> str:
    """The sum, or the largest of those before it; '' without any. Pods of a workload are alike: few are computed."""
    total: Quantity | None = None
    for amount in _quantities(together):
        total = amount if total is None else total + amount
    for amount in _quantities(before):
        total = amount if total is None or total < amount else total
    return "" if total is None else str(total)


def _quantities(amounts: Iterable[Amount]) -> Iterator[Quantity]:
    for each in amounts:
        with suppress(QuantityError):  # the API server takes none that is not one
            yield Quantity.parse(each)


def _sidecars(spec: _Spec) -> list[_Container]:
    return [each for each in spec.init_containers or () if each.restart_policy == "Always"]
