"""Which account a pod runs as, and whether something is granted to that very account."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.unknown import Unknown
from tests.unit.test_facts_beside import BINDING
from tests.unit.test_facts_joins import pod, tree

GROUPS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: all}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "{group}"}}]
"""


def granted(binding: str, namespace: str = "prod", folder: str = "a") -> Any:
    world = tree(**{"a__pod": pod("api", namespace), f"{folder}__binding": binding})
    return world.fact("service_account", world.instances("PodSpec")[0])["granted"]


@pytest.mark.parametrize(("namespace", "of_binding"), [("prod", "prod"), ("", '""')])
def test_namespaces_equal_as_written_grant(namespace: str, of_binding: str) -> None:
    assert granted(BINDING.format(namespace=of_binding, account="api"), namespace) is True


@pytest.mark.parametrize(("namespace", "of_binding"), [("", "prod"), ("prod", '""')])
def test_a_namespace_that_is_not_written_leaves_it_open(namespace: str, of_binding: str) -> None:
    found = granted(BINDING.format(namespace=of_binding, account="api"), namespace)
    assert isinstance(found, Unknown)
    assert found.repair == "write metadata.namespace, or audit the rendered manifests"


def test_unwritten_namespaces_of_two_folders_leave_it_open() -> None:
    assert isinstance(granted(BINDING.format(namespace='""', account="api"), "", "b"), Unknown)


def test_other_accounts_and_other_namespaces_grant_nothing() -> None:
    assert granted(BINDING.format(namespace="dev", account="api")) is False
    assert granted(BINDING.format(namespace="prod", account="web")) is False


@pytest.mark.parametrize(
    ("group", "wanted"),
    [
        ("system:serviceaccounts", True),
        ("system:serviceaccounts:prod", True),
        ("system:serviceaccounts:dev", False),
        ("system:authenticated", False),
    ],
)
def test_groups_of_accounts_grant_to_each_of_them(group: str, wanted: bool) -> None:
    assert granted(GROUPS.format(group=group)) is wanted


def test_what_kubernetes_grants_to_every_account_is_no_grant() -> None:
    world = tree(a__pod=pod("api", "prod"), a__binding=GROUPS.format(group="system:serviceaccounts"))
    [binding] = world.kind("rbac.authorization.k8s.io", "ClusterRoleBinding")
    world.target.given.add(binding.key)
    assert world.fact("service_account", world.instances("PodSpec")[0])["granted"] is False
