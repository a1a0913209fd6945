"""What a seeded fault is: one field of one real object changed so that a policy must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Body = dict[str, Any]

POD_PATHS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Rollout": ("spec", "template", "spec"),
}


class Kind(NamedTuple):
    """A way to break an object of Kubernetes. ``breaks`` edits the body in place; False: it cannot be broken so."""

    name: str
    policies: tuple[str, ...]
    """Any of them must fail afterwards, at an object that passed before."""
    breaks: Callable[[Body], bool]
    other: tuple[str, ...] = ()
    """Kinds of the object to edit, when it is another than the one that must fail."""
    joined: Callable[[Body, Body], bool] | None = None
    """Whether the first body (which must fail) hangs on the second one (which is edited)."""
    deletes: bool = False
    """The whole object is taken away; ``breaks`` is then not asked."""


class TextKind(NamedTuple):
    """A way to break a block of Terraform or a Dockerfile: the new text, or None when it cannot be broken so."""

    name: str
    policies: tuple[str, ...]
    breaks: Callable[[str], str | None]


def pod_of(body: Body) -> Body | None:
    """The pod spec of an object that makes pods."""
    found: Any = body
    for step in POD_PATHS.get(str(body.get("kind")), ("",)):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def containers_of(body: Body) -> Iterator[Body]:
    """The main containers of an object that makes pods."""
    pod = pod_of(body)
    for container in (pod or {}).get("containers") or []:
        if isinstance(container, dict):
            yield container


def first(body: Body) -> Body | None:
    """The first main container."""
    return next(containers_of(body), None)


def within(body: Body | None, *steps: str) -> Body | None:
    """The map at a path, made where it is missing; None where something else stands in the way."""
    found = body
    for step in steps:
        if not isinstance(found, dict):
            return None
        if found.get(step) is None:
            found[step] = {}
        found = found[step]
    return found if isinstance(found, dict) else None


def in_container(*steps: str, **fields: Any) -> Callable[[Body], bool]:
    """Set fields below the first container."""

    def breaks(body: Body) -> bool:
        held = within(first(body), *steps)
        if held is None:
            return False
        held.update({name.replace("__", "."): value for name, value in fields.items()})
        return True

    return breaks


def in_pod(*steps: str, **fields: Any) -> Callable[[Body], bool]:
    """Set fields below the pod spec."""

    def breaks(body: Body) -> bool:
        held = within(pod_of(body), *steps)
        if held is None:
            return False
        held.update(fields)
        return True

    return breaks


def without_in_container(*path: str) -> Callable[[Body], bool]:
    """Take a field of the first container away."""

    def breaks(body: Body) -> bool:
        held: Any = first(body)
        for step in path[:-1]:
            held = held.get(step) if isinstance(held, dict) else None
        return isinstance(held, dict) and held.pop(path[-1], None) is not None

    return breaks


def without(*path: str) -> Callable[[Body], bool]:
    """Take a field of the object away."""

    def breaks(body: Body) -> bool:
        held: Any = body
        for step in path[:-1]:
            held = held.get(step) if isinstance(held, dict) else None
        return isinstance(held, dict) and held.pop(path[-1], None) is not None

    return breaks


def setting(*path: str, value: Any) -> Callable[[Body], bool]:
    """Set a field of the object, whose parents exist."""

    def breaks(body: Body) -> bool:
        held: Any = body
        for step in path[:-1]:
            held = held.get(step) if isinstance(held, dict) else None
        if not isinstance(held, dict):
            return False
        held[path[-1]] = value
        return True

    return breaks


def appending(find: Callable[[Body], Body | None], field: str, item: Any) -> Callable[[Body], bool]:
    """Add an item to a list that ``find`` finds or that is made."""

    def breaks(body: Body) -> bool:
        held = find(body)
        if held is None:
            return False
        listed = held.get(field)
        if listed is not None and not isinstance(listed, list):
            return False
        held[field] = [*(listed or []), item]
        return True

    return breaks
