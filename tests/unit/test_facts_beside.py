"""What another target holds is a reason to say nothing, unless that target is a variant of this one."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model import Target
from auditor.unknown import Unknown
from auditor.world import Surroundings, World
from tests.unit.test_facts_joins import fact, pod
from tests.unit.worlds import resources

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n"
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: same, namespace: {namespace}}}
spec: {{podSelector: {{}}}}
"""
BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: api, namespace: {namespace}}}
spec: {{maxUnavailable: 1, selector: {{matchLabels: {{app: {app}}}}}}}
"""
BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: reads, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{kind: ServiceAccount, name: {account}}}]
"""
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: api, namespace: {namespace}}}\n"


def beside(here: str, there: str) -> World:
    """The world of one target, with another one in the same tree."""
    target = Target("here", "kustomize", "here", list(resources(here, "here/a.yaml")))
    other = Target("there", "kustomize", "there", list(resources(there, "there/a.yaml")))
    return World(target, around=Surroundings(targets=(target, other)))


def of_pod(name: str, there: str, namespace: str = "prod") -> Any:
    world = beside(pod("api", namespace) + "---\n" + ACCOUNT.format(namespace=namespace or '""'), there)
    view = "PodSpec" if name == "service_account" else "PodTemplate"
    return world.fact(name, world.instances(view)[0])


def test_a_policy_of_another_target_may_isolate() -> None:
    found = of_pod("isolation", POLICY.format(namespace="prod"))["ingress"]
    assert isinstance(found, Unknown)
    assert found.reason == (
        "NetworkPolicy prod/same of there, which may be applied beside this, may isolate these pods"
    )
    assert of_pod("isolation", POLICY.format(namespace="prod"))["egress"] is False


def test_a_variant_of_this_target_tells_nothing_of_it() -> None:
    variant = pod("api") + "---\n" + POLICY.format(namespace="prod")
    assert of_pod("isolation", variant)["ingress"] is False


@pytest.mark.parametrize(("namespace", "there"), [("prod", "dev"), ("", '""'), ("prod", '""'), ("", "prod")])
def test_namespaces_of_two_targets_must_be_equal_as_written(namespace: str, there: str) -> None:
    assert of_pod("isolation", POLICY.format(namespace=there), namespace)["ingress"] is False
    assert of_pod("disruption", BUDGET.format(namespace=there, app="api"), namespace)["protected"] is False
    binding = BINDING.format(namespace=there, account="api")
    assert of_pod("service_account", binding, namespace)["granted"] is False


def test_a_namespace_may_be_closed_by_another_target() -> None:
    world = beside(NAMESPACE + "---\n" + pod("api"), NAMESPACE + "---\n" + POLICY.format(namespace="prod"))
    found = fact(world, "namespace_isolation", "Namespace")
    assert isinstance(found["ingress"], Unknown)
    assert found["egress"] is False


def test_a_budget_of_another_target_may_protect() -> None:
    assert isinstance(of_pod("disruption", BUDGET.format(namespace="prod", app="api"))["protected"], Unknown)
    assert of_pod("disruption", BUDGET.format(namespace="prod", app="web"))["protected"] is False


def test_a_binding_of_another_target_may_grant() -> None:
    found = of_pod("service_account", BINDING.format(namespace="prod", account="api"))
    assert isinstance(found["granted"], Unknown)
    assert found["grants"] == []
    assert of_pod("service_account", BINDING.format(namespace="prod", account="web"))["granted"] is False


def account_of(unrendered: dict[str, frozenset[str]]) -> Any:
    """Whether the account of a pod is found that only a variant of its target holds."""
    others = "---\n" + ACCOUNT.format(namespace="prod").replace("name: api", "name: web")
    target = Target("here", "kustomize", "here", list(resources(pod("api") + others, "base/pod.yaml")))
    variant = list(resources(pod("api"), "base/pod.yaml"))
    variant += resources(ACCOUNT.format(namespace="prod"), "accounts/a.yaml")
    around = Surroundings(
        targets=(target, Target("there", "kustomize", "there", variant)), unrendered=unrendered
    )
    world = World(target, around=around)
    return world.fact("references", world.instances("PodSpec")[0])["all"][0]["found"]


def test_what_an_unrendered_kustomization_applies_is_not_missing() -> None:
    found = account_of({"accounts": frozenset({"accounts/a.yaml"})})
    assert isinstance(found, Unknown)
    assert found.reason == "ServiceAccount api is not here, but in accounts, which could not be rendered"


@pytest.mark.parametrize(
    "unrendered",
    [{}, {"all": frozenset({"accounts/a.yaml", "base/pod.yaml"})}, {"x": frozenset({"x/a.yaml"})}],
)
def test_an_unrendered_variant_tells_nothing(unrendered: dict[str, frozenset[str]]) -> None:
    assert account_of(unrendered) is False
