"""Claims on tools that do not install here, held to what their documentation refuses and accepts.

The manifests are ours. What each tool's documentation says of the field is in the claim's reference; the tools
are not run. ``python -m tests.peers.documented`` does the same with the cases that they publish themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.catalog import builtin_folder, load_folder
from tests.peers import ours
from tests.peers.cases.manifest import ABSENT, Body, patched, text, within, workload
from tests.peers.cases.workloads import HARDENED
from tests.peers.claims import RUN, Claim, claims

CLAIMS = [
    claim
    for claim in claims(load_folder(builtin_folder()))
    if claim.tool not in RUN and claim.relation in ("exact", "stricter")
]


def container(path: str, value: Any) -> Body:
    """A Deployment whose container is sound but for one field."""
    return workload("Deployment", {"containers": [patched(HARDENED, within(path, value))]})


def pod(path: str, value: Any) -> Body:
    """A Deployment whose pods are sound but for one field."""
    return workload("Deployment", patched({"containers": [HARDENED]}, within(path, value)))


def service(**spec: Any) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "spec": {"ports": [{"port": 80}], "selector": {"app": "a"}, **spec},
    }


def role(**rule: Any) -> Body:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], **rule}]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": rules}


def binding(name: str) -> Body:
    subject = {"kind": "ServiceAccount", "name": "app", "namespace": "web"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    version = "rbac.authorization.k8s.io/v1"
    return {"apiVersion": version, "kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]}


def autoscaler(**spec: Any) -> Body:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "case"}
    full = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 5, **spec}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": full}


def budget(minimum: int) -> Body:
    spec = {"minAvailable": minimum, "selector": {"matchLabels": {"app": "case"}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": spec}


def host_path(path: str) -> Body:
    return {"volumes": [{"name": "host", "hostPath": {"path": path}}]}


def application(project: str) -> Body:
    source = {"repoURL": "https://git.example/a.git", "path": "a", "targetRevision": "v1"}
    spec = {"project": project, "source": source, "destination": {"namespace": "a", "name": "in-cluster"}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "spec": spec}


GOOD = workload("Deployment", {"containers": [HARDENED]})
SECRET = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
TWICE = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
PROBE = {"httpGet": {"path": "/live", "port": 8080}}

CASES: dict[str, tuple[Body, Body]] = {
    "API-001": ({**GOOD, "apiVersion": "extensions/v1beta1"}, GOOD),
    "API-022": (container("env", TWICE), container("env", TWICE[:1])),
    "API-030": (pod("serviceAccount", "app"), pod("serviceAccountName", "app")),
    "ARG-001": (application("default"), application("inference")),
    "IAM-014": (binding("cluster-admin"), binding("view")),
    "IMG-021": (container("image", "registry.example/app:1.4.2"), GOOD),
    "NET-030": (service(type="NodePort"), service()),
    "NET-031": (service(type="LoadBalancer"), service()),
    "NET-032": (service(externalIPs=["203.0.113.7"]), service()),
    "RBAC-001": (role(verbs=["*"]), role()),
    "REL-001": (container("livenessProbe", ABSENT), GOOD),
    "REL-004": (autoscaler(minReplicas=1), autoscaler()),
    "REL-020": (container("readinessProbe", ABSENT), GOOD),
    "REL-021": (container("readinessProbe", PROBE), GOOD),
    "REL-032": (autoscaler(minReplicas=3, maxReplicas=3), autoscaler()),
    "REL-033": (GOOD, pod("priorityClassName", "standard")),
    "RES-003": (container("resources.limits.cpu", ABSENT), GOOD),
    "RES-004": (container("resources.limits.memory", ABSENT), GOOD),
    "SEC-001": (container("securityContext", {}), GOOD),
    "SEC-002": (container("securityContext.allowPrivilegeEscalation", True), GOOD),
    "SEC-003": (container("securityContext.capabilities", {"add": ["CHOWN"], "drop": []}), GOOD),
    "SEC-005": (container("securityContext.readOnlyRootFilesystem", False), GOOD),
    "SEC-006": (pod("hostNetwork", True), GOOD),
    "SEC-010": (container("securityContext.capabilities.drop", []), GOOD),
    "SEC-011": (pod("hostPID", True), GOOD),
    "SEC-012": (pod("hostIPC", True), GOOD),
    "SEC-013": (container("securityContext.privileged", True), GOOD),
    "SEC-015": (container("securityContext.capabilities.add", ["SYS_ADMIN"]), GOOD),
    "SEC-018": (pod("volumes", host_path("/etc")["volumes"]), GOOD),
    "SEC-020": (pod("volumes", host_path("/var/run/docker.sock")["volumes"]), GOOD),
    "SEC-021": (container("ports", [{"containerPort": 80, "hostPort": 80}]), GOOD),
    "SEC-022": (container("securityContext.procMount", "Unmasked"), GOOD),
    "SEC-023": (
        pod("securityContext.sysctls", [{"name": "kernel.msgmax", "value": "65536"}]),
        pod("securityContext.sysctls", [{"name": "kernel.shm_rmid_forced", "value": "1"}]),
    ),
    "SEC-026": (container("securityContext.seLinuxOptions", {"type": "spc_t"}), GOOD),
    "SEC-029": (container("securityContext.windowsOptions", {"hostProcess": True}), GOOD),
    "SEC-034": (container("ports", [{"containerPort": 22}]), GOOD),
    "SEC-042": (container("env", SECRET), GOOD),
}
"""Refused and accepted, by our code: what every exact or stricter peer of that policy documents."""
JOINS: dict[str, tuple[tuple[Body, ...], tuple[Body, ...]]] = {
    "REL-070": ((GOOD, autoscaler(), budget(2)), (GOOD, autoscaler(), budget(1))),
}
"""The same for claims about several objects at once."""


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda each: f"{each.tool}-{each.rule}-{each.policy.code}")
def test_what_the_other_tool_refuses_we_refuse(claim: Claim, tmp_path: Path) -> None:
    code = claim.policy.code
    refused, accepted = JOINS[code] if code in JOINS else [(body,) for body in CASES[code]]
    assert "fail" in verdicts(claim, tmp_path / "refused", refused)
    assert "fail" not in verdicts(claim, tmp_path / "accepted", accepted)


def verdicts(claim: Claim, folder: Path, bodies: tuple[Body, ...]) -> set[str]:
    """What the claiming policy says of objects that are deployed together."""
    folder.mkdir()
    for body in bodies:
        (folder / f"{body['kind']}.yaml").write_text(text(body, "case"))
    return set(ours.run(folder, [claim.policy]).verdicts.get(claim.policy.code, {}).values())


def test_every_case_belongs_to_a_claim() -> None:
    assert {*CASES, *JOINS} == {claim.policy.code for claim in CLAIMS}
