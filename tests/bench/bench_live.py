"""What a live audit costs, in CPU seconds and MB: ``python -m tests.bench.bench_live [PODS]`` (5,000).

A generated cluster is served on loopback by a process of its own; each row is a fresh ``auditor`` process. ``read``
chooses one policy on pods, ``default`` the default pack; ``import`` is ``import kubernetes`` alone, which both pay.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.unit.fake_cluster import FakeCluster, serving

NODES, NAMESPACES, PODS_EACH = 100, 50, 10
TIME = "2026-01-01T00:00:05Z"
MEASURED = """
import resource, sys
try:
    {what}
except SystemExit:
    pass
spent = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
sys.stderr.write(f"{{spent.ru_utime + spent.ru_stime:.2f}} s  {{int(peak.split()[1]) // 1024}} MB")
"""
RUN = "from auditor.cli.entry import main; main({arguments!r})"


def objects(pods: int) -> Iterator[dict[str, Any]]:
    """Deployments of ten pods each with their ReplicaSets and Services, namespaces and nodes."""
    for number in range(pods // PODS_EACH):
        yield from _workload(f"app{number}", f"ns{number % NAMESPACES}")
    for number in range(NAMESPACES):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns{number}"}}
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "2"}}
    for number in range(NODES):
        labels = {"node.kubernetes.io/instance-type": "m5.large"}
        meta = {"name": f"node-{number}", "labels": labels}
        yield {"apiVersion": "v1", "kind": "Node", "metadata": meta, "status": ready}


def _workload(name: str, namespace: str) -> Iterator[dict[str, Any]]:
    labels, spec = {"app": name}, _spec(name)
    template = {"metadata": {"labels": labels}, "spec": spec}
    body = {"replicas": PODS_EACH, "selector": {"matchLabels": labels}, "template": template}
    yield _object("apps/v1", "Deployment", name, namespace, spec=body)
    yield _object("apps/v1", "ReplicaSet", f"{name}-a", namespace, owner=("Deployment", name))
    ports = [{"port": 80, "targetPort": 8080}]
    yield _object("v1", "Service", name, namespace, spec={"selector": labels, "ports": ports})
    for number in range(PODS_EACH):
        found = _object("v1", "Pod", f"{name}-a-{number}", namespace, owner=("ReplicaSet", f"{name}-a"))
        found["metadata"] |= {"labels": labels, "managedFields": [_managed()]}
        yield found | {"spec": {**spec, "nodeName": f"node-{number}"}, "status": _status()}


def _object(
    version: str, kind: str, name: str, namespace: str, *, owner: tuple[str, str] | None = None, **fields: Any
) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "uid": "0" * 36, "creationTimestamp": TIME}
    if owner:
        reference = {"apiVersion": "apps/v1", "kind": owner[0], "name": owner[1], "controller": True}
        meta["ownerReferences"] = [reference]
    return {"apiVersion": version, "kind": kind, "metadata": meta, **fields}


def _spec(name: str) -> dict[str, Any]:
    mount = {"name": "token", "mountPath": "/var/run/secrets", "readOnly": True}
    container = {
        "name": "main",
        "image": f"registry.example/{name}:1",
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
        "env": [{"name": f"E{number}", "value": "v" * 20} for number in range(6)],
        "volumeMounts": [mount],
        "livenessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 10},
    }
    return {"containers": [container], "volumes": [{"name": "token", "projected": {"sources": []}}]}


def _status() -> dict[str, Any]:
    names = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    conditions = [{"type": name, "status": "True", "lastTransitionTime": TIME} for name in names]
    running = {
        "name": "main",
        "restartCount": 0,
        "imageID": "a" * 64,
        "state": {"running": {"startedAt": TIME}},
    }
    return {"phase": "Running", "conditions": conditions, "containerStatuses": [running], "startTime": TIME}


def _managed() -> dict[str, Any]:
    fields = {f"f:field{number}": {} for number in range(40)}
    entry = {"manager": "kube-controller-manager", "operation": "Update", "time": TIME}
    return {**entry, "fieldsV1": {"f:spec": fields}}


class Generated(FakeCluster):
    """Sorts its objects once: a benchmark of the client should not wait for its server."""

    def __init__(self, listed: list[dict[str, Any]]) -> None:
        super().__init__(listed)
        self._sorted: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def _of(self, kind: Any) -> list[dict[str, Any]]:
        found = self._sorted.get(kind.key)
        if found is None:
            found = self._sorted[kind.key] = super()._of(kind)
        return found


def measured(what: str) -> str:
    """CPU seconds and peak memory of a fresh process."""
    done = subprocess.run([sys.executable, "-c", MEASURED.format(what=what)], capture_output=True, text=True)
    return done.stderr.rpartition("\n")[2]


def main(arguments: list[str]) -> int:
    """Print the rows."""
    pods = int(arguments[0]) if arguments else 5000
    with serving(Generated([*objects(pods)])) as cluster, tempfile.TemporaryDirectory() as folder:
        config = str(cluster.kubeconfig(Path(folder)))
        check = [
            "check",
            "--live",
            "--kubeconfig",
            config,
            "--output",
            f"{folder}/report",
            "--fail-on",
            "never",
        ]
        check[4:4] = ["--format", "terminal"]
        print(f"{pods} pods")
        print("import   ", measured("import kubernetes"))
        print("read     ", measured(RUN.format(arguments=[*check, "--policy", "GPU-005"])))
        print("default  ", measured(RUN.format(arguments=check)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
