"""Who is isolated, what a rule lets through, and whether it reaches the instance metadata service."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.network_policies import reaches_metadata
from auditor.unknown import Unknown
from tests.unit.test_facts_joins import fact, pod, tree

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: {namespace}}}
spec: {spec}
"""


def policy(spec: str, namespace: str = "prod") -> str:
    return POLICY.format(spec=spec, namespace=namespace or '""')


def isolation(spec: str, namespace: str = "prod", **more: str) -> tuple[Any, Any]:
    world = tree(a__pod=pod("api"), a__policy=policy(spec, namespace), **more)
    found = world.fact("isolation", world.instances("PodTemplate")[0])
    return found["ingress"], found["egress"]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("{podSelector: {}}", (True, False)),
        ("{podSelector: {}, egress: [{}]}", (True, True)),
        ("{podSelector: {}, egress: []}", (True, False)),
        ("{podSelector: {}, policyTypes: [Egress]}", (False, True)),
        ("{podSelector: {matchLabels: {app: api}}, policyTypes: [Ingress, Egress]}", (True, True)),
        ("{podSelector: {matchLabels: {app: other}}, policyTypes: [Ingress, Egress]}", (False, False)),
        ("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [api]}]}}", (False, False)),
    ],
)
def test_policy_types_default_as_the_api_server_sets_them(spec: str, wanted: tuple[bool, bool]) -> None:
    assert isolation(spec) == wanted


def test_a_policy_isolates_only_its_own_namespace_unless_that_is_not_written() -> None:
    assert isolation("{podSelector: {}}", "dev") == (False, False)
    assert isolation("{podSelector: {}}", "") == (True, False)


def test_policies_of_another_engine_make_isolation_unknown() -> None:
    cilium = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: c}\nspec: {}\n"
    ingress, egress = isolation("{podSelector: {}}", a__cilium=cilium)
    assert ingress is True
    assert isinstance(egress, Unknown) and "CiliumClusterwideNetworkPolicy c" in egress.reason


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({}, True),
        ({"to": []}, True),
        ({"ports": [{"port": 80}]}, True),
        ({"ports": [{"port": 443}]}, False),
        ({"ports": [{"port": 80, "protocol": "UDP"}]}, False),
        ({"ports": [{"port": 1, "endPort": 1024}]}, True),
        ({"ports": [{"protocol": "TCP"}]}, True),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, True),
        ({"to": [{"ipBlock": {"cidr": "169.254.0.0/16"}}]}, True),
        ({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, False),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}]}, False),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "169.254.0.0/16"]}}]}, False),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.253/32"]}}]}, True),
        ({"to": [{"ipBlock": {"cidr": "::/0"}}]}, True),
        ({"to": [{"ipBlock": {"cidr": "::/0", "except": ["fd00:ec2::/32"]}}]}, False),
        ({"to": [{"ipBlock": {"cidr": "everywhere"}}]}, False),
        ({"to": [{"namespaceSelector": {}}, {"podSelector": {}}]}, False),
        ({"to": [{"podSelector": {}}, {"ipBlock": {"cidr": "169.254.169.254/32"}}]}, True),
    ],
)
def test_the_metadata_service_is_reached_through_open_blocks_on_its_port(
    rule: dict[str, Any], wanted: bool
) -> None:
    assert reaches_metadata(rule) is wanted


def test_rules_of_a_direction_without_effect_are_left_out() -> None:
    world = tree(a__policy=policy("{podSelector: {}, policyTypes: [Ingress], egress: [{}], ingress: [{}]}"))
    found = fact(world, "network_policy", "NetworkPolicy")
    assert found["egress"] == []
    assert [row["everyone"] for row in found["ingress"]] == [True]


def test_peers_in_other_namespaces_are_not_looked_for() -> None:
    spec = (
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: apis}}},"
        " {namespaceSelector: {}, podSelector: {matchLabels: {app: far}}}, {podSelector: {}}]}]}"
    )
    world = tree(a__pod=pod("api"), a__policy=policy(spec))
    peers = fact(world, "network_policy", "NetworkPolicy")["peers"]
    assert [(peer["selector"], peer["found"]) for peer in peers] == [("app=apis", False)]


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n"


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", (True, True)),
        ("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", (True, False)),
        (
            "{podSelector: {}, ingress: [{}], egress: [{ports: [{port: 53}]}], policyTypes: [Ingress, Egress]}",
            (False, True),
        ),
        ("{podSelector: {matchLabels: {app: api}}, policyTypes: [Ingress, Egress]}", (False, False)),
    ],
)
def test_a_namespace_is_closed_by_a_policy_on_every_pod_that_lets_not_everybody_through(
    spec: str, wanted: tuple[bool, bool]
) -> None:
    world = tree(a__ns=NAMESPACE, a__pod=pod("api"), a__policy=policy(spec))
    found = fact(world, "namespace_isolation", "Namespace")
    assert (found["ingress"], found["egress"]) == wanted


def test_of_several_declarations_of_a_namespace_the_one_beside_the_workloads_counts() -> None:
    world = tree(a__ns=NAMESPACE, b__ns=NAMESPACE, b__pod=pod("api"), c__gone=NAMESPACE + "$patch: delete\n")
    rows = [
        world.fact("namespace_isolation", instance)["workloads"]
        for instance in world.instances("Object")
        if instance.resource.kind == "Namespace"
    ]
    assert rows == [[], ["Pod prod/api"], []]
