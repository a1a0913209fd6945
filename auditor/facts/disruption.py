"""PodDisruptionBudget ↔ workload ↔ autoscaler: can a node still be drained, and is anything protected at all.

Semantics: https://kubernetes.io/docs/tasks/run-application/configure-pdb/
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.facts.beside import Beside
from auditor.facts.neighbours import ELSEWHERE, nearby
from auditor.facts.pods import PodIndex, PodSource, is_fragment, labels_of, pods_of, surely
from auditor.facts.scaling import target_reference
from auditor.facts.selectors import Selector, of_selector
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

BUDGET = ("policy", "PodDisruptionBudget")
REPLICATED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"})
"""Kinds that keep a number of replicas."""


class Replicas(NamedTuple):
    """How few replicas a workload runs with while nothing is wrong."""

    least: int
    scaler: Resource | None
    """The autoscaler that sets it; None where the manifest does."""


def selector_of(budget: Resource) -> Selector | None:
    """The pods of a budget: a missing selector selects none, and an empty one did so before policy/v1."""
    selector = of_selector(dig(budget.body, ("spec", "selector")))
    if selector is not None and selector.empty and budget.api_version == "policy/v1beta1":
        return None
    return selector


class ReplicaCounts:
    """``facts.replicas`` of a workload: ``{least, scaler}``; the least number of replicas Git lets it run with.

    ``least`` is Unknown where a value is no number; ``scaler`` is the title of the autoscaler that decides, or ''.
    """

    def __init__(self, world: World) -> None:
        self._scalers: dict[tuple[str, str, str, str], Instance] = {}
        for scaler in world.instances("Scaler"):
            reference = target_reference(scaler.resource)
            if reference is not None:
                self._scalers.setdefault((*reference, scaler.resource.namespace), scaler)

    def count(self, workload: Resource) -> Replicas | None:
        """None where the kind keeps no number of replicas, or it is not written as one."""
        if workload.kind not in REPLICATED:
            return None
        scaler = self._scalers.get((workload.group, workload.kind, workload.name, workload.namespace))
        value = scaler.value["min"] if scaler else dig(workload.body, ("spec", "replicas"))
        value = 1 if value is None else value
        return Replicas(value, scaler.resource if scaler else None) if type(value) is int else None

    def of(self, instance: Instance) -> Any:
        """See the class."""
        found = self.count(instance.resource)
        if found is None:
            return {"least": Unknown("the number of replicas is not written as a number"), "scaler": ""}
        return {"least": found.least, "scaler": found.scaler.title if found.scaler else ""}


def counts_of(world: World) -> ReplicaCounts:
    """The world's own replica counts."""
    found = world.get_fact("replicas")
    assert isinstance(found, ReplicaCounts)
    return found


class BudgetReach:
    """``facts.disruption_budget`` of a PodDisruptionBudget: ``{selector, found, workloads, blocked, refs}``.

    ``blocked``: the workloads of which ``minAvailable`` lets no pod go, ``[{title, replicas, needed, scaler,
    above, ref}]``; ``scaler`` names the autoscaler whose minimum counts, or is ''; ``above``: more are needed
    than run at least.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._pods: PodIndex = pods_of(world)
        self._counts = counts_of(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        budget = instance.resource
        selector = selector_of(budget)
        found = self._pods.find(selector, budget)
        return {
            "selector": "nothing" if selector is None else selector.text() or "every pod",
            "found": bool(found) or self._missing(budget, selector),
            "workloads": [pod.resource.title for pod in found],
            "blocked": self._blocked(budget, found),
            "refs": [self._world.ref(pod.resource, ("spec", "replicas")) for pod in found],
        }

    def _missing(self, budget: Resource, selector: Selector | None) -> bool | Unknown:
        if selector is None:
            return False
        return selector.empty or self._pods.missing(budget, selector, f"a pod with {selector.text()}")

    def _blocked(self, budget: Resource, found: list[PodSource]) -> list[dict[str, Any]]:
        wanted = dig(budget.body, ("spec", "minAvailable"))
        near, measure = surely(budget, found), nearby(self._world)
        if len(near) != 1 or measure(budget, near[0].resource) == ELSEWHERE:
            return []  # several workloads share the budget: only their sum is bounded
        workload = near[0].resource
        counts = self._counts.count(self._world.opened(workload))
        needed = desired(wanted, counts.least) if counts and counts.least > 0 else None
        if counts is None or needed is None or needed < counts.least:
            return []
        owner, path = (counts.scaler, ("spec",)) if counts.scaler else (workload, ("spec", "replicas"))
        row = {
            "title": workload.title,
            "replicas": counts.least,
            "needed": needed,
            "scaler": counts.scaler.title if counts.scaler else "",
            "above": needed > counts.least,
            "ref": self._world.ref(owner, path),
        }
        return [row]


def desired(value: Any, replicas: int) -> int | None:
    """Pods that ``minAvailable`` wants of so many replicas (percentages round up); None when it says nothing."""
    if type(value) is int:
        return value
    if type(value) is str and value.endswith("%") and value[:-1].isdigit():
        return ceil(replicas * int(value[:-1]) / 100)
    return int(value) if type(value) is str and value.isdigit() else None


class Protection:
    """``facts.disruption`` of a pod template: ``{fragment, budgets: [{title, ref}], protected, sure}``.

    The budgets that may select the pods; ``sure`` counts those that lie in the same namespace and folder.
    ``protected``: whether there are any; Unknown where one of another target may select them.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._beside = Beside(world, "PodDisruptionBudget")
        self._by_pods: dict[int, list[Resource]] = {}
        pods = pods_of(world)
        for budget in world.kind(*BUDGET):
            selector = selector_of(budget)
            if selector is not None:
                for pod in pods.find_all(selector.declared(), budget.namespace):
                    self._by_pods.setdefault(id(pod.resource), []).append(budget)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        found = self._by_pods.get(id(instance.resource), [])
        return {
            "fragment": is_fragment(instance.value),
            "budgets": [{"title": each.title, "ref": self._world.ref(each, ("spec",))} for each in found],
            "protected": bool(found) or self._outside(instance),
            "sure": len({budget.name for budget in found if self._is_sure(budget, instance.resource)}),
        }

    def _outside(self, pods: Instance) -> bool | Unknown:
        labels = labels_of(pods.value)

        def fits(budget: Resource) -> bool:
            selector = selector_of(budget)
            same = budget.namespace == pods.resource.namespace != ""
            return same and selector is not None and selector.matches(labels)

        return self._beside.may(pods.resource, "may select these pods", fits)

    def _is_sure(self, budget: Resource, workload: Resource) -> bool:
        same = budget.namespace == workload.namespace
        return same and nearby(self._world)(budget, workload) != ELSEWHERE
