"""Workloads of the live tests, and what can be read from them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.live.controlplane.api import Api
from tests.live.controlplane.manifests import Object

DEPLOYMENT = ("apps/v1", "Deployment")
TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


def gpu_deployment(name: str, *, count: int = 0, node_selector: Mapping[str, str] | None = None) -> Object:
    """Pods of one GPU each that tolerate the GPU taint and end at once."""
    labels = {"app": name}
    room = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}
    container = {"name": "main", "image": "registry.example/none:1", "resources": {"limits": room}}
    pod = {
        "terminationGracePeriodSeconds": 1,
        "nodeSelector": dict(node_selector or {}),
        "tolerations": [TOLERATION],
        "containers": [container],
    }
    return {
        "apiVersion": DEPLOYMENT[0],
        "kind": DEPLOYMENT[1],
        "metadata": {"name": name},
        "spec": {
            "replicas": count,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def replicas(api: Api, name: str, namespace: str = "default") -> int:
    """How many replicas a Deployment is told to have."""
    count: int = api.get(*DEPLOYMENT, name, namespace)["spec"]["replicas"]
    return count


def ready_replicas(api: Api, name: str, namespace: str = "default") -> int:
    """How many of its pods are ready."""
    count: int = api.get(*DEPLOYMENT, name, namespace)["status"].get("readyReplicas", 0)
    return count
