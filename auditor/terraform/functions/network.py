"""cidr* functions."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.values import text, whole

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(value: object) -> Network:
    try:
        if "/" not in text(value):
            raise ValueError
        return ipaddress.ip_network(text(value), strict=False)
    except ValueError:
        raise EvaluationError("CIDR notation (address/length) required") from None


def cidrhost(ctx: Context, prefix: object, number: object) -> object:
    network, host = _network(prefix), whole(number)
    if not -network.num_addresses <= host < network.num_addresses:
        raise EvaluationError("cidrhost() has no such host in the prefix")
    offset = host if host >= 0 else network.num_addresses + host
    return str(network.network_address + offset)


def cidrnetmask(ctx: Context, prefix: object) -> object:
    network = _network(prefix)
    if network.version == 6:
        raise EvaluationError("cidrnetmask() takes IPv4 prefixes")
    return str(network.netmask)


def cidrsubnet(ctx: Context, prefix: object, new_bits: object, number: object) -> object:
    return str(_subnet(_network(prefix), whole(new_bits), whole(number)))


def _subnet(network: Network, new_bits: int, number: int) -> Network:
    length = network.prefixlen + new_bits
    if new_bits < 0 or length > network.max_prefixlen or not 0 <= number < 1 << new_bits:
        raise EvaluationError("cidrsubnet() does not fit into the prefix")
    base = int(network.network_address) + (number << (network.max_prefixlen - length))
    kind = ipaddress.IPv4Network if network.version == 4 else ipaddress.IPv6Network
    return kind((base, length))


def cidrsubnets(ctx: Context, prefix: object, *new_bits: object) -> object:
    network = _network(prefix)
    found: list[object] = []
    at = int(network.network_address)
    end = at + network.num_addresses
    for bits in new_bits:
        length = network.prefixlen + whole(bits)
        if not network.prefixlen < length <= network.max_prefixlen:
            raise EvaluationError("cidrsubnets() does not fit into the prefix")
        size = 1 << (network.max_prefixlen - length)
        at = (at + size - 1) // size * size
        if at + size > end:
            raise EvaluationError("cidrsubnets() does not fit into the prefix")
        kind = ipaddress.IPv4Network if network.version == 4 else ipaddress.IPv6Network
        found.append(str(kind((at, length))))
        at += size
    return found


FUNCTIONS: dict[str, Function] = {
    "cidrhost": cidrhost,
    "cidrnetmask": cidrnetmask,
    "cidrsubnet": cidrsubnet,
    "cidrsubnets": cidrsubnets,
}
