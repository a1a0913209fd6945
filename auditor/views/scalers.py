"""What scales workloads: KEDA's ScaledObject and ScaledJob, and the HorizontalPodAutoscaler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.views.interface import Instance
from auditor.views.pods import group_of

if TYPE_CHECKING:
    from auditor.world import World

_KINDS = {("keda.sh", "ScaledObject"), ("keda.sh", "ScaledJob"), ("autoscaling", "HorizontalPodAutoscaler")}


class ScalerView:
    """A scaler in one spelling; ``scaler`` in CEL.

    ``{kind, min, max, target: {kind, apiVersion, name}, triggers: [...], spec}``. ``min`` and ``max`` carry
    the defaults of their kind (KEDA 0 and 100, HPA 1 and no default for max); ``spec`` is the raw spec.
    """

    name = "Scaler"
    variable = "scaler"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for KEDA's scalers and HPAs of any version."""
        return (group_of(api_version), kind) in _KINDS

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a scaler whose spec is a map."""
        spec = resource.body.get("spec")
        if type(spec) is not dict:
            return
        if resource.kind == "HorizontalPodAutoscaler":
            low, high, value = "minReplicas", "maxReplicas", _hpa(spec)
        else:
            low, high, value = "minReplicaCount", "maxReplicaCount", _keda(resource.kind, spec)
        moved: dict[Path, Path] = {
            (): (),
            ("min",): (low,),
            ("max",): (high,),
            ("target",): ("scaleTargetRef",),
            ("triggers",): ("triggers",),
            ("spec",): (),
        }
        yield Instance("Scaler", resource, value, ("spec",), moved=moved)


def _hpa(spec: dict[str, Any]) -> dict[str, Any]:
    value = {
        "kind": "HorizontalPodAutoscaler",
        "min": spec.get("minReplicas", 1),
        "target": spec.get("scaleTargetRef", {}),
        "triggers": [],
        "spec": spec,
    }
    return value | {"max": spec["maxReplicas"]} if "maxReplicas" in spec else value


def _keda(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    target = spec.get("scaleTargetRef", {})
    if type(target) is dict and target:
        target = {"kind": "Deployment", "apiVersion": "apps/v1", **target}
    return {
        "kind": kind,
        "min": spec.get("minReplicaCount", 0),
        "max": spec.get("maxReplicaCount", 100),
        "target": target,
        "triggers": spec.get("triggers", []),
        "spec": spec,
    }
