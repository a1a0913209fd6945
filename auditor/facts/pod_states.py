"""The pods of a workload at the moment: where they run, what they wait for, how large their images are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.node_use import NodeUse
from auditor.facts.running import in_words, pods_of, seconds_since, wants_gpu
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

GIB = 1024**3


class PodStates:
    """``facts.pod_states`` of a workload: ``{total, on_gpu_nodes, waiting}``.

    ``on_gpu_nodes``: names of GPU nodes on which its pods run without holding an accelerator. ``waiting``:
    ``{count, seconds, text, why, diagnosis}`` of the pods that are not scheduled: the longest wait, the scheduler's
    words, and what the nodes say about it; null when none waits.
    """

    LOOKS_AT = ("/Node", "/Pod")

    def __init__(self, world: World) -> None:
        self._world = world
        self._pods = pods_of(world)
        use = world.get_fact("node_use")
        assert isinstance(use, NodeUse)
        self._nodes = {node.name: use.of(Instance("", node, node.body)) for node in world.kind("", "Node")}

    def of(self, instance: Instance) -> Any:
        """See the class."""
        pods = self._pods.by_owner.get(instance.resource.key, [])
        strangers = {
            pod.node
            for pod in pods
            if pod.node in self._nodes
            and self._nodes[pod.node]["gpu"]
            and not wants_gpu(pod)
            and not pod.mirror
        }
        return {
            "total": len(pods),
            "on_gpu_nodes": sorted(strangers),
            "waiting": self._waiting(instance.resource),
        }

    def _waiting(self, resource: Resource) -> dict[str, Any] | None:
        pods = [pod for pod in self._pods.by_owner.get(resource.key, []) if not pod.node and pod.waiting]
        if not pods:
            return None
        longest = max(seconds_since(self._world, pod.created) or 0.0 for pod in pods)
        gpu = any(map(wants_gpu, pods))
        return {
            "count": len(pods),
            "gpu": gpu,
            "seconds": longest,
            "text": in_words(longest),
            "why": pods[0].waiting,
            "diagnosis": self._diagnosis() if gpu else "",
        }

    def _diagnosis(self) -> str:
        gpu_nodes = [use for use in self._nodes.values() if use["gpu"]]
        offering = [use for use in gpu_nodes if use["offered"]]
        if not gpu_nodes:
            return (
                "there is no GPU node: look at what should start one "
                "(Cluster Autoscaler, Karpenter, the group's maximum, quota)"
            )
        if not offering:
            return (
                f"none of {len(gpu_nodes)} GPU node(s) offers a GPU: look at the driver and the device plugin "
                "(GPU operator), and whether it tolerates the nodes' taint"
            )
        busy = sum(bool(use["gpu_pods"]) for use in offering)
        return (
            f"{len(offering)} node(s) offer GPUs, {busy} of them in use: compare taints, labels and requests"
        )


class ImageSize:
    """``facts.image_size`` of a container: ``{gib, node, known}``, as a node that has pulled the image says.

    Unknown where no node has it among its larger images.
    """

    LOOKS_AT = ("/Node",)

    def __init__(self, world: World) -> None:
        self._sizes: dict[str, tuple[int, str]] = {}
        for node in world.kind("", "Node"):
            listed = dig(node.body, ("status", "images"))
            for image in listed if type(listed) is list else ():
                for name in image.get("names", ()):
                    self._sizes.setdefault(name, (int(image.get("sizeBytes", 0)), node.name))

    def of(self, instance: Instance) -> Any:
        """See the class."""
        image = instance.value.get("image")
        found = (
            self._sizes.get(image)
            or self._sizes.get(f"docker.io/library/{image}")
            or self._sizes.get(f"docker.io/{image}")
        )
        if found is None:
            return Unknown(f"no node tells the size of {image}", "audit while a node holds the image")
        return {"gib": round(found[0] / GIB, 1), "node": found[1]}
