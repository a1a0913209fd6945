"""ScaledObject ↔ its target: whether it exists, who else scales it, and what its pods request."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.data._tables import nearest
from auditor.facts.neighbours import may_come_from, template_beside
from auditor.facts.scaling import target_reference
from auditor.model import Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World

Key = tuple[str, str, str]
"""Group, kind and name of a target."""
RESOURCE_TRIGGERS = ("cpu", "memory")
FOREIGN_HPA = "validations.keda.sh/hpa-ownership"
TRANSFER_HPA = "scaledobject.keda.sh/transfer-hpa-ownership"


class KedaTarget:
    """``facts.keda_target`` of a ScaledObject: ``{found, title, why, suggestion, refs, rivals, hpas, unrequested}``.

    ``found``: its target is among the manifests; Unknown when the manifests hold nothing it could be compared
    with. ``why`` and ``suggestion`` say what is there instead. ``rivals`` and ``hpas``: other ScaledObjects and
    HPAs that scale the same target, ``{title, ref}`` each. ``unrequested``: ``{type, container, at, ref}`` for
    each container that a cpu or memory trigger measures and that requests none of it, as KEDA's webhook asks.
    A namespace that is not written fits every namespace.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._scalers = _by_target(world.kind("keda.sh", "ScaledObject"))
        self._hpas = _by_target(world.kind("autoscaling", "HorizontalPodAutoscaler"))

    def of(self, instance: Instance) -> Any:
        """See the class."""
        scaler = instance.resource
        key = target_reference(scaler)
        if scaler.kind != "ScaledObject" or key is None:
            return Unknown(f"{scaler.title} names no target", "write spec.scaleTargetRef.name")
        found = self.find(scaler)
        answer = (
            self._missing(scaler, key) if found is None else {"found": True, "title": found.title, "why": ""}
        )
        return {
            "suggestion": "",
            "refs": [] if found is None else [self._world.ref(found, ("metadata", "name"))],
            "rivals": self._others(self._scalers, scaler, key),
            "hpas": [] if _transfers(scaler) else self._others(self._hpas, scaler, key),
            "unrequested": self._unrequested(scaler, found),
            **answer,
        }

    def find(self, scaler: Resource) -> Resource | None:
        """The workload that ``scaleTargetRef`` names; None when it is not there."""
        key = target_reference(scaler)
        if key is None:
            return None
        named = [
            each
            for each in self._world.kind(*key[:2])
            if each.name == key[2] and same_namespace(each, scaler)
        ]
        return max(named, key=lambda each: _nearness(each, scaler), default=None)

    def _missing(self, scaler: Resource, key: Key) -> dict[str, Any]:
        group, kind, name = key
        candidates = [each for each in self._world.kind(group, kind) if together(self._world, each, scaler)]
        answer: dict[str, Any] = {"found": False, "title": f"{kind} {name}", "why": ""}
        elsewhere = [each for each in candidates if each.name == name]
        if elsewhere:
            spaces = ", ".join(sorted({each.namespace for each in elsewhere}))
            refs = [self._world.ref(each, ("metadata", "name")) for each in elsewhere]
            return answer | {"why": f"{kind} {name} is in namespace {spaces}", "refs": refs}
        here = [each for each in candidates if same_namespace(each, scaler)]
        if not here:
            return answer | {"found": self._unseen(scaler, kind, name)}
        template = template_beside(self._world, scaler, (name, kind))
        if template:
            return answer | {"found": may_come_from(template, answer["title"])}
        meant = nearest(name, [each.name for each in here]) or ""
        names = ", ".join(sorted({each.name for each in here})[:3])
        return answer | {"why": f"there is {kind} {meant or names}", "suggestion": meant}

    def _unseen(self, scaler: Resource, kind: str, name: str) -> Unknown:
        return Unknown(
            f"{kind} {name} is not among the manifests of {self._world.name}, nor is any other {kind} "
            f"beside {scaler.title}",
            "audit the folder that holds the workload together with the scaler",
        )

    def _others(self, table: dict[Key, list[Resource]], scaler: Resource, key: Key) -> list[dict[str, str]]:
        return [
            {"title": each.title, "ref": self._world.ref(each, ("spec", "scaleTargetRef"))}
            for each in table.get(key, ())
            if each.key != scaler.key and same_namespace(each, scaler) and together(self._world, each, scaler)
        ]

    def _unrequested(self, scaler: Resource, found: Resource | None) -> Any:
        measured = list(_resource_triggers(scaler))
        if not measured:
            return []
        if found is None:
            return Unknown(f"the target of {scaler.title} is not among the manifests of {self._world.name}")
        rows = []
        for pod in self._world.instances_of("PodSpec", found):
            for index, kind, only in measured:
                at = render(scaler.body, ("spec", "triggers", index))
                for place, name in self._without(pod, kind, only):
                    ref = self._world.ref(found, pod.source_path(("containers", place)))
                    rows.append({"type": kind, "container": name, "at": at, "ref": ref, "title": found.title})
        return rows

    def _without(self, pod: Instance, kind: str, only: str) -> Iterator[tuple[int, str]]:
        """Index and name of the containers measured that neither request nor limit the resource."""
        if self._has_default(pod.resource, kind):
            return
        containers = pod.value.get("containers")
        for index, container in enumerate(containers if type(containers) is list else ()):
            if type(container) is not dict or only not in ("", container.get("name")):
                continue
            amounts = [dig(container, ("resources", section, kind)) for section in ("requests", "limits")]
            if all(amount is None or str(amount) == "0" for amount in amounts):
                yield index, str(container.get("name"))

    def _has_default(self, resource: Resource, kind: str) -> bool:
        """Whether a LimitRange of the namespace gives containers a default."""
        for limits in self._world.kind("", "LimitRange"):
            listed = dig(limits.body, ("spec", "limits")) if same_namespace(limits, resource) else None
            items = records(listed)
            for item in items:
                defaults = (dig(item, ("defaultRequest", kind)), dig(item, ("default", kind)))
                if item.get("type") == "Container" and defaults != (None, None):
                    return True
        return False


def same_namespace(one: Resource, other: Resource) -> bool:
    """Whether two objects may lie in one namespace; one that is not written may be any."""
    return one.namespace == other.namespace or not one.namespace or not other.namespace


def _nearness(one: Resource, other: Resource) -> tuple[bool, int]:
    """How close two objects lie in the tree: examples beside each other often use the same names."""
    paths = one.origin.file, other.origin.file
    return paths[0] == paths[1], len(posixpath.commonpath([posixpath.dirname(each) for each in paths]))


def together(world: World, one: Resource, other: Resource) -> bool:
    """Whether two objects are surely deployed together: loose files of other folders may not be."""
    if not world.is_loose or any(one in tied.resources for tied in world.tied):
        return True
    return posixpath.dirname(one.origin.file) == posixpath.dirname(other.origin.file)


def _by_target(scalers: list[Resource]) -> dict[Key, list[Resource]]:
    table: dict[Key, list[Resource]] = {}
    for scaler in scalers:
        key = target_reference(scaler)
        if key is not None and scaler.annotations.get(FOREIGN_HPA) != "false":
            table.setdefault(key, []).append(scaler)
    return table


def _transfers(scaler: Resource) -> bool:
    return scaler.annotations.get(TRANSFER_HPA) == "true"


def _resource_triggers(scaler: Resource) -> Iterator[tuple[int, str, str]]:
    """Index, type and containerName of the cpu and memory triggers."""
    triggers = dig(scaler.body, ("spec", "triggers"))
    for index, trigger in enumerate(triggers if type(triggers) is list else ()):
        if type(trigger) is dict and trigger.get("type") in RESOURCE_TRIGGERS:
            only = dig(trigger, ("metadata", "containerName"))
            yield index, trigger["type"], only if type(only) is str else ""
