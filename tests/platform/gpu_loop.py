"""The whole platform in one cluster: Terraform's account, the real operators, nodes by Karpenter, and real workers.

What differs from production is said here and nowhere else: waits that tests cannot sit out (``QUICK``), Karpenter's
nodes are kwok's, and pods carry the annotation by which their process is waited for.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.live.controlplane.api import ApiError, condition
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.karpenter import Karpenter
from tests.live.controlplane.keda import Keda
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.stages import HELD
from tests.live.workloads import DEPLOYMENT
from tests.platform.adopted import Adopted
from tests.platform.loop_account import Account
from tests.platform.overlays import one
from tests.platform.server_side import apply_strictly, load_definitions
from worker.inference.model import digest_of

ENVIRONMENT, NAMESPACE, WORKER = "prod", "inference", "ml-worker"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
ZONE = "topology.kubernetes.io/zone"
SCALED_OBJECT = ("keda.sh/v1alpha1", "ScaledObject", WORKER)
QUICK = {
    "pollingInterval": 1,
    "cooldownPeriod": 5,
    "scaleDown": {
        "stabilizationWindowSeconds": 0,
        "policies": [{"type": "Pods", "value": 4, "periodSeconds": 1}],
    },
    "consolidateAfter": "5s",
}
"""In place of 15 s, 300 s, 300 s and one pod in 120 s, and 10 min."""


class Sample(NamedTuple):
    """What there was at a second: messages not deleted, replicas wanted, worker processes, GPU nodes."""

    seconds: float
    messages: int
    replicas: int
    workers: int
    nodes: int


class Loop:
    """A running platform. ``scans`` and ``results`` are what goes in and what came out."""

    def __init__(self, cluster: Cluster, account: Account, bridge: Mapping[str, str]) -> None:
        self.cluster, self.account, self.bridge = cluster, account, bridge
        self.api = cluster.api
        self.sqs, self.s3 = account.client("sqs"), account.client("s3")

    def upload(self, names: list[str], seconds: float) -> None:
        """Put scans into the input bucket, whose notification does the rest; the network takes ``seconds`` on each."""

        def put(name: str) -> None:
            body = json.dumps({"text": name, "slow": seconds}).encode()
            self.s3.put_object(Bucket=self.bridge["input_bucket"], Key=f"incoming/{name}.nii.gz", Body=body)

        with ThreadPoolExecutor(4) as several:
            list(several.map(put, names))

    def messages(self, url: str = "queue_url") -> int:
        """Messages that are not deleted yet, in work or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.bridge[url], AttributeNames=names)["Attributes"]
        return sum(int(value) for value in found.values())

    def results(self) -> list[str]:
        """Names of the scans with a result, one for each result."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bridge["output_bucket"], Prefix="results/"
        )
        keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return [key.split("/")[2].split(".")[0] for key in keys if key.endswith("/result.json")]

    def replicas(self) -> int:
        """How many workers there should be."""
        count: int = self.api.get(*DEPLOYMENT, WORKER, NAMESPACE)["spec"]["replicas"]
        return count

    def pause(self, paused: bool) -> None:
        """Pause at 0 as docs/day-2.md says, or go on."""
        change = {
            "metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "0" if paused else None}}
        }
        self.api.patch(*SCALED_OBJECT, change, NAMESPACE)

    def ready(self) -> bool:
        """Whether KEDA has taken the ScaledObject up."""
        return condition(self.api.get(*SCALED_OBJECT, NAMESPACE), "Ready") == "True"

    def gpu_nodes(self) -> list[Object]:
        """Nodes that were bought for GPUs."""
        return self.api.list("v1", "Node", selector="workload-class=gpu")

    def pods(self) -> list[Object]:
        """Workers that run and are not told to end."""
        found = self.api.list("v1", "Pod", NAMESPACE, selector=f"app.kubernetes.io/name={WORKER}")
        return [
            each
            for each in found
            if each["status"].get("phase") == "Running" and "deletionTimestamp" not in each["metadata"]
        ]

    def zones(self) -> list[str]:
        """The zone of each such worker."""
        places = {each["metadata"]["name"]: each["metadata"]["labels"][ZONE] for each in self.gpu_nodes()}
        return [
            places[each["spec"]["nodeName"]] for each in self.pods() if each["spec"]["nodeName"] in places
        ]


@contextmanager
def cluster_and_account() -> Iterator[tuple[Cluster, Account]]:
    """Control plane, account, KEDA and Karpenter."""
    account = Account()
    keda = Keda(account, f"cbct-{ENVIRONMENT}-keda-operator")
    with Cluster(add_ons=[account, keda, Karpenter(zones=ZONES, disk_gib=disk_gib())]) as cluster:
        yield cluster, account


def disk_gib() -> int:
    """The root volume of the platform's GPU nodes."""
    node_class = one("infrastructure/configs/karpenter", "EC2NodeClass", "gpu")
    [device] = node_class["spec"]["blockDeviceMappings"]
    return int(device["ebs"]["volumeSize"].removesuffix("Gi"))


def start(cluster: Cluster, account: Account, folder: Path) -> Loop:
    """Fill the repository in and apply it. Everything is at zero afterwards."""
    loop, adopted = adopt(cluster, account, folder)
    _hasten(adopted)
    install(cluster, adopted)
    return loop


def adopt(cluster: Cluster, account: Account, folder: Path) -> tuple[Loop, Adopted]:
    """Apply Terraform, enforce IAM, fill the repository in; nothing is in the cluster yet."""
    bridge = account.apply(ENVIRONMENT, folder, {})["gitops_bridge"]
    account.enforce()
    loop = Loop(cluster, account, bridge["annotations"])
    adopted = Adopted(folder / "repository", ENVIRONMENT)
    adopted.write_cluster(bridge)
    adopted.write_model(_publish_model(loop, folder / "model"))
    # S3's own test event, sent when the notification was made, would wake a worker.
    loop.sqs.purge_queue(QueueUrl=loop.bridge["queue_url"])
    return loop, adopted


def install(cluster: Cluster, adopted: Adopted) -> None:
    """What Argo CD's waves bring, but for the charts, and Karpenter's pool."""
    for index, zone in enumerate(ZONES[:2]):
        cluster.add_node(f"system-{index}", labels={"workload-class": "system", ZONE: zone})
    monitoring = {("monitoring.coreos.com", kind) for kind in ("PrometheusRule", "ServiceMonitor")}
    cluster.api.apply(load_definitions(monitoring))
    cluster.api.apply(_pool(adopted))
    for overlay in (
        "infrastructure/namespaces",
        f"infrastructure/configs/{ENVIRONMENT}",
        f"apps/{ENVIRONMENT}",
    ):
        refused = apply_strictly(cluster.api, adopted.rendered(overlay))
        if refused:
            raise ApiError(400, f"{overlay}: {refused}")


def _publish_model(loop: Loop, folder: Path) -> str:
    """A model folder in the models bucket, as the ML team uploads it; its digest."""
    (folder / "fold_0").mkdir(parents=True)
    for name in ("dataset.json", "plans.json", "fold_0/checkpoint_final.pth"):
        (folder / name).write_text("{}")
    digest = digest_of(folder)
    for path in folder.rglob("*.*"):
        key = f"models/{digest}/{path.relative_to(folder).as_posix()}"
        loop.s3.put_object(Bucket=loop.bridge["models_bucket"], Key=key, Body=path.read_bytes())
    return digest


def _hasten(adopted: Adopted) -> None:
    behavior = "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown"
    change = [
        {"op": "replace", "path": "/spec/pollingInterval", "value": QUICK["pollingInterval"]},
        {"op": "replace", "path": "/spec/cooldownPeriod", "value": QUICK["cooldownPeriod"]},
        {"op": "replace", "path": behavior, "value": QUICK["scaleDown"]},
    ]
    overlay = f"apps/{ENVIRONMENT}"
    adopted.patch(overlay, {"kind": "ScaledObject", "name": WORKER}, change)
    held = f"/spec/template/metadata/annotations/{HELD.replace('/', '~1')}"
    adopted.patch(
        overlay, {"kind": "Deployment", "name": WORKER}, [{"op": "add", "path": held, "value": "true"}]
    )


def _pool(adopted: Adopted) -> list[Object]:
    """The platform's NodePool with kwok's nodes in place of EC2's."""
    [pool] = [
        each for each in adopted.rendered("infrastructure/configs/karpenter") if each["kind"] == "NodePool"
    ]
    pool["spec"]["disruption"]["consolidateAfter"] = QUICK["consolidateAfter"]
    template = pool["spec"]["template"]["spec"]
    # Labels of instance types that only AWS's provider sets.
    template["requirements"] = [
        each for each in template["requirements"] if not each["key"].startswith("karpenter.k8s.aws/")
    ]
    template["nodeClassRef"] = {
        "group": "karpenter.kwok.sh",
        "kind": "KWOKNodeClass",
        "name": "gpu",
    }
    made = {
        "apiVersion": "karpenter.kwok.sh/v1alpha1",
        "kind": "KWOKNodeClass",
        "metadata": {"name": "gpu"},
        "spec": {"nodeRegistrationDelay": "1s"},
    }
    return [made, pool]


class Samples:
    """Context manager: what there was, about once a second."""

    def __init__(self, loop: Loop, workers: Any) -> None:
        self.found: list[Sample] = []
        self._loop, self._workers = loop, workers
        self._began, self._stop = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Samples:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        loop = self._loop
        while not self._stop.wait(1):
            seconds = round(time.monotonic() - self._began, 1)
            counts = loop.messages(), loop.replicas(), self._workers.running(), len(loop.gpu_nodes())
            self.found.append(Sample(seconds, *counts))
