"""HorizontalPodAutoscaler ↔ workload: is there something to scale, can its use be measured, who else scales it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.neighbours import ELSEWHERE, may_share_namespace, nearby, nearest
from auditor.facts.pods import POD_KINDS, is_fragment, neighbours_of
from auditor.facts.services import listed
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import TEMPLATES, dig, group_of

if TYPE_CHECKING:
    from auditor.world import World

HPA = ("autoscaling", "HorizontalPodAutoscaler")
SCALABLE = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
"""Built-in kinds with a scale subresource."""


class Autoscaler:
    """``facts.autoscaler`` of an HPA: ``{target, found, refs, unrequested, others}``.

    ``found``: whether ``scaleTargetRef`` names something. ``unrequested``: ``[{container, resource, ref}]`` whose
    use the HPA compares with a request that is not there. ``others``: ``[{title, ref}]`` of further HPAs on the
    same target in the same namespace and folder.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_target: dict[tuple[str, str, str, str], list[Resource]] = {}
        for hpa in world.kind(*HPA):
            self._by_target.setdefault((*reference_of(hpa), hpa.namespace), []).append(hpa)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        hpa = instance.resource
        group, kind, name = reference_of(hpa)
        found = self._targets(hpa, group, kind, name)
        return {
            "target": f"{kind} {name}" if name else "nothing",
            "found": bool(found) or self._missing(hpa, group, kind, name),
            "refs": [self._world.ref(each, ("spec",)) for each in found],
            "unrequested": [row for each in found for row in self._unrequested(hpa, each)],
            "others": [
                {"title": each.title, "ref": self._world.ref(each, ("spec", "scaleTargetRef"))}
                for each in self._by_target.get((group, kind, name, hpa.namespace), ())
                if name
                and each is not hpa
                and nearby(self._world)(hpa, each) != ELSEWHERE
                and each.name != hpa.name
            ],
        }

    def _targets(self, hpa: Resource, group: str, kind: str, name: str) -> list[Resource]:
        named = [
            each
            for each in self._world.kind(group, kind)
            if each.name == name and may_share_namespace(each.namespace, hpa.namespace)
        ]
        return nearest(self._world, hpa, named, lambda each: each)

    def _missing(self, hpa: Resource, group: str, kind: str, name: str) -> bool | Unknown:
        what = f"{kind} {name}"
        if not name:
            return False
        if (group, kind) not in TEMPLATES and kind not in SCALABLE:
            return Unknown(f"{what} is a custom resource that is not in Git", "audit the running cluster")
        return neighbours_of(self._world).missing(hpa, what, POD_KINDS, (name,))

    def _unrequested(self, hpa: Resource, target: Resource) -> list[dict[str, Any]]:
        base = TEMPLATES.get((target.group, target.kind))
        template = dig(target.body, base) if base is not None else None
        if base is None or type(template) is not dict:
            return []
        if is_fragment(template) or self._has_defaults(target):
            return []
        return [
            {"container": name, "resource": resource, "ref": self._world.ref(target, (*base, *path))}
            for resource, only in measured(hpa)
            for name, path in _without_request(template, resource, only)
        ]

    def _has_defaults(self, target: Resource) -> bool:
        """Whether a LimitRange may give its containers requests."""
        ranges = self._world.kind("", "LimitRange")
        return any(may_share_namespace(each.namespace, target.namespace) for each in ranges)


def reference_of(hpa: Resource) -> tuple[str, str, str]:
    """``(group, kind, name)`` of the target as the HPA controller resolves it: it ignores the version."""
    reference = dig(hpa.body, ("spec", "scaleTargetRef"))
    if type(reference) is not dict:
        return "", "", ""
    kind, name, version = (reference.get(key, "") for key in ("kind", "name", "apiVersion"))
    return group_of(str(version)), str(kind), str(name)


def measured(hpa: Resource) -> list[tuple[str, str]]:
    """``(resource, container)`` of every utilization metric; container '' means all of them.

    An HPA without metrics compares the use of CPU with 80 % of its request.
    """
    spec = hpa.body.get("spec")
    if type(spec) is not dict:
        return []
    metrics = spec.get("metrics")
    if hpa.api_version == "autoscaling/v1" or not metrics:
        return [("cpu", "")]
    found = []
    for _, metric in listed(spec, ("metrics",)):
        for field in ("resource", "containerResource"):
            source = metric.get(field)
            if type(source) is dict and _is_utilization(source) and type(source.get("name")) is str:
                found.append((source["name"], str(source.get("container", ""))))
    return found


def _is_utilization(source: dict[str, Any]) -> bool:
    target = source.get("target")
    return "targetAverageUtilization" in source or (
        type(target) is dict and target.get("type") == "Utilization"
    )


def _without_request(
    template: dict[str, Any], resource: str, only: str
) -> list[tuple[str, tuple[str | int, ...]]]:
    """Containers that run beside each other without a request (or a limit, which stands for one)."""
    rows: list[tuple[str, tuple[str | int, ...]]] = []
    for field in ("containers", "initContainers"):
        for index, container in listed(template, ("spec", field)):
            if field == "initContainers" and container.get("restartPolicy") != "Always":
                continue
            name = str(container.get("name", ""))
            if only in ("", name) and not _asks_for(container, resource):
                rows.append((name, ("spec", field, index)))
    return rows


def _asks_for(container: dict[str, Any], resource: str) -> bool:
    return any(
        resource in (dig(container, ("resources", section)) or {}) for section in ("requests", "limits")
    )
