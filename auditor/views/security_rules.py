"""Rules of security groups, wherever they are written: inline blocks, rule resources, the eks module's inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_module import MODULE_SOURCE
from auditor.views.terraform_values import blocks, get

if TYPE_CHECKING:
    from auditor.world import World

_GROUPS = frozenset({"aws_security_group", "aws_default_security_group"})
_RULES = {
    "aws_security_group_rule": "",
    "aws_vpc_security_group_ingress_rule": "ingress",
    "aws_vpc_security_group_egress_rule": "egress",
}
_MODULE_INPUTS = (
    "cluster_security_group_additional_rules",
    "node_security_group_additional_rules",
    "security_group_additional_rules",
)


class SecurityRuleView:
    """One rule; ``rule`` in CEL.

    ``{direction, protocol, from, to, cidrs, sources, itself, description}``. ``protocol`` is ``tcp``, ``udp``,
    ``icmp`` … or ``-1`` for all, with ports 0 to 65535; ``cidrs`` holds IPv4 and IPv6 ranges; ``sources`` how
    many other groups and prefix lists are named; ``itself`` whether members of the group are meant.
    """

    name = "SecurityRule"
    variable = "rule"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for security groups, rule resources and module calls."""
        return api_version == "terraform" and (kind in _GROUPS or kind in _RULES or kind == "module")

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """Every rule of the resource."""
        del world
        if resource.kind in _GROUPS:
            return _inline(resource)
        return _of_module(resource) if resource.kind == "module" else [_alone(resource)]


def _inline(resource: Resource) -> Iterator[Instance]:
    for direction in ("ingress", "egress"):
        listed = blocks(resource.body, direction)
        if isinstance(listed, Unknown):
            yield Instance("SecurityRule", resource, _unknown(direction, listed), (direction,), {(): ()})
            continue
        for index, each in enumerate(listed):
            yield _instance(resource, (direction, index), each, direction)


def _unknown(direction: str, why: Unknown) -> dict[str, Any]:
    fields = ("protocol", "from", "to", "cidrs", "sources", "itself", "description")
    return {"direction": direction, **dict.fromkeys(fields, why)}


def _alone(resource: Resource) -> Instance:
    direction = _RULES[resource.kind] or resource.body.get("type", "ingress")
    return _instance(resource, (), resource.body, direction)


def _of_module(resource: Resource) -> Iterator[Instance]:
    source = resource.body.get("source")
    if (
        not isinstance(source, str)
        or MODULE_SOURCE.search(source) is None
        or resource.body.get("expanded") is True
    ):
        return
    for name in _MODULE_INPUTS:
        rules = resource.body.get(name)
        for key, each in rules.items() if type(rules) is dict else ():
            if type(each) is dict:
                yield _instance(resource, (name, key), each, each.get("type", "ingress"))


def _instance(resource: Resource, base: Path, body: Any, direction: Any) -> Instance:
    protocol = _protocol(body)
    low, high = _ports(body, protocol)
    itself = get(body, "self", False)
    value = {
        "direction": direction,
        "protocol": protocol,
        "from": low,
        "to": high,
        "cidrs": _cidrs(body),
        "sources": _sources(body),
        "itself": itself if isinstance(itself, Unknown) else itself in (True, "true"),
        "description": get(body, "description", ""),
    }
    moved: dict[Path, Path] = {(): (), ("from",): ("from_port",), ("to",): ("to_port",)}
    moved[("cidrs",)] = (next((name for name in _RANGES if _given(get(body, name))), "cidr_blocks"),)
    return Instance("SecurityRule", resource, value, base, moved)


def _given(value: Any) -> bool:
    return isinstance(value, Unknown) or (value is not None and value != [])


_RANGES = ("cidr_blocks", "cidr_ipv4", "ipv6_cidr_blocks", "cidr_ipv6")
_PROTOCOLS = {"all": "-1", "6": "tcp", "17": "udp"}


def _protocol(body: Any) -> Any:
    """In words; -1 for all. Terraform takes numbers, too."""
    found = get(body, "protocol", get(body, "ip_protocol", "-1"))
    return found if isinstance(found, Unknown) else _PROTOCOLS.get(str(found), str(found))


def _ports(body: Any, protocol: Any) -> tuple[Any, Any]:
    if isinstance(protocol, Unknown):
        return protocol, protocol
    if protocol == "-1":
        return 0, 65535
    return _port(get(body, "from_port", 0)), _port(get(body, "to_port", 65535))


def _port(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value


def _cidrs(body: Any) -> Any:
    """Every range that is known, and the unknown ones as they are."""
    found: list[Any] = []
    for name in _RANGES:
        value = get(body, name)
        if isinstance(value, Unknown):
            found.append(value)
        elif value is not None:
            found += value if isinstance(value, list) else [value]
    return found


def _sources(body: Any) -> int:
    count = 0
    for name in (
        "security_groups",
        "source_security_group_id",
        "referenced_security_group_id",
        "prefix_list_ids",
        "prefix_list_id",
        "source_cluster_security_group",
        "source_node_security_group",
    ):
        value = get(body, name)
        count += _given(value)
    return count
