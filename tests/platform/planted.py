"""Ten faults that people make on a running platform, planted with kubectl, and what the audit has to say of each."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple
from unittest.mock import patch

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import wait_for
from tests.live.workloads import DEPLOYMENT
from tests.platform.standing import GPU_NODE, NAMESPACE, WORKER

Finding = tuple[str, str]
"""(policy, resource)"""

KEY = "AKIA" + "Q3EGT7WZ5XN2KLMV"
BY_ALICE = ("--as=alice@example.org", "--as-group=system:masters")
DEPLOYED, SCALER = f"apps/Deployment/{NAMESPACE}/{WORKER}", f"keda.sh/ScaledObject/{NAMESPACE}/{WORKER}"
ACCOUNT, DENIED = (
    f"/ServiceAccount/{NAMESPACE}/{WORKER}",
    "networking.k8s.io/NetworkPolicy/inference/default-deny",
)
VIEWER, BUDGET = f"apps/Deployment/{NAMESPACE}/viewer", f"policy/PodDisruptionBudget/{NAMESPACE}/{WORKER}"
DEBUG, SETTINGS = f"/Pod/{NAMESPACE}/debug", f"/ConfigMap/{NAMESPACE}/aws"


class Fault(NamedTuple):
    """What is done, and the findings that it brings with words of each. ``who``: the writer that drift names."""

    plant: Callable[[Cluster], object]
    findings: Mapping[Finding, str]
    who: str = ""


def _edit(cluster: Cluster) -> None:
    """``kubectl edit`` as another person, whose editor is sed."""
    editor = "sed -i s/terminationGracePeriodSeconds:.*/terminationGracePeriodSeconds:\\ 150/"
    with patch.dict(os.environ, {"KUBE_EDITOR": editor}):
        cluster.kubectl("-n", NAMESPACE, "edit", "deployment", WORKER, *BY_ALICE)


def _select_any_node(cluster: Cluster) -> None:
    path, any_node = "/spec/template/spec/nodeSelector", {"kubernetes.io/os": "linux"}
    change = json.dumps([{"op": "replace", "path": path, "value": any_node}])
    cluster.kubectl("-n", NAMESPACE, "patch", "deployment", WORKER, "--type=json", "-p", change)


def _keep_one(cluster: Cluster) -> None:
    change = json.dumps({"spec": {"minReplicaCount": 1}})
    cluster.kubectl("-n", NAMESPACE, "patch", "scaledobject", WORKER, "--type=merge", "-p", change)


def _untaint(cluster: Cluster) -> None:
    cluster.kubectl("taint", "node", GPU_NODE, "nvidia.com/gpu-")


def _store_key(cluster: Cluster) -> None:
    cluster.kubectl("-n", NAMESPACE, "create", "configmap", "aws", f"--from-literal=ID={KEY}")


def _allow_all(cluster: Cluster) -> None:
    cluster.kubectl("-n", NAMESPACE, "delete", "networkpolicy", "default-deny")


def _block_drains(cluster: Cluster) -> None:
    selector = f"--selector=app.kubernetes.io/name={WORKER}"
    cluster.kubectl("-n", NAMESPACE, "create", "pdb", WORKER, selector, "--min-available=1")


def _change_role(cluster: Cluster) -> None:
    role = "eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/cbct-prod-admin"
    cluster.kubectl("-n", NAMESPACE, "annotate", "serviceaccount", WORKER, role, "--overwrite")


def _leave_behind(cluster: Cluster) -> None:
    """A Deployment that was applied once, and is in Git no more."""
    labels = {"app.kubernetes.io/name": "viewer", "app.kubernetes.io/part-of": "platform"}
    pod = _without_gpu(cluster)
    pod["metadata"] = {"labels": labels}
    pod["spec"]["nodeSelector"] = {"workload-class": "system"}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod}
    meta = {"name": "viewer", "namespace": NAMESPACE, "labels": labels}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


def _debug_on_a_gpu_node(cluster: Cluster) -> None:
    """``kubectl run``, on the node that has a GPU, without asking for it."""
    pod: Object = {"apiVersion": "v1", "spec": {**_without_gpu(cluster)["spec"], "nodeName": GPU_NODE}}
    image, labels = pod["spec"]["containers"][0]["image"], "--labels=app.kubernetes.io/part-of=platform"
    words = ("run", "debug", f"--image={image}", labels, f"--overrides={json.dumps(pod)}")
    cluster.kubectl("-n", NAMESPACE, *words)
    wait_for("it runs", lambda: _phase(cluster, "debug") == "Running")


def _phase(cluster: Cluster, pod: str) -> str:
    return str(cluster.api.get("v1", "Pod", pod, NAMESPACE)["status"].get("phase"))


def _without_gpu(cluster: Cluster) -> Object:
    """The worker's pod without its GPU and what goes with it: as well-formed as the platform wants pods."""
    template = cluster.api.get(*DEPLOYMENT, WORKER, NAMESPACE)["spec"]["template"]
    pod: Object = {"spec": copy.deepcopy(template["spec"])}
    for name in ("nodeSelector", "affinity", "topologySpreadConstraints", "tolerations"):
        del pod["spec"][name]
    for room in pod["spec"]["containers"][0]["resources"].values():
        del room["nvidia.com/gpu"]
        room |= {"cpu": "1", "memory": "1Gi"}
    return pod


FAULTS = {
    "edited by hand": Fault(
        _edit,
        {("DRF-002", DEPLOYED): "terminationGracePeriodSeconds is 150 in the cluster, 120 in Git"},
        "kubectl-edit (Update)",
    ),
    "a workload without its selector": Fault(
        _select_any_node,
        {("DRF-002", DEPLOYED): "nodeSelector", ("GPU-003", DEPLOYED): "neither a nodeSelector"},
        "kubectl-patch (Update)",
    ),
    "one replica kept": Fault(
        _keep_one,
        {
            ("DRF-002", SCALER): "spec.minReplicaCount is 1 in the cluster, 0 in Git",
            ("ZRO-007", SCALER): "keeps 1 GPU replica(s)",
            ("ZRO-011", DEPLOYED): "is kept at 1 replica(s)",
        },
        "kubectl-patch (Update)",
    ),
    "a GPU node without its taint": Fault(_untaint, {("GPU-001", f"/Node//{GPU_NODE}"): "no taint"}),
    "a static key": Fault(
        _store_key,
        {("IAM-071", SETTINGS): "access key id in data.ID", ("DRF-005", SETTINGS): "is not in Git"},
        "kubectl-create (Update)",
    ),
    "a NetworkPolicy removed": Fault(_allow_all, {("DRF-001", DENIED): "is in Git and not in the cluster"}),
    "a budget that blocks drains": Fault(
        _block_drains,
        {
            ("REL-070", BUDGET): "the budget wants 1",
            ("REL-071", BUDGET): "",
            ("DRF-005", BUDGET): "is not in Git",
        },
        "kubectl-create (Update)",
    ),
    "another role for an account": Fault(
        _change_role,
        {("DRF-002", ACCOUNT): "role/cbct-prod-admin in the cluster"},
        "kubectl-annotate (Update)",
    ),
    "an orphan": Fault(
        _leave_behind, {("DRF-005", VIEWER): "is not in Git"}, "kubectl-client-side-apply (Update)"
    ),
    "a pod on a GPU node without need": Fault(
        _debug_on_a_gpu_node,
        {("GPU-005", DEBUG): f"runs on GPU node(s) {GPU_NODE}", ("REL-036", DEBUG): "without a controller"},
    ),
}
