"""When a GPU workload goes to zero: cooldown against job length, and budgets over workloads that scale to zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.budgets import Budgets
from auditor.facts.declared import Declared
from auditor.facts.gpu import Gpu
from auditor.facts.scaling import ScaledBy, ScalerTarget
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

DEFAULT_COOLDOWN = 300
QUEUE = "aws-sqs-queue"


class ScaleDown:
    """``facts.scale_down``.

    Of a ScaledObject: ``{cooldown, counts_in_flight, p95_seconds}``; the p95 is the target's declaration.
    Of a PodDisruptionBudget: ``{workloads}``, the GPU workloads that it selects and that scale to zero, as
    ``{title, ref}``.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._targets, self._declared = ScalerTarget(world), Declared(world)
        self._scaled, self._budgets, self._gpu = ScaledBy(world), Budgets(world), Gpu(world)
        self._under: dict[int, list[dict[str, Any]]] | None = None

    def of(self, instance: Instance) -> Any:
        """See the class."""
        if instance.resource.kind == "PodDisruptionBudget":
            return {"workloads": self._workloads(instance)}
        spec = instance.resource.body.get("spec")
        cooldown = dig(spec, ("cooldownPeriod",))
        triggers = dig(spec, ("triggers",))
        return {
            "cooldown": DEFAULT_COOLDOWN if cooldown is None else cooldown,
            "counts_in_flight": any(_counts_in_flight(each) for each in triggers or ()),
            "p95_seconds": self._p95(instance),
        }

    def _p95(self, instance: Instance) -> Any:
        target = self._targets.find(instance.resource)
        if target is None:
            return Unknown(f"the target of {instance.resource.title} is not among these manifests")
        pods = self._world.instances_of("PodSpec", target)
        if not pods:
            return Unknown(f"{target.title} makes no pods that are known here")
        return self._declared.of(pods[0])["p95_seconds"]

    def _workloads(self, instance: Instance) -> list[dict[str, Any]]:
        if self._under is None:
            self._under = {}
            for pod in self._world.instances("PodSpec"):
                self._place(pod, self._under)
        return self._under.get(id(instance.resource), [])

    def _place(self, pod: Instance, under: dict[int, list[dict[str, Any]]]) -> None:
        """Put the pod's workload under each budget over it, when it wants GPUs and scales to zero."""
        budgets = self._budgets.over(pod)
        if not budgets or not self._gpu.of(pod)["wants"]:
            return
        lows = [scaler["min"] for scaler in self._scaled.of(pod)["scalers"]]
        if any(not isinstance(low, Unknown) and low == 0 for low in lows):
            ref = self._world.ref(pod.resource, pod.base)
            for budget in budgets:
                under.setdefault(id(budget), []).append({"title": pod.resource.title, "ref": ref})


def _counts_in_flight(trigger: Any) -> bool:
    """Whether messages that a worker holds keep the trigger active (KEDA's default for SQS)."""
    flag = dig(trigger, ("metadata", "scaleOnInFlight"))
    return dig(trigger, ("type",)) == QUEUE and str(flag).lower() != "false"
