"""Who would keep a node alive when there is no work left?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from auditor.facts.budgets import Budgets, never_lets_go, place_of
from auditor.facts.gpu import Gpu
from auditor.facts.scaling import ScaledBy
from auditor.facts.workloads import (
    always_on,
    annotations_of,
    held_by_autoscaler,
    held_by_karpenter,
)
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.facts.cluster_autoscaler import ClusterAutoscaler
    from auditor.facts.node_fit import NodeFit
    from auditor.facts.node_template import NodeTemplate
    from auditor.world import World

SHOWN = 3
NODE_AGENTS = ("DaemonSet",)


class ScaleToZero:
    """``facts.scale_to_zero`` of a pod or a node group.

    Of a pod: ``{always_on, lands_on, autoscalers, group_refs, held, blockers, explanation}``: why
    it is there without work ('' when it is not), the GPU groups it may run on by tolerating or selecting them,
    why the autoscaler of those would not evict it, and what keeps a GPU node alive because of it.

    Of a node group: ``{blockers, explanation}``. A blocker is ``{kind, who, why, ref}``; kinds: ``minimum``,
    ``gpu-workload``, ``held``, ``budget``, ``stray``, ``scale-down-disabled``, ``consolidation``.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._gpu = Gpu(world)
        self._scaled = ScaledBy(world)
        self._budgets = Budgets(world)
        self._landing: dict[int, list[Instance]] | None = None

    def of(self, instance: Instance) -> Any:
        """See the class."""
        return self._of_group(instance) if instance.view == "NodeGroup" else self._of_pod(instance)

    def _of_pod(self, pod: Instance) -> dict[str, Any]:
        reason = always_on(pod, self._scaled)
        groups = [each for each in self._gpu_groups() if self._meant_for(pod, each)]
        held = next((why for group in groups if (why := self._held(pod, group))), "")
        if not groups and self._gpu.of(pod)["wants"]:
            held = held_by_karpenter(pod) or self._held_by_autoscaler(pod)
        blockers = []
        if not isinstance(reason, Unknown) and reason and (groups or self._gpu.of(pod)["wants"]):
            blockers = self._blockers_of(pod, reason, groups, held)
        return {
            "always_on": reason,
            "lands_on": [each.name for each in groups],
            "autoscalers": sorted({each.value["autoscaler"] for each in groups}),
            "group_refs": [self._ref(each) for each in groups],
            "held": held,
            "blockers": blockers,
            "explanation": _explained(pod.resource.title, blockers),
        }

    def _blockers_of(
        self, pod: Instance, reason: str, groups: list[NodeTemplate], held: str
    ) -> list[dict[str, Any]]:
        resource = pod.resource
        found = []
        if self._gpu.of(pod)["wants"]:
            found.append(self._gpu_workload(pod, reason))
        if held:
            found.append(self._row("held", resource, held, _place_of_hold(pod, held)))
        for budget in self._budgets.over(pod):
            why = never_lets_go(budget)
            if why:
                found.append(self._row("budget", budget, f"{why} keeps its last pod", place_of(budget)))
        if not found and any(_only_empty(each) for each in groups):
            found.append(self._row("stray", resource, f"{reason}, and nodes go only when they are empty"))
        return found

    def _gpu_workload(self, pod: Instance, reason: str) -> dict[str, Any]:
        scalers = self._scaled.of(pod)["scalers"]
        row = self._row("gpu-workload", pod.resource, reason, ("spec", "replicas"))
        return row | {"ref": scalers[0]["ref"]} if scalers else row

    def _of_group(self, group: Instance) -> dict[str, Any]:
        template = next((each for each in self._fit().groups() if each.group is group), None)
        blockers: list[dict[str, Any]] = []
        low = group.value.get("min", 0)
        if not isinstance(low, Unknown) and low != 0:
            blockers.append(
                self._row("minimum", group.resource, f"its minimum is {low}", group.source_path(("min",)))
            )
        if template is not None:
            blockers += self._switched_off(template)
            for pod in self._pods_on(template):
                reason = always_on(pod, self._scaled)
                if not isinstance(reason, Unknown) and reason:
                    blockers += self._blockers_of(pod, reason, [template], self._held(pod, template))
        unique = list({(row["who"], row["kind"], row["why"]): row for row in blockers}.values())
        name = group.value["name"] if isinstance(group.value["name"], str) else group.resource.title
        return {"blockers": unique, "explanation": _explained(f'node group "{name}"', unique)}

    def _switched_off(self, template: NodeTemplate) -> list[dict[str, Any]]:
        if template.is_karpenter:
            after = template.value["disruption"].get("consolidateAfter")
            if after != "Never":
                return []
            path = template.group.source_path(("disruption", "consolidateAfter"))
            return [self._row("consolidation", template.group.resource, "consolidateAfter is Never", path)]
        if self._autoscaler().flags.get("scale-down-enabled") == "false":
            resource, path = self._autoscaler().flag_places["scale-down-enabled"]
            return [self._row("scale-down-disabled", resource, "--scale-down-enabled=false", path)]
        return []

    def _meant_for(self, pod: Instance, template: NodeTemplate) -> bool:
        """Whether the pod runs on the group by its own doing. That anything may run on a group without a taint
        is the group's fault, not the pod's."""
        if self._fit().scattered() is not None or not self._lands(pod, template):
            return False
        from auditor.facts.node_labels import affinity_terms, selector_expressions

        selects = any(True for _ in selector_expressions(pod.value)) or bool(affinity_terms(pod.value))
        return selects or template.repels() or self._gpu.of(pod)["wants"]

    def _fit(self) -> NodeFit:
        return cast("NodeFit", self._world.get_fact("node_fit"))

    def _autoscaler(self) -> ClusterAutoscaler:
        return cast("ClusterAutoscaler", self._world.get_fact("cluster_autoscaler"))

    def _gpu_groups(self) -> list[NodeTemplate]:
        if not self._world.instances("NodeGroup"):
            return []  # without loading what fits pods to nodes
        return [each for each in self._fit().groups() if each.value["is_gpu"] is True]

    def _pods_on(self, template: NodeTemplate) -> list[Instance]:
        """Pods that can run on the group and are no node agents."""
        if self._landing is None:
            self._landing = {}
        found = self._landing.get(id(template))
        if found is None:
            found = [
                pod
                for pod in self._world.instances("PodSpec")
                if pod.resource.kind not in NODE_AGENTS and self._lands(pod, template)
            ]
            self._landing[id(template)] = found
        return found

    def _lands(self, pod: Instance, template: NodeTemplate) -> bool:
        """Whether a node of the group surely takes the pod, sizes apart."""
        if pod.resource.kind in NODE_AGENTS:
            return False
        if self._gpu.of(pod)["wants"]:
            fits = self._fit().fits(pod)
            return not isinstance(fits, Unknown) and any(
                fit.template is template
                and all(fit.check(kind) is True for kind in ("labels", "gpu", "taints"))
                for fit in fits
            )
        from auditor.facts.node_labels import mismatch
        from auditor.facts.tolerations import untolerated

        taints = template.value["taints"]
        if isinstance(taints, Unknown) or untolerated(pod.value.get("tolerations"), taints) != []:
            return False
        types = template.types()
        first = None if isinstance(types, Unknown) else types[0]
        return mismatch(pod.value, lambda key: template.label(key, first)) is None

    def _held(self, pod: Instance, template: NodeTemplate) -> str:
        return held_by_karpenter(pod) if template.is_karpenter else self._held_by_autoscaler(pod)

    def _held_by_autoscaler(self, pod: Instance) -> str:
        return held_by_autoscaler(pod, self._autoscaler().flags, bool(self._budgets.over(pod)))

    def _ref(self, template: NodeTemplate) -> str:
        return self._world.ref(template.group.resource, template.group.source_path(()))

    def _row(self, kind: str, who: Resource, why: str, path: Any = ()) -> dict[str, Any]:
        return {"kind": kind, "who": who.title, "why": why, "ref": self._world.ref(who, path)}


def _place_of_hold(pod: Instance, held: str) -> Path:
    """The annotation that holds the pod, else its spec."""
    metadata = (*pod.base[:-1], "metadata", "annotations")
    key = next((key for key in annotations_of(pod) if held.startswith(f"{key}:")), None)
    return pod.base if key is None else (*metadata, key)


def _only_empty(template: NodeTemplate) -> bool:
    policy = template.value["disruption"].get("consolidationPolicy") if template.is_karpenter else ""
    return isinstance(policy, str) and policy == "WhenEmpty"


def _explained(what: str, blockers: list[dict[str, Any]]) -> str:
    if not blockers:
        return f"nothing known here keeps {what} from zero"
    rows = [f"{row['who']}: {row['why']}" for row in blockers[:SHOWN]]
    more = f"; and {len(blockers) - SHOWN} more" if len(blockers) > SHOWN else ""
    return f"{what} cannot reach zero: {'; '.join(rows)}{more}"
