"""Karpenter's real core buys GPU nodes for pending pods and gives them back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.controlplane.api import condition
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.karpenter import Karpenter
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import Timeline
from tests.live.workloads import gpu_deployment, ready_replicas

pytestmark = pytest.mark.slow
COUNT = 3
WORKLOAD = {"workload": "gpu"}


@pytest.fixture(scope="module")
def with_karpenter() -> Iterator[Cluster]:
    with Cluster(add_ons=[Karpenter()]) as cluster:
        yield cluster


def node_pool() -> list[Object]:
    required = {
        "karpenter.sh/capacity-type": ["on-demand"],
        # Types of one GPU only: Karpenter wants few nodes and would take one g5.12xlarge at 5.672 USD an hour
        # for pods that fit three g5.xlarge at 3.018.
        "node.kubernetes.io/instance-type": ["g5.2xlarge", "g5.xlarge"],
    }
    node = {
        "expireAfter": "Never",
        "nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "gpu"},
        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}],
        "requirements": [
            {"key": key, "operator": "In", "values": values} for key, values in required.items()
        ],
    }
    empty = {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "2s", "budgets": [{"nodes": "100%"}]}
    return [
        {
            "apiVersion": "karpenter.kwok.sh/v1alpha1",
            "kind": "KWOKNodeClass",
            "metadata": {"name": "gpu"},
            "spec": {"nodeRegistrationDelay": "1s"},
        },
        {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodePool",
            "metadata": {"name": "gpu"},
            "spec": {
                "limits": {"nvidia.com/gpu": "8"},
                "disruption": empty,
                "template": {"metadata": {"labels": WORKLOAD}, "spec": node},
            },
        },
    ]


def test_pending_gpu_pods_bring_nodes_and_their_end_takes_them_away(
    with_karpenter: Cluster, timeline: Timeline
) -> None:
    cluster, api = with_karpenter, with_karpenter.api
    timeline.include(cluster.timeline, "cluster")
    api.apply(node_pool())
    timeline.wait_for(
        "node pool ready", lambda: condition(api.get("karpenter.sh/v1", "NodePool", "gpu"), "Ready") == "True"
    )
    assert api.list("v1", "Node") == []

    api.apply(gpu_deployment("worker", count=COUNT, node_selector=WORKLOAD))
    timeline.note(f"{COUNT} pods of one GPU each")
    timeline.wait_for("first node", lambda: api.list("v1", "Node"))
    timeline.wait_for(f"{COUNT} pods ready", lambda: ready_replicas(api, "worker") == COUNT, timeout=120)
    nodes = api.list("v1", "Node")
    types = [node["metadata"]["labels"]["node.kubernetes.io/instance-type"] for node in nodes]
    assert types == ["g5.xlarge"] * COUNT
    assert all(node["spec"]["taints"][0]["key"] == "nvidia.com/gpu" for node in nodes)

    api.patch("apps/v1", "Deployment", "worker", {"spec": {"replicas": 0}})
    timeline.note("scaled to 0")
    timeline.wait_for("no node left", lambda: api.list("v1", "Node") == [], timeout=180)
    timeline.note(f"resident MiB: {cluster.resident_mib()}")
