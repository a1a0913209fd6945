"""``platform/``'s prod as it stands between two syncs: applied from its repository, and one worker at work.

What Argo CD would bring is applied as it applies it; Argo CD itself does not run here, for it would mend what a test
breaks. KEDA is the real one; its objects bear the tracking id that Argo CD gives to what it deploys from a chart.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.keda import NAMESPACE as KEDA
from tests.live.controlplane.keda import SERVICE, Keda
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import wait_for
from tests.live.workloads import ready_replicas
from tests.platform.adopted import Adopted
from tests.platform.loop_account import Account
from tests.platform.overlays import PLATFORM, read
from tests.platform.server_side import apply_strictly, kinds_of, load_definitions

ENVIRONMENT, NAMESPACE, WORKER = "prod", "inference", "ml-worker"
QUEUE = "cbct-prod-scans"
GPU_NODE = "gpu-a"
LINUX = {"kubernetes.io/os": "linux"}
GPU_LABELS = {
    **LINUX,
    "workload-class": "gpu",
    "nvidia.com/gpu.present": "true",
    "k8s.amazonaws.com/accelerator": "nvidia-a10g",
    "node.kubernetes.io/instance-type": "g5.xlarge",
    "topology.kubernetes.io/region": "us-east-1",
    "topology.kubernetes.io/zone": "us-east-1a",
}
TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
BY_HAND = ("bootstrap/argocd", "clusters/prod/root.yaml")
OVERLAYS = (
    "clusters/prod/release",
    "clusters/prod/applications",
    "infrastructure/namespaces",
    "infrastructure/configs/prod",
    "apps/prod",
)
TRACKING = "argocd.argoproj.io/tracking-id"
FROM_KEDAS_CHART = (
    ("v1", "Service", SERVICE),
    ("v1", "ServiceAccount", "keda-operator"),
    ("rbac.authorization.k8s.io/v1", "Role", "keda-operator"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "keda-operator"),
)


class Standing(NamedTuple):
    """The cluster, and the repository that it was applied from."""

    cluster: Cluster
    git: Path


@contextmanager
def standing(folder: Path) -> Iterator[Standing]:
    """Apply everything, send one scan, wait until its worker runs."""
    account = Account()
    with Cluster(add_ons=[account, Keda(account)]) as cluster:
        adopted = Adopted(folder / "platform", ENVIRONMENT)
        unseen = shutil.ignore_patterns(".terraform", "*.tfstate*")
        shutil.copytree(PLATFORM / "terraform", adopted.folder / "terraform", ignore=unseen)
        queue = account.client("sqs").create_queue(QueueName=QUEUE)["QueueUrl"]
        add_nodes(cluster)
        apply_all(cluster, adopted)
        account.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
        wait_for("a worker runs", lambda: ready_replicas(cluster.api, WORKER, NAMESPACE) == 1, timeout=120)
        yield Standing(cluster, adopted.folder)


def add_nodes(cluster: Cluster) -> None:
    """What Terraform's node groups would have."""
    for zone in ("a", "b"):
        labels = {**LINUX, "workload-class": "system", "topology.kubernetes.io/zone": f"us-east-1{zone}"}
        cluster.add_node(f"system-{zone}", labels=labels)
    cluster.add_node(GPU_NODE, {"nvidia.com/gpu": "1"}, labels=GPU_LABELS, taints=[TAINT])


def apply_all(cluster: Cluster, adopted: Adopted) -> None:
    """Argo CD's objects, and what it would bring but for the charts; KEDA runs already."""
    by_hand = adopted.rendered(BY_HAND[0]) + read(adopted.folder / BY_HAND[1])
    parts = [by_hand, *(adopted.rendered(overlay) for overlay in OVERLAYS)]
    cluster.api.apply(load_definitions({kind for part in parts for kind in _custom(part)}))
    for part in parts:
        assert apply_strictly(cluster.api, part) == {}
    for api_version, kind, name in FROM_KEDAS_CHART:
        change = {"metadata": {"annotations": {TRACKING: f"keda:{kind}:{KEDA}/{name}"}}}
        cluster.api.patch(api_version, kind, name, change, KEDA, manager="argocd-controller")


def _custom(objects: list[Object]) -> set[tuple[str, str]]:
    """Kinds that the harness has not defined yet."""
    return {kind for kind in kinds_of(objects) if kind[0] in ("argoproj.io", "monitoring.coreos.com")}
