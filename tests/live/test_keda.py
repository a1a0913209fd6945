"""KEDA's real operator scales on messages in moto's SQS, with a role and no key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.controlplane.api import condition
from tests.live.controlplane.aws import REGION, Moto
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.keda import Keda
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import Timeline
from tests.live.workloads import gpu_deployment, ready_replicas, replicas

pytestmark = pytest.mark.slow
MESSAGES, PER_REPLICA = 7, 2
EXPECTED = 4
SCALED_OBJECT = ("keda.sh/v1alpha1", "ScaledObject", "worker")


@pytest.fixture(scope="module")
def with_keda() -> Iterator[tuple[Cluster, Moto]]:
    moto = Moto()
    with Cluster(add_ons=[moto, Keda(moto)]) as cluster:
        yield cluster, moto


def scaled_object(queue: str) -> Object:
    trigger = {
        "queueURL": queue,
        "queueLength": str(PER_REPLICA),
        "awsRegion": REGION,
        "identityOwner": "operator",
    }
    at_once = {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}
    return {
        "apiVersion": SCALED_OBJECT[0],
        "kind": SCALED_OBJECT[1],
        "metadata": {"name": SCALED_OBJECT[2]},
        "spec": {
            "scaleTargetRef": {"name": "worker"},
            "minReplicaCount": 0,
            "maxReplicaCount": 8,
            "pollingInterval": 1,
            "cooldownPeriod": 3,
            "advanced": {"horizontalPodAutoscalerConfig": at_once},
            "triggers": [{"type": "aws-sqs-queue", "metadata": trigger}],
        },
    }


def test_messages_bring_replicas_and_their_end_takes_them_away(
    with_keda: tuple[Cluster, Moto], timeline: Timeline
) -> None:
    cluster, moto = with_keda
    api = cluster.api
    timeline.include(cluster.timeline, "cluster")
    sqs = moto.client("sqs")
    queue = sqs.create_queue(QueueName="scans")["QueueUrl"]
    for name in ("gpu-0", "gpu-1"):
        cluster.add_node(
            name, {"nvidia.com/gpu": "4"}, taints=[{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]
        )
    api.apply([gpu_deployment("worker"), scaled_object(queue)])
    timeline.wait_for("ScaledObject ready", lambda: condition(api.get(*SCALED_OBJECT), "Ready") == "True")
    assert replicas(api, "worker") == 0

    for number in range(MESSAGES):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    timeline.note(f"{MESSAGES} messages sent, {PER_REPLICA} a replica")
    timeline.wait_for("0 → 1 by KEDA", lambda: replicas(api, "worker") >= 1)
    timeline.wait_for(f"→ {EXPECTED} by the HPA", lambda: replicas(api, "worker") == EXPECTED)
    timeline.wait_for(f"{EXPECTED} pods ready", lambda: ready_replicas(api, "worker") == EXPECTED)

    sqs.purge_queue(QueueUrl=queue)
    timeline.note("queue purged")
    timeline.wait_for("→ 0 by KEDA", lambda: replicas(api, "worker") == 0)
    timeline.wait_for("no pod left", lambda: api.list("v1", "Pod", "default") == [])
    timeline.note(f"resident MiB: {cluster.resident_mib()}")
