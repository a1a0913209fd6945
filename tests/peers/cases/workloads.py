"""Everything that the rules read of pods and containers, one field at a time and then mixed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, product
from random import Random
from typing import Any

from tests.peers.cases.manifest import ABSENT, KINDS, Body, patched, within, workload

DIGEST = "sha256:" + "0123456789abcdef" * 4
MIXED = 300

BARE: Body = {"name": "main", "image": "registry.example/team/app:1.4.2"}
HARDENED: Body = {
    "name": "main",
    "image": f"registry.example/team/app:1.4.2@{DIGEST}",
    "imagePullPolicy": "Always",
    "securityContext": {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 12000,
        "runAsGroup": 12000,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "resources": {
        "requests": {"cpu": "250m", "memory": "256Mi"},
        "limits": {"cpu": "500m", "memory": "512Mi"},
    },
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
    "ports": [{"name": "http", "containerPort": 8080}],
}

CONTAINER_FIELDS: dict[str, tuple[Any, ...]] = {
    "securityContext": (ABSENT, {}, None),
    "securityContext.privileged": (True, False, None, ABSENT),
    "securityContext.allowPrivilegeEscalation": (True, False, None, ABSENT),
    "securityContext.readOnlyRootFilesystem": (True, False, None, ABSENT),
    "securityContext.runAsUser": (0, 999, 9999, 10000, 65534, None, ABSENT),
    "securityContext.runAsGroup": (0, 10000, ABSENT),
    "securityContext.runAsNonRoot": (True, False, ABSENT),
    "securityContext.capabilities": (ABSENT, {}, None),
    "securityContext.capabilities.drop": (
        ["ALL"],
        ["all"],
        ["All"],
        ["NET_RAW"],
        ["net_raw"],
        ["CAP_NET_RAW"],
        ["SYS_TIME"],
        ["SYS_TIME", "NET_RAW"],
        ["KILL", "ALL"],
        [],
        None,
        ABSENT,
    ),
    "securityContext.capabilities.add": (
        ["SYS_ADMIN"],
        ["sys_admin"],
        ["CAP_SYS_ADMIN"],
        ["NET_BIND_SERVICE"],
        ["NET_ADMIN", "SYS_ADMIN"],
        ["ALL"],
        [],
        None,
    ),
    "securityContext.seccompProfile": ({"type": "Unconfined"}, {"type": "RuntimeDefault"}, ABSENT),
    "image": (
        "app",
        "app:latest",
        "app:1.2",
        "registry.example:5000/app",
        "registry.example:5000/team/app:3",
        f"app@{DIGEST}",
        f"app:1.2@{DIGEST}",
        f"app:latest@{DIGEST}",
        "app:1.2_rc.1",
        "",
        None,
        ABSENT,
    ),
    "imagePullPolicy": ("Always", "IfNotPresent", "Never", None, ABSENT),
    "resources": (ABSENT, {}, None),
    "resources.limits": (ABSENT, {}, None),
    "resources.requests": (ABSENT, {}, None),
    "resources.limits.cpu": (1, "1", "0", 0, "250m", 0.5, None, ABSENT),
    "resources.limits.memory": ("1Gi", "0", 0, 536870912, None, ABSENT),
    "resources.requests.cpu": (1, "0", 0, None, ABSENT),
    "resources.requests.memory": ("1Gi", "0", None, ABSENT),
    "livenessProbe": (ABSENT, {}, None, {"exec": {"command": ["true"]}}, {"tcpSocket": {"port": 80}}),
    "readinessProbe": (ABSENT, {}, None, {"exec": {"command": ["true"]}}, {"grpc": {"port": 80}}),
    "ports": (
        ABSENT,
        [],
        None,
        [{"containerPort": 80, "hostPort": 80}],
        [{"containerPort": 80, "hostPort": 0}],
        [{"containerPort": 80, "hostPort": None}],
        [{"containerPort": 80}, {"containerPort": 81, "hostPort": 8081}],
        [{"name": "http", "containerPort": 80}, {"name": "http", "containerPort": 81}],
        [{"name": "a", "containerPort": 80}, {"name": "b", "containerPort": 80}],
        [{"name": "metrics-endpoint", "containerPort": 80}],
        [{"name": "fifteen-letters", "containerPort": 80}],
        [{"name": "UPPER", "containerPort": 80}],
        [{"name": "123", "containerPort": 80}],
        [{"containerPort": 0}],
        [{"containerPort": 70000}],
        [{"name": "none"}],
        [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}],
    ),
    "env": (
        [],
        None,
        [{"name": "A", "value": "1"}],
        [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
        [{"name": "A", "value": "1"}, {"name": "A", "value": "1"}],
        [{"name": "A", "value": "1"}, {"name": "a", "value": "1"}],
        [
            {"name": "A", "value": "1"},
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
        [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}}],
        [{"name": "C", "valueFrom": {"configMapKeyRef": {"name": "s", "key": "k"}}}],
        [{"name": "A"}, {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    ),
    "envFrom": (
        [],
        None,
        [{"secretRef": {"name": "s"}}],
        [{"configMapRef": {"name": "s"}}],
        [{"configMapRef": {"name": "s"}}, {"prefix": "X_", "secretRef": {"name": "s", "optional": True}}],
    ),
}

CONSTRAINT: Body = {
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"app": "case"}},
}
SPREADS: tuple[Body, ...] = (
    {"labelSelector": ABSENT},
    {"labelSelector": {}},
    {"labelSelector": None},
    {"maxSkew": 0},
    {"maxSkew": ABSENT},
    {"maxSkew": 3},
    {"maxSkew": -1},
    {"minDomains": 0},
    {"minDomains": 1},
    {"minDomains": 2, "whenUnsatisfiable": "ScheduleAnyway"},
    {"topologyKey": ""},
    {"topologyKey": ABSENT},
    {"whenUnsatisfiable": "ScheduleAnyway"},
    {"whenUnsatisfiable": "Sometimes"},
    {"whenUnsatisfiable": ABSENT},
)
POD_FIELDS: dict[str, tuple[Any, ...]] = {
    "hostNetwork": (True, False, None),
    "hostPID": (True, False, None),
    "hostIPC": (True, False, None),
    "hostUsers": (True, False),
    "os": ({"name": "windows"}, {"name": "linux"}),
    "automountServiceAccountToken": (True, False),
    "serviceAccountName": ("default", "app", ""),
    "securityContext": ({}, None),
    "securityContext.runAsUser": (0, 999, 10000, 12000),
    "securityContext.runAsNonRoot": (True, False),
    "securityContext.seccompProfile": ({"type": "RuntimeDefault"}, {"type": "Unconfined"}),
    "initContainers": ([], None),
    "topologySpreadConstraints": (
        [],
        None,
        [CONSTRAINT],
        *([patched(CONSTRAINT, patch)] for patch in SPREADS),
        [CONSTRAINT, patched(CONSTRAINT, {"maxSkew": 0})],
        [CONSTRAINT, {**CONSTRAINT, "topologyKey": "kubernetes.io/hostname"}],
        [CONSTRAINT, CONSTRAINT],
    ),
}

SLOTS = ("only", "second", "init", "sidecar")


def bodies() -> Iterator[Body]:
    """Every field's every value on a bare and on a hardened container, in every place; then mixtures."""
    kinds = cycle(KINDS)
    for base, slot, patch in product((BARE, HARDENED), SLOTS, _patches(CONTAINER_FIELDS)):
        yield workload(next(kinds), _pod(patched(base, patch), slot))
    for base, patch in product((BARE, HARDENED), _patches(POD_FIELDS)):
        yield workload(next(kinds), patched(_pod(base, "init"), patch))
    for kind, base in product(KINDS, (BARE, HARDENED)):
        yield workload(kind, _pod(base, "only"))
        yield workload(kind, {"serviceAccountName": "patch"})
    yield patched(workload("Deployment", {}), {"spec": {"template": {"spec": ABSENT}}})
    tasks = [{"name": "main", "replicas": 1, "template": {"spec": {"containers": [BARE]}}}]
    yield {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "spec": {"tasks": tasks}}
    yield from _worst()
    yield from _mixtures(Random(20260424))


def _worst() -> Iterator[Body]:
    """What fails nearly every rule, as each kind, under a template's name, and in an API group that is gone."""
    container = patched(
        BARE,
        {
            "securityContext": {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}},
            "ports": [{"name": "http", "containerPort": 80, "hostPort": 80}, {"name": "http"}],
            "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
            "envFrom": [{"secretRef": {"name": "case"}}],
        },
    )
    pod = {"hostNetwork": True, "hostPID": True, "hostIPC": True, "containers": [container]}
    spread = [patched(CONSTRAINT, {"maxSkew": 0})]
    for kind in KINDS:
        yield workload(kind, {**pod, "topologySpreadConstraints": spread})
    for name in ("case-{{ .Release.Name }}", "case-${name}"):
        yield {**workload("Deployment", pod), "metadata": {"name": name}}
    socket = {"volumes": [{"name": "socket", "hostPath": {"path": "/var/run/docker.sock"}}]}
    yield {**workload("DaemonSet", {**pod, **socket}), "apiVersion": "extensions/v1beta1"}
    template = {"name": "spark-kubernetes-executor", "image": ABSENT}
    yield workload("Pod", {**pod, **socket, "containers": [patched(container, template)]})


def _patches(fields: dict[str, tuple[Any, ...]]) -> list[Body]:
    return [within(path, value) for path, values in fields.items() for value in values]


def _pod(container: Body, slot: str) -> Body:
    """A pod spec with ``container`` in one place; what stands beside it is hardened."""
    if slot == "only":
        return {"containers": [container]}
    if slot == "second":
        return {"containers": [{**HARDENED, "name": "first"}, container]}
    extra = {**container, "name": "before"} | ({"restartPolicy": "Always"} if slot == "sidecar" else {})
    return {"initContainers": [extra], "containers": [dict(HARDENED)]}


def _mixtures(random: Random) -> Iterator[Body]:
    """Pods of one to three containers with several fields changed at once."""
    container_patches, pod_patches = _patches(CONTAINER_FIELDS), _patches(POD_FIELDS)
    for _ in range(MIXED):
        spec: Body = {"containers": []}
        for place in ["containers"] * random.randint(1, 2) + ["initContainers"] * random.randint(0, 1):
            container = random.choice((BARE, HARDENED))
            for patch in random.sample(container_patches, random.randint(1, 6)):
                container = patched(container, patch)
            spec.setdefault(place, []).append({**container, "name": f"c{random.randint(0, 99)}"})
        for patch in random.sample(pod_patches, random.randint(0, 2)):
            spec = patched(spec, patch)
        yield workload(random.choice(KINDS), spec)
