"""Whether a workload's pods are there all the time, and what keeps one from being moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.facts.scaling import ScaledBy
    from auditor.world import World

REPLICATED = {
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "ReplicaSet"),
    ("", "ReplicationController"),
    ("argoproj.io", "Rollout"),
}
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SAFE_LOCAL = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
MEMORY = "Memory"


def template_metadata(pod: Instance) -> dict[str, Any]:
    """``metadata`` of the pod template that a PodSpec instance belongs to; empty when it has none."""
    found = dig(pod.resource.body, (*pod.base[:-1], "metadata"))
    return found if type(found) is dict else {}


def annotations_of(pod: Instance) -> dict[str, Any]:
    """Annotations of the pod template."""
    found = template_metadata(pod).get("annotations")
    return found if type(found) is dict else {}


def always_on(pod: Instance, scaled: ScaledBy) -> str | Unknown:
    """Why pods are there with no work to do; '' when they are not."""
    resource = pod.resource
    key = (resource.group, resource.kind)
    if key == ("", "Pod"):
        ends = pod.value.get("restartPolicy") in ("Never", "OnFailure")
        return "" if ends else "is a pod of its own"
    if key not in REPLICATED:
        return ""
    scalers = scaled.of(pod)["scalers"]
    if scalers:
        low = scalers[0]["min"]
        if isinstance(low, Unknown):
            return low
        return f"is kept at {low} replica(s) by {scalers[0]['title']}" if low != 0 else ""
    replicas = dig(resource.body, ("spec", "replicas"))
    if isinstance(replicas, Unknown):
        return replicas
    replicas = 1 if replicas is None else replicas
    return f"has {replicas} replica(s) and no scaler" if replicas != 0 else ""


class LocalVolumes:
    """``facts.local_volumes`` of a pod: the names of its volumes on the node's disk."""

    def __init__(self, world: World) -> None:
        pass

    def of(self, instance: Instance) -> list[str]:
        """See the class."""
        return local_volumes(instance.value)


def local_volumes(pod: dict[str, Any]) -> list[str]:
    """Volumes on the node's disk: emptyDir (not in memory) and hostPath."""
    volumes = pod.get("volumes")
    return [
        str(volume.get("name"))
        for volume in (volumes if type(volumes) is list else ())
        if type(volume) is dict
        and ("hostPath" in volume or ("emptyDir" in volume and dig(volume, ("emptyDir", "medium")) != MEMORY))
    ]


def held_by_karpenter(pod: Instance) -> str:
    """Why Karpenter would not evict the pod; '' when it would."""
    value = annotations_of(pod).get(DO_NOT_DISRUPT)
    return f"{DO_NOT_DISRUPT}: {value}" if isinstance(value, str) and value != "false" else ""


def held_by_autoscaler(pod: Instance, flags: dict[str, str], has_budget: bool) -> str:
    """Why the Cluster Autoscaler would not evict the pod; '' when it would.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md#what-types-of-pods-can-prevent-ca-from-removing-a-node
    """
    notes = annotations_of(pod)
    if notes.get(SAFE_TO_EVICT) == "true":
        return ""
    if notes.get(SAFE_TO_EVICT) == "false":
        return f"{SAFE_TO_EVICT}: false"
    if (pod.resource.group, pod.resource.kind) == ("", "Pod"):
        return "no controller would make it again"
    if (
        pod.resource.namespace == "kube-system"
        and not has_budget
        and _on(flags, "skip-nodes-with-system-pods")
    ):
        return "in kube-system without a PodDisruptionBudget"
    volumes = local_volumes(pod.value)
    told = notes.get(SAFE_LOCAL)
    safe = {name.strip() for name in told.split(",")} if isinstance(told, str) else set()
    left = [name for name in volumes if name not in safe]
    if left and _on(flags, "skip-nodes-with-local-storage"):
        return f"local storage ({', '.join(left)})"
    return ""


def _on(flags: dict[str, str], name: str) -> bool:
    """Both flags are true unless they are set to false."""
    return flags.get(name, "true") != "false"
