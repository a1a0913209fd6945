"""A running node: what it offers, what uses it, what it costs, and why nothing takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.prices import HOURS_PER_MONTH
from auditor.facts.gpu import is_gpu_resource
from auditor.facts.running import in_words, pods_of, seconds_since, wants_gpu
from auditor.facts.scale_to_zero import ScaleToZero
from auditor.model import Resource, RunningPod
from auditor.quantity import QuantityError, parse_quantity
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import accelerator
from auditor.views.nodegroups_node import INSTANCE_TYPE, group_name
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

GPU_LABELS = (
    "k8s.amazonaws.com/accelerator",
    "nvidia.com/gpu.present",
    "karpenter.k8s.aws/instance-gpu-count",
)
REGION_LABEL = "topology.kubernetes.io/region"
NOT_EVICTED = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
    "karpenter.sh/do-not-evict": "true",
}


class NodeUse:
    """``facts.node_use`` of a Node: ``{gpu, offered, ready, ready_seconds, age, gpu_pods, occupied, usd_per_hour,
    usd_per_month, blockers, explanation}``.

    ``gpu``: by what it offers, its type or its labels. ``offered``: allocatable accelerators. ``ready_seconds``:
    since when it is Ready, 0 where it is not. ``gpu_pods``: pods on it that hold an accelerator. ``blockers``:
    ``[{who, why, ref}]`` what keeps the node. Prices are Unknown where no table has them.
    """

    LOOKS_AT = ("/Node", "/Pod")

    def __init__(self, world: World) -> None:
        self._world = world
        self._pods = pods_of(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        node = instance.resource
        offered = _offered(node, "allocatable")
        ready = _condition(node, "Ready")
        since = (
            seconds_since(self._world, ready.get("lastTransitionTime"))
            if ready.get("status") == "True"
            else None
        )
        age = seconds_since(self._world, node.metadata.get("creationTimestamp")) or 0.0
        pods = self._pods.by_node.get(node.name, [])
        hourly = self._price(node)
        blockers = self._blockers(node, pods)
        return {
            "gpu": bool(offered) or _is_gpu(node),
            "offered": sum(offered.values()),
            "ready": since is not None,
            "ready_seconds": since or 0.0,
            "ready_text": in_words(since or 0.0),
            "age_seconds": age,
            "age_text": in_words(age),
            "gpu_pods": sum(wants_gpu(pod) for pod in pods),
            "usd_per_hour": hourly,
            "usd_per_month": hourly if isinstance(hourly, Unknown) else round(hourly * HOURS_PER_MONTH, 2),
            "blockers": blockers,
            "refs": [each["ref"] for each in blockers if each["ref"]],
            "explanation": "; ".join(f"{each['who']}: {each['why']}" for each in blockers[:3]),
        }

    def _price(self, node: Resource) -> float | Unknown:
        kind, region = node.labels.get(INSTANCE_TYPE), node.labels.get(REGION_LABEL)
        if type(kind) is not str or type(region) is not str:
            return Unknown(f"{node.title} does not tell its instance type and region", "label the node")
        if (
            node.labels.get("karpenter.sh/capacity-type") == "spot"
            or node.labels.get("eks.amazonaws.com/capacityType") == "SPOT"
        ):
            return self._world.spot_price(kind, node.title)
        found = self._world.price(kind, region)
        if found is None:
            return Unknown(f"no price of {kind} in {region}", "declare it under [prices] in auditor.toml")
        return found.usd_per_hour

    def _blockers(self, node: Resource, pods: list[RunningPod]) -> list[dict[str, str]]:
        found = [
            {"who": _owner_title(pod), "why": why, "ref": self._ref(pod)}
            for pod in pods
            if (why := _held(pod))
        ]
        unique = {(each["who"], each["why"]): each for each in found}
        return [*unique.values(), *self._declared_blockers(node)]

    def _declared_blockers(self, node: Resource) -> list[dict[str, str]]:
        """What the group's minimum, its scalers and budgets say, as far as their kinds were read."""
        try:
            groups = [
                each for each in self._world.instances("NodeGroup") if each.value["name"] == group_name(node)
            ]
            fact = self._world.get_fact("scale_to_zero")
            assert isinstance(fact, ScaleToZero)
            rows = [(group, row) for group in groups for row in fact.of(group)["blockers"]]
        except UnknownUsed:
            return []
        return [
            {"who": row["who"], "why": row["why"], "ref": row["ref"]}
            for group, row in rows
            if not (row["kind"] == "minimum" and group.value["provider"] == "node")
        ]

    def _ref(self, pod: RunningPod) -> str:
        group, kind, namespace, name = pod.owner.split("/", 3)
        for each in self._world.kind(group, kind) if kind else ():
            if (each.namespace, each.name) == (namespace, name):
                return self._world.ref(each)
        return ""


def _offered(node: Resource, field: str) -> dict[str, int]:
    """Accelerators of a node by resource name, those above 0."""
    listed = dig(node.body, ("status", field))
    found = {}
    for name, amount in (listed if type(listed) is dict else {}).items():
        if is_gpu_resource(name):
            try:
                found[name] = int(parse_quantity(amount))
            except QuantityError:
                continue
    return {name: amount for name, amount in found.items() if amount > 0}


def _is_gpu(node: Resource) -> bool:
    if _offered(node, "capacity") or any(node.labels.get(each) not in (None, "false") for each in GPU_LABELS):
        return True
    kind = node.labels.get(INSTANCE_TYPE)
    found = accelerator(kind) if type(kind) is str else None
    return type(found) is dict and found["count"] > 0


def _condition(node: Resource, name: str) -> dict[str, Any]:
    listed = dig(node.body, ("status", "conditions"))
    found = [each for each in (listed if type(listed) is list else ()) if type(each) is dict]
    return next((each for each in found if each.get("type") == name), {})


def _held(pod: RunningPod) -> str:
    """Why an autoscaler would not take the node from under a pod; '' when it would."""
    kind = pod.owner.split("/", 2)[1]
    if kind == "DaemonSet" or pod.mirror:
        return ""
    for name, value in NOT_EVICTED.items():
        if pod.annotations.get(name) == value:
            return f"{name}: {value}"
    if kind == "Pod":
        return "no controller would make it again"
    safe = pod.annotations.get("cluster-autoscaler.kubernetes.io/safe-to-evict") == "true"
    return "its data lies on the node's disk" if pod.local_storage and not safe else ""


def _owner_title(pod: RunningPod) -> str:
    _, kind, namespace, name = pod.owner.split("/", 3)
    return f"{kind} {namespace}/{name}"
