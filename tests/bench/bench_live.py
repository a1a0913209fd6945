"""What a live audit costs, in CPU seconds and MB: ``python -m tests.bench.bench_live [PODS [ROUNDS]]`` (5,000, 3).

A generated cluster is served on loopback by a process of its own; each row is the median of fresh processes, which
take turns. ``read`` chooses one policy on pods, ``default`` the default pack; ``import`` is ``import kubernetes``
alone, which both pay. Beside them, judging nothing: ``typed`` reads the same pods by the typed client in pages of 500,
``kubectl`` by ``kubectl get pods -A -o json``. ``peer`` is kube-score on a cluster, as its page says to use it: what
kubectl gets of pods, Deployments and Services, piped to it. Polaris cannot be had as a Go module, and is not measured.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.peers.programs import kube_score
from tests.unit.fake_cluster import FakeCluster, serving

NODES, NAMESPACES, PODS_EACH = 100, 50, 10
TIME = "2026-01-01T00:00:05Z"
MEASURED = """
import json, resource, sys
try:
    {what}
except SystemExit:
    pass
own, others = (resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
spent = sum(each.ru_utime + each.ru_stime for each in (own, others))
sys.stderr.write("\\n" + json.dumps([spent, max(int(peak.split()[1]), others.ru_maxrss) // 1024]))
"""
TYPED = """
    from kubernetes import client, config
    config.load_kube_config({config!r})
    api, token, pods = client.CoreV1Api(), None, []
    while token != '':
        page = api.list_pod_for_all_namespaces(limit=500, _continue=token)
        pods += page.items
        token = page.metadata._continue or ''
"""
KUBECTL = """
    import subprocess
    command = ["kubectl", "--kubeconfig", {config!r}, "get", "pods", "-A", "-o", "json"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
"""
PEER = """
    import subprocess
    get = ["kubectl", "--kubeconfig", {config!r}, "get", "pods,deployments,services", "-A", "-o", "yaml"]
    listed = subprocess.Popen(get, stdout=subprocess.PIPE)
    score = [{program!r}, "score", "--output-format", "ci", "-"]
    subprocess.run(score, stdin=listed.stdout, stdout=subprocess.DEVNULL, check=False)
    listed.wait()
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
        reference = {
            "apiVersion": "apps/v1",
            "kind": owner[0],
            "name": owner[1],
            "uid": "0",
            "controller": True,
        }
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
        "image": "registry.example/main:1",
        "ready": True,
        "restartCount": 0,
        "imageID": f"sha256:{'a' * 64}",
        "state": {"running": {"startedAt": TIME}},
    }
    return {"phase": "Running", "conditions": conditions, "containerStatuses": [running], "startTime": TIME}


def _managed() -> dict[str, Any]:
    fields = {f"f:field{number}": {} for number in range(40)}
    entry = {"manager": "kube-controller-manager", "operation": "Update", "time": TIME}
    return {**entry, "fieldsV1": {"f:spec": fields}}


DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Generated(FakeCluster):
    """Sorts its objects once: a benchmark of the client should not wait for its server. kubectl takes it for real."""

    def answer(self, path: str, query: dict[str, str], token: str) -> tuple[int, dict[str, str], Any]:
        status, headers, body = super().answer(path, query, token)
        kind = DISCOVERY if path in ("/api", "/apis") else "application/json"
        return status, {"content-type": kind, **headers}, body

    def __init__(self, listed: list[dict[str, Any]]) -> None:
        super().__init__(listed)
        self._sorted: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def _of(self, kind: Any) -> list[dict[str, Any]]:
        found = self._sorted.get(kind.key)
        if found is None:
            found = self._sorted[kind.key] = super()._of(kind)
        return found


class Cost(NamedTuple):
    """CPU seconds, children included, and the peak memory in MB of the largest process."""

    seconds: float
    megabytes: int


def measured(what: str) -> Cost:
    """What a fresh process costs. CalledProcessError with its words when it fails."""
    command = [sys.executable, "-c", MEASURED.format(what=what.strip())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stderr.rpartition("\n")[2]))


def rows(config: str, folder: str) -> dict[str, str]:
    """What is measured: the source of a process by the name of its row."""
    check = ["check", "--live", "--kubeconfig", config, "--format", "terminal"]
    check += ["--output", f"{folder}/report", "--fail-on", "never"]
    return {
        "import": "import kubernetes",
        "read": RUN.format(arguments=[*check, "--policy", "GPU-005"]),
        "default": RUN.format(arguments=check),
        "typed": TYPED.format(config=config),
        "kubectl": KUBECTL.format(config=config),
        "peer": PEER.format(config=config, program=kube_score()),
    }


def main(arguments: list[str]) -> int:
    """Print the rows."""
    pods, rounds = (int(each) for each in [*arguments, *("5000", "3")[len(arguments) :]])
    with serving(Generated([*objects(pods)])) as cluster, tempfile.TemporaryDirectory() as folder:
        what = rows(str(cluster.kubeconfig(Path(folder))), folder)
        costs: dict[str, list[Cost]] = {name: [] for name in what}
        for _ in range(rounds):
            for name, source in what.items():
                costs[name].append(measured(source))
    print(f"{pods} pods, medians of {rounds}")
    for name, found in costs.items():
        seconds = statistics.median(each.seconds for each in found)
        print(f"{name:9}{seconds:7.2f} s {max(each.megabytes for each in found):5} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
