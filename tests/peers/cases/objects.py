"""Services, autoscalers, disruption budgets, CronJobs and selectors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.peers.cases.manifest import ABSENT, Body, patched, within, workload
from tests.peers.cases.workloads import HARDENED

BUDGETS: tuple[Body, ...] = (
    {},
    {"minAvailable": 1},
    {"minAvailable": 0},
    {"minAvailable": "50%"},
    {"maxUnavailable": 1},
    {"maxUnavailable": 0},
    {"maxUnavailable": "30%"},
    {"minAvailable": None},
    {"minAvailable": 1, "maxUnavailable": 1},
)
SELECTORS: tuple[Any, ...] = (
    {"matchLabels": {"app": "case"}},
    {"matchLabels": {"app": "other"}},
    {"matchLabels": {"app": "case", "tier": "web"}},
    {"matchLabels": {}},
    {},
    None,
    ABSENT,
    {"matchExpressions": [{"key": "app", "operator": "In", "values": ["case", "other"]}]},
    {"matchExpressions": [{"key": "app", "operator": "In", "values": ["other"]}]},
    {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["case"]}]},
    {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["other"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["web"]}]},
    {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
    {"matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
    {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
    {"matchLabels": {"app": "case"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]},
)
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "case"}


def bodies() -> Iterator[Body]:
    """Every object of this module."""
    yield from _services()
    yield from _autoscalers()
    for version, spec in product(("v1", "v1beta1"), BUDGETS):
        selected = {"selector": {"matchLabels": {"app": "case"}}, **spec}
        yield {"apiVersion": f"policy/{version}", "kind": "PodDisruptionBudget", "spec": selected}
    yield from _cron_jobs()
    yield from _selectors()


def _services() -> Iterator[Body]:
    spec = {"selector": {"app": "case"}, "ports": [{"port": 80}]}
    types = (ABSENT, None, "", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "nodeport")
    for kind in types:
        extra = {"externalName": "db.example"} if kind == "ExternalName" else {}
        yield {"apiVersion": "v1", "kind": "Service", "spec": patched({**spec, **extra}, {"type": kind})}
    headless = {**spec, "clusterIP": "None"}
    yield {"apiVersion": "v1", "kind": "Service", "spec": headless}
    ported = {**spec, "type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}
    yield {"apiVersion": "v1", "kind": "Service", "spec": ported}


def _autoscalers() -> Iterator[Body]:
    versions = ("v1", "v2", "v2beta1", "v2beta2")
    for version, minimum in product(versions, (ABSENT, None, 0, 1, 2, 3)):
        spec = patched({"scaleTargetRef": TARGET, "maxReplicas": 5}, {"minReplicas": minimum})
        yield {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler", "spec": spec}


def _cron_jobs() -> Iterator[Body]:
    base = workload("CronJob", {"containers": [HARDENED]})
    deadlines = within("spec.startingDeadlineSeconds", 0), within("spec.startingDeadlineSeconds", 200)
    for patch in ({}, within("spec.startingDeadlineSeconds", None), *deadlines):
        yield patched(base, patch)
        yield patched({**base, "apiVersion": "batch/v1beta1"}, patch)
    policy = "spec.jobTemplate.spec.template.spec.restartPolicy"
    for value in (ABSENT, None, "", "Never", "OnFailure", "Always", "never"):
        yield patched(base, within(policy, value))
    for value in (ABSENT, "Always", "OnFailure"):
        job = workload("Job", {"containers": [HARDENED]})
        yield patched(job, within("spec.template.spec.restartPolicy", value))


def _selectors() -> Iterator[Body]:
    for kind, selector in product(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), SELECTORS):
        yield patched(_replaced(kind), {"spec": {"selector": ABSENT}} if selector is ABSENT else {}) | (
            {} if selector is ABSENT else _selecting(kind, selector)
        )
    for kind in ("Deployment", "StatefulSet"):
        yield patched(_replaced(kind), {"spec": {"template": {"metadata": ABSENT}}})


def _replaced(kind: str) -> Body:
    return workload(kind, {"containers": [HARDENED]})


def _selecting(kind: str, selector: Any) -> Body:
    spec = dict(_replaced(kind)["spec"])
    spec["selector"] = selector
    return {"spec": spec}
