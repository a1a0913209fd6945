"""Scaler ↔ workload: who scales what, and whether GPUs hang on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.gpu import Gpu
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import group_of

if TYPE_CHECKING:
    from auditor.world import World


def wants_gpu(world: World, resource: Resource) -> bool:
    """Whether any pod of the resource asks for an accelerator."""
    fact = Gpu(world)
    return any(fact.of(pod)["wants"] for pod in world.instances_of("PodSpec", resource))


class ScalerTarget:
    """``facts.scaler_target`` of a scaler: ``{found, gpu, title, refs}`` of the workload it scales.

    A ScaledJob is its own target. Unknown when a ScaledObject's target is not in the manifests.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        scaler = instance.resource
        if scaler.kind == "ScaledJob":
            return self._answer(scaler, ("spec", "jobTargetRef"))
        found = self.find(scaler)
        if found is None:
            return Unknown(
                f"the target of {scaler.title} is not among the manifests of {self._world.name}",
                "audit the folder that holds the workload together with the scaler",
            )
        return self._answer(found, ("spec",))

    def find(self, scaler: Resource) -> Resource | None:
        """The workload that ``scaleTargetRef`` names; None when it is not there."""
        reference = target_reference(scaler)
        if reference is None:
            return None
        group, kind, name = reference
        for candidate in self._world.kind(group, kind):
            if candidate.name == name and candidate.namespace == scaler.namespace:
                return candidate
        return None

    def _answer(self, resource: Resource, path: tuple[str, ...]) -> dict[str, Any]:
        return {
            "found": True,
            "gpu": wants_gpu(self._world, resource),
            "title": resource.title,
            "refs": [self._world.ref(resource, path)],
        }


def target_reference(scaler: Resource) -> tuple[str, str, str] | None:
    """``(group, kind, name)`` of a scaler's target with KEDA's defaults; None when it names none."""
    spec = scaler.body.get("spec")
    reference = spec.get("scaleTargetRef") if type(spec) is dict else None
    if type(reference) is not dict or type(reference.get("name")) is not str:
        return None
    kind, api_version = reference.get("kind", "Deployment"), reference.get("apiVersion", "apps/v1")
    return (
        (group_of(api_version), kind, reference["name"])
        if type(kind) is str and type(api_version) is str
        else None
    )


class ScaledBy:
    """``facts.scaled_by`` of a workload: ``{scalers: [{kind, name, title, min, max, ref}]}``.

    ``min`` is the number of replicas without work: ``idleReplicaCount`` where KEDA has one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_target: dict[tuple[str, str, str, str], list[Instance]] = {}
        for scaler in world.instances("Scaler"):
            reference = target_reference(scaler.resource)
            if reference is not None:
                self._by_target.setdefault((*reference, scaler.resource.namespace), []).append(scaler)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        key = (resource.group, resource.kind, resource.name, resource.namespace)
        return {"scalers": [self._row(scaler) for scaler in self._by_target.get(key, ())]}

    def _row(self, scaler: Instance) -> dict[str, Any]:
        spec, value = scaler.value["spec"], scaler.value
        return {
            "kind": value["kind"],
            "name": scaler.resource.name,
            "title": scaler.resource.title,
            "min": spec.get("idleReplicaCount", value["min"]),
            "max": value.get("max", 0),
            "ref": self._world.ref(scaler.resource, ("spec", "scaleTargetRef")),
        }
