"""NetworkPolicy ↔ pods: who is isolated in which direction, and what is let through all the same.

Semantics: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from auditor.facts.beside import Beside
from auditor.facts.neighbours import ELSEWHERE, may_share_namespace, nearby
from auditor.facts.pods import PodIndex, PodSource, is_fragment, labels_of, pods_of, surely
from auditor.facts.selectors import Selector, of_selector
from auditor.facts.services import listed
from auditor.model import Path, Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

POLICY = ("networking.k8s.io", "NetworkPolicy")
FOREIGN = (
    ("cilium.io", "CiliumNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("crd.projectcalico.org", "NetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "NetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
)
"""Policies of other engines, which may isolate what no NetworkPolicy does."""

METADATA_ADDRESSES = ("169.254.169.254", "fd00:ec2::254")
"""Where an EC2 instance answers for its credentials (AWS, Instance metadata service)."""
METADATA_PORT = 80
DIRECTIONS = {"ingress": "from", "egress": "to"}
UNJUDGED = {"kube-system", "kube-public", "kube-node-lease"}
"""Namespaces of the cluster itself, of which the policies on Namespaces ask nothing."""


def selector_of(policy: Resource) -> Selector | None:
    """The pods a policy applies to; an absent selector is the empty one, which is all of the namespace."""
    return of_selector(dig(policy.body, ("spec", "podSelector")) or {})


def applies(policy: Resource, direction: str) -> bool:
    """Whether the policy isolates in a direction; without ``policyTypes`` the API server's default."""
    types = dig(policy.body, ("spec", "policyTypes"))
    if type(types) is list and types:
        return direction.capitalize() in types
    return direction == "ingress" or bool(dig(policy.body, ("spec", "egress")))


def rules(policy: Resource, direction: str) -> list[tuple[Path, dict[str, Any]]]:
    """The rules of a direction with their places; none where the policy does not apply to it."""
    if not applies(policy, direction):
        return []
    path = ("spec", direction)
    return [((*path, index), rule) for index, rule in listed(policy.body, path)]


def lets_all(rule: dict[str, Any], direction: str) -> bool:
    """Whether a rule lets every peer through, on whatever ports."""
    return any(_is_everyone(peer) for peer in peers_of(rule, direction))


def peers_of(rule: dict[str, Any], direction: str) -> list[dict[str, Any]]:
    """The peers of a rule; one empty peer, which is everybody, where it names none."""
    peers = [peer for _, peer in listed(rule, (DIRECTIONS[direction],))]
    return peers or [{}]


def _is_everyone(peer: dict[str, Any]) -> bool:
    if not peer:
        return True
    block = peer.get("ipBlock")
    return type(block) is dict and str(block.get("cidr", "")).endswith("/0")


class Isolation:
    """``facts.isolation`` of a pod template: ``{fragment, host_network, namespace_bare, ingress, egress, refs}``.

    ``ingress`` and ``egress``: whether some NetworkPolicy isolates the pods; unknown where one of another engine
    (Cilium, Calico, cluster-wide ones) or of another target may do so. ``namespace_bare``: the Namespace is
    declared here and has no NetworkPolicy at all, which is one finding of the Namespace and not one of each pod.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._beside = Beside(world, "NetworkPolicy")
        self._by_pods: dict[int, list[Resource]] = {}
        pods = pods_of(world)
        for policy in world.kind(*POLICY):
            selector = selector_of(policy)
            if selector is not None:
                for pod in pods.find_all(selector.declared(), policy.namespace):
                    self._by_pods.setdefault(id(pod.resource), []).append(policy)
        self._foreign = [other for kind in FOREIGN for other in world.kind(*kind)]
        policed = {policy.namespace for policy in world.kind(*POLICY)}
        self._bare = {each.name for each in world.kind("", "Namespace")} - policed - UNJUDGED

    def of(self, instance: Instance) -> Any:
        """See the class."""
        owner = instance.resource
        matched = self._by_pods.get(id(owner), [])
        return {
            "fragment": is_fragment(instance.value),
            "host_network": dig(instance.value, ("spec", "hostNetwork")) is True,
            "namespace_bare": owner.namespace in self._bare,
            "ingress": self._isolated(instance, matched, "ingress"),
            "egress": self._isolated(instance, matched, "egress"),
            "refs": [self._world.ref(each, ("spec",)) for each in matched],
        }

    def _isolated(self, pods: Instance, matched: list[Resource], direction: str) -> bool | Unknown:
        if any(applies(policy, direction) for policy in matched):
            return True
        outside = self._outside(pods, direction)
        return foreign(self._foreign, pods.resource.namespace) if outside is False else outside

    def _outside(self, pods: Instance, direction: str) -> bool | Unknown:
        """Whether the policy of another target may isolate the pods: False, or why."""
        labels = labels_of(pods.value)

        def fits(policy: Resource) -> bool:
            selector = selector_of(policy)
            return (
                _in_namespace(policy, pods.resource.namespace)
                and applies(policy, direction)
                and selector is not None
                and selector.matches(labels)
            )

        return self._beside.may(pods.resource, "may isolate these pods", fits)


def _in_namespace(policy: Resource, namespace: str) -> bool:
    """Whether a policy of another target is of this namespace, as both are written."""
    return policy.group == POLICY[0] and policy.namespace == namespace != ""


def foreign(others: list[Resource], namespace: str) -> bool | Unknown:
    """False where no other engine's policy may apply to the namespace."""
    for other in others:
        if may_share_namespace(other.namespace, namespace):
            return Unknown(
                f"{other.title} ({other.group}) may isolate these pods", "audit the running cluster"
            )
    return False


class PolicyReach:
    """``facts.network_policy`` of a NetworkPolicy.

    ``{selector, found, host_network, gpu, workloads, refs, ingress, egress, peers}``. ``found``: whether it
    selects any pod of the target. ``host_network``: all that it selects share their node's network, which no
    policy limits. ``gpu``: some of them ask for an accelerator.
    ``ingress`` and ``egress``: one row a rule, ``{at, everyone, ports, all_ports, metadata}``; ``metadata`` tells
    whether an egress rule reaches the instance metadata service. ``peers``: ``[{at, selector, found}]`` of those
    that select pods of the policy's own namespace.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._pods: PodIndex = pods_of(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        policy = instance.resource
        selector = selector_of(policy)
        found = self._pods.find(selector, policy)
        return {
            "selector": "nothing" if selector is None else selector.text() or "every pod",
            "found": bool(found) or self._missing(policy, selector),
            "host_network": bool(found) and all(pod.host_network for pod in found),
            "gpu": any(pod.gpu for pod in surely(policy, found)),
            "workloads": [pod.resource.title for pod in found],
            "refs": [self._world.ref(pod.resource, (*pod.base, "metadata", "labels")) for pod in found],
            "ingress": [_rule(policy, path, rule, "ingress") for path, rule in rules(policy, "ingress")],
            "egress": [_rule(policy, path, rule, "egress") for path, rule in rules(policy, "egress")],
            "peers": self._peers(policy),
        }

    def _missing(self, policy: Resource, selector: Selector | None) -> bool | Unknown:
        if selector is None or selector.empty:
            return True
        return self._pods.missing(policy, selector, f"a pod with {selector.text()}")

    def _peers(self, policy: Resource) -> list[dict[str, Any]]:
        rows = []
        for direction, field in DIRECTIONS.items():
            for path, rule in rules(policy, direction):
                for index, peer in listed(rule, (field,)):
                    selector = of_selector(peer.get("podSelector"))
                    if selector is not None and not selector.empty and "namespaceSelector" not in peer:
                        rows.append(self._peer(policy, (*path, field, index, "podSelector"), selector))
        return rows

    def _peer(self, policy: Resource, path: Path, selector: Selector) -> dict[str, Any]:
        found = self._pods.find(selector, policy)
        return {
            "at": render(policy.body, path),
            "selector": selector.text(),
            "found": bool(found) or self._missing(policy, selector),
        }


def _rule(policy: Resource, path: Path, rule: dict[str, Any], direction: str) -> dict[str, Any]:
    ports = [port for _, port in listed(rule, ("ports",))]
    return {
        "at": render(policy.body, path),
        "everyone": lets_all(rule, direction),
        "all_ports": not ports or any("port" not in port for port in ports),
        "ports": [str(port["port"]) for port in ports if "port" in port],
        "metadata": direction == "egress" and reaches_metadata(rule),
    }


def reaches_metadata(rule: dict[str, Any]) -> bool:
    """Whether an egress rule lets pods talk to the instance metadata service."""
    ports = [port for _, port in listed(rule, ("ports",))]
    if ports and not any(_has_metadata_port(port) for port in ports):
        return False
    return any(_covers_metadata(peer) for peer in peers_of(rule, "egress"))


def _has_metadata_port(port: dict[str, Any]) -> bool:
    first = port.get("port", METADATA_PORT)
    last = port.get("endPort", first)
    if port.get("protocol", "TCP") != "TCP" or type(first) is not int or type(last) is not int:
        return False
    return first <= METADATA_PORT <= last


def _covers_metadata(peer: dict[str, Any]) -> bool:
    if not peer:
        return True
    block = peer.get("ipBlock")
    if type(block) is not dict:
        return False
    excluded = block.get("except")
    excluded = excluded if type(excluded) is list else []
    return any(
        _contains(block.get("cidr"), address) and not any(_contains(each, address) for each in excluded)
        for address in METADATA_ADDRESSES
    )


def _contains(cidr: Any, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(str(cidr), strict=False)
    except ValueError:
        return False


class NamespaceIsolation:
    """``facts.namespace_isolation`` of a Namespace: ``{workloads, gpu, ingress, egress, refs}``.

    ``ingress`` and ``egress``: whether some policy isolates every pod of the namespace in that direction unless
    another rule lets it through (an empty podSelector, and no rule that lets everybody through on every port).
    ``workloads`` (and ``refs``): those of the same folder, else all of the namespace. Where several folders
    declare a namespace that holds none of its workloads, only the first counts: the others are patches.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._workloads: dict[str, list[PodSource]] = {}
        for pod in pods_of(world).all:
            self._workloads.setdefault(pod.resource.namespace, []).append(pod)
        self._declared: dict[str, list[Resource]] = {}
        for namespace in world.kind("", "Namespace"):
            if "$patch" not in namespace.body:
                self._declared.setdefault(namespace.name, []).append(namespace)
        self._policies = [each for each in world.kind(*POLICY) if _selects_all(each)]
        self._beside = Beside(world, "NetworkPolicy")
        self._foreign = [other for kind in FOREIGN for other in world.kind(*kind)]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        workloads = self._judged(instance.resource)
        return {
            "workloads": [pod.resource.title for pod in workloads],
            "gpu": any(pod.gpu for pod in workloads),
            "ingress": self._isolated(instance.resource, workloads, "ingress"),
            "egress": self._isolated(instance.resource, workloads, "egress"),
            "refs": [self._world.ref(pod.resource) for pod in workloads[:5]],
        }

    def _judged(self, namespace: Resource) -> list[PodSource]:
        declared = self._declared.get(namespace.name, [])
        if namespace not in declared:
            return []
        near = self._near(namespace)
        if near or namespace is not declared[0] or any(self._near(other) for other in declared):
            return near
        return self._workloads.get(namespace.name, [])

    def _near(self, namespace: Resource) -> list[PodSource]:
        measure = nearby(self._world)
        found = self._workloads.get(namespace.name, [])
        return [pod for pod in found if measure(namespace, pod.resource) != ELSEWHERE]

    def _isolated(self, namespace: Resource, workloads: list[PodSource], direction: str) -> bool | Unknown:
        name = namespace.name
        for policy in self._policies:
            if may_share_namespace(policy.namespace, name) and _denies(policy, direction):
                return True

        def fits(policy: Resource) -> bool:
            return _in_namespace(policy, name) and _selects_all(policy) and _denies(policy, direction)

        held = workloads[0].resource if workloads else namespace
        outside = self._beside.may(held, "may isolate every pod of the namespace", fits)
        return foreign(self._foreign, name) if outside is False else outside


def _selects_all(policy: Resource) -> bool:
    selector = selector_of(policy)
    return selector is not None and selector.empty


def _denies(policy: Resource, direction: str) -> bool:
    return applies(policy, direction) and not any(
        lets_all(rule, direction) and not listed(rule, ("ports",)) for _, rule in rules(policy, direction)
    )
