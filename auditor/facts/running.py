"""What every live fact shares: the clock of the cluster, pods by node and by owner, amounts in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from auditor.facts.gpu import is_gpu_resource
from auditor.model import RunningPod

if TYPE_CHECKING:
    from auditor.world import World

ENDED = frozenset({"Succeeded", "Failed"})


def moment(text: Any) -> datetime | None:
    """A time of the API (RFC 3339); None for anything else."""
    try:
        found = datetime.fromisoformat(text) if type(text) is str and text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def seconds_since(world: World, text: Any) -> float | None:
    """Seconds from a time of the API until the cluster was read; None where there is no time. Never negative."""
    then, now = moment(text), moment(world.taken)
    return None if then is None or now is None else max((now - then).total_seconds(), 0.0)


def in_words(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 20 min``, ``5 d``."""
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if seconds < 120:
        return f"{int(seconds)} s"
    if minutes < 120:
        return f"{minutes} min"
    if hours < 48:
        rest = minutes - 60 * hours
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} d"


def wants_gpu(pod: RunningPod) -> bool:
    """Whether a pod holds an accelerator."""
    return any(is_gpu_resource(name) for name in (*pod.requests, *pod.limits))


class Pods:
    """The pods of the moment, by node and by owner. Pods that have ended hold nothing."""

    def __init__(self, pods: Iterable[RunningPod]) -> None:
        self.by_node: dict[str, list[RunningPod]] = {}
        self.by_owner: dict[str, list[RunningPod]] = {}
        for pod in pods:
            if pod.phase in ENDED:
                continue
            self.by_owner.setdefault(pod.owner, []).append(pod)
            if pod.node:
                self.by_node.setdefault(pod.node, []).append(pod)


def pods_of(world: World) -> Pods:
    """The world's own pods, sorted out once; UnknownUsed where they were not read."""
    pods = world.running_pods()
    return world.shared(f"pods of {world.name}", lambda: Pods(pods))
