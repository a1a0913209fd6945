"""What drift costs an object, in µs of CPU: ``python -m tests.bench.bench_drift [OBJECTS]`` (5,000).

Deployments of Git against the same of a cluster, with managedFields as a server keeps them. The whole fact is measured:
matching the targets, finding each live object, comparing, attributing. One in ten differs by a hand edit.
"""

from __future__ import annotations

import copy
import statistics
import sys
import time
from typing import Any

from auditor.model import Nowhere, Resource, Target
from auditor.sources.live import live_target
from auditor.views.interface import Instance
from auditor.world import Surroundings, World

ROUNDS = 5
EDITED = 10
"""One in so many was edited by hand."""
TIME, LATER = "2026-04-01T10:00:00Z", "2026-04-02T11:12:13Z"


def manifest(number: int) -> dict[str, Any]:
    """A Deployment as people write it: two containers, probes, resources, environment."""
    labels = {"app": f"app{number}", "team": "ml"}
    containers = [
        {
            "name": name,
            "image": f"registry.example/{name}:1.{number}",
            "args": ["--verbose", "--port=8080"],
            "env": [{"name": f"E{at}", "value": f"v{at}"} for at in range(5)],
            "ports": [{"name": "http", "containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 10},
        }
        for name in ("main", "sidecar")
    ]
    meta = {"name": f"app{number}", "namespace": f"ns{number % 50}", "labels": labels}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": containers, "serviceAccountName": "app"},
    }
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def running(declared: dict[str, Any], *, edited: bool) -> dict[str, Any]:
    """The same with defaults and owners; edited, with another image."""
    found = copy.deepcopy(declared)
    found["spec"] |= {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
    pod = found["spec"]["template"]["spec"]
    pod |= {"dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "terminationGracePeriodSeconds": 30}
    for container in pod["containers"]:
        container |= {"terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "IfNotPresent"}
        container["resources"]["requests"]["cpu"] = "0.1"
    entries = [_entry("argocd-controller", "Apply", _owned(declared))]
    if edited:
        pod["containers"][0]["image"] = "registry.example/main:edited"
        image = {
            "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"main"}': {"f:image": {}}}}}}
        }
        entries.append(_entry("kubectl-edit", "Update", image))
    found["metadata"]["managedFields"] = entries
    return found


def _entry(manager: str, operation: str, fields: dict[str, Any]) -> dict[str, Any]:
    time = LATER if operation == "Update" else TIME
    return {"manager": manager, "operation": operation, "time": time, "fieldsV1": fields}


def _owned(value: Any) -> dict[str, Any]:
    """The field set of everything in a manifest."""
    if isinstance(value, dict):
        return {f"f:{key}": _owned(each) for key, each in value.items() if key not in ("apiVersion", "kind")}
    if isinstance(value, list) and all(isinstance(each, dict) and "name" in each for each in value):
        return {f'k:{{"name":"{each["name"]}"}}': {".": {}, **_owned(each)} for each in value}
    return {}


def worlds(objects: int) -> tuple[World, list[Resource]]:
    """Git's target beside the cluster that runs it, and Git's objects."""
    declared = [manifest(number) for number in range(objects)]
    live = [running(body, edited=number % EDITED == 0) for number, body in enumerate(declared)]
    git = Target("git", "loose", ".", [_resource(each, "git") for each in declared])
    cluster = live_target(
        "cluster:c", "cluster:c", source="cluster", resources=[_resource(each, "cluster") for each in live]
    )
    return World(git, around=Surroundings(targets=(git, cluster), joint={})), git.resources


def _resource(body: dict[str, Any], source: str) -> Resource:
    meta = body["metadata"]
    return Resource(
        body["apiVersion"], body["kind"], meta["namespace"], meta["name"], body, Nowhere("x", source)
    )


def measured(objects: int) -> tuple[float, int]:
    """µs of CPU an object, and how many differed."""
    world, declared = worlds(objects)
    began, found = time.process_time(), 0
    for each in declared:
        found += bool(world.fact("drift", Instance("Object", each, each.body))["human"])
    return (time.process_time() - began) / objects * 1e6, found


def main(arguments: list[str]) -> int:
    """Print the median of some rounds."""
    objects = int(arguments[0]) if arguments else 5000
    rounds = [measured(objects) for _ in range(ROUNDS)]
    median = statistics.median(spent for spent, _ in rounds)
    print(f"{objects} Deployments, {rounds[0][1]} edited by hand: {median:.0f} µs of CPU an object")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
