"""Roles and ServiceAccounts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.peers.cases.manifest import ABSENT, Body, patched

GROUPS = {
    "certificates.k8s.io": (
        "certificatesigningrequests",
        "certificatesigningrequests/approval",
        "*/approval",
        "signers",
    ),
    "admissionregistration.k8s.io": (
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "validatingadmissionpolicies",
    ),
    "rbac.authorization.k8s.io": ("roles", "clusterroles", "rolebindings", "clusterrolebindings"),
    "apps": ("deployments",),
}
VERBS = ("get", "create", "update", "patch", "approve", "escalate", "bind", "delete", "*")
SIGNING: Body = {
    "apiGroups": ["certificates.k8s.io"],
    "resources": ["certificatesigningrequests/approval"],
    "verbs": ["update"],
}
SIGNERS: Body = {"apiGroups": ["certificates.k8s.io"], "resources": ["signers"], "verbs": ["approve"]}


def bodies() -> Iterator[Body]:
    """Every object of this module."""
    for kind, rules in product(("ClusterRole", "Role"), _rules()):
        yield {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind} | patched({}, {"rules": rules})
    yield from _accounts()


def _rules() -> Iterator[Any]:
    yield from ([], None, ABSENT)
    for group, resources in GROUPS.items():
        for resource, verb in product((*resources, "*"), VERBS):
            yield [{"apiGroups": [group], "resources": [resource], "verbs": [verb]}]
            if verb in ("approve", "escalate", "update", "*"):
                yield [{"apiGroups": ["*"], "resources": [resource], "verbs": [verb]}]
                yield [{"apiGroups": [""], "resources": [resource], "verbs": [verb]}]
    yield [SIGNING, SIGNERS]
    yield [SIGNERS, SIGNING]
    yield [SIGNING, patched(SIGNERS, {"resourceNames": ["example.com/*"]})]
    yield [patched(SIGNING, {"resourceNames": ["one"]}), SIGNERS]
    yield [{"apiGroups": ["certificates.k8s.io"], "resources": ["*"], "verbs": ["update", "approve"]}]
    yield [{"nonResourceURLs": ["*"], "verbs": ["*"]}]
    yield [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, SIGNERS]
    yield [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"]}]
    yield [{"resources": ["roles"], "verbs": ["escalate"]}]


def _accounts() -> Iterator[Body]:
    for name, mounted in product(("default", "app"), (ABSENT, None, True, False)):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        yield patched(account, {"automountServiceAccountToken": mounted})
        yield patched(account, {"metadata": {"namespace": "web"}, "automountServiceAccountToken": mounted})
