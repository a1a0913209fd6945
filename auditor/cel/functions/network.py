"""ip() and cidr()."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, ClassVar

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import text
from auditor.cel.values import Value, refuse

Address = IPv4Address | IPv6Address


def _parse(value: str, what: str, whole: str) -> Address:
    if "%" in value:
        raise CelError(f"{what} with zone value is not allowed: {whole!r}")
    try:
        address = ip_address(value)
    except ValueError:
        raise CelError(f"{what} {whole!r} parse error during conversion from string") from None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None and "." in value:
        raise CelError(f"IPv4-mapped IPv6 address is not allowed: {whole!r}")
    return mapped or address


class IP(Value):
    """One address."""

    __slots__ = ("address",)
    type_name = "net.IP"

    def __init__(self, address: Address) -> None:
        self.address = address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IP) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)

    def text(self) -> str:
        return str(self.address)

    def is_global_unicast(self) -> bool:
        """As Go's ``IsGlobalUnicast``: private addresses count."""
        address = self.address
        if address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local:
            return False
        return str(address) != "255.255.255.255"

    def is_link_local_multicast(self) -> bool:
        if isinstance(self.address, IPv4Address):
            return self.address.packed[:3] == b"\xe0\x00\x00"
        return self.address.packed[0] == 0xFF and self.address.packed[1] & 0x0F == 0x02

    methods: ClassVar[dict[str, Any]] = {
        "family": lambda ip: ip.address.version,
        "isUnspecified": lambda ip: ip.address.is_unspecified,
        "isLoopback": lambda ip: ip.address.is_loopback,
        "isLinkLocalMulticast": lambda ip: ip.is_link_local_multicast(),
        "isLinkLocalUnicast": lambda ip: ip.address.is_link_local,
        "isGlobalUnicast": lambda ip: ip.is_global_unicast(),
    }


class CIDR(Value):
    """A block of addresses, written by any address in it."""

    __slots__ = ("address", "prefix")
    type_name = "net.CIDR"

    def __init__(self, address: Address, prefix: int) -> None:
        self.address = address
        self.prefix = prefix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CIDR) and (other.address, other.prefix) == (self.address, self.prefix)

    def __hash__(self) -> int:
        return hash((self.address, self.prefix))

    def text(self) -> str:
        return f"{self.address}/{self.prefix}"

    def masked(self) -> CIDR:
        shift = self.address.max_prefixlen - self.prefix
        return CIDR(type(self.address)(int(self.address) >> shift << shift), self.prefix)

    def holds(self, address: Address) -> bool:
        shift = self.address.max_prefixlen - self.prefix
        return address.version == self.address.version and int(address) >> shift == int(self.address) >> shift

    def contains_ip(self, other: Any) -> bool:
        return self.holds((other if isinstance(other, IP) else ip(other)).address)

    def contains_cidr(self, other: Any) -> bool:
        block = other if isinstance(other, CIDR) else cidr(other)
        return bool(block.prefix >= self.prefix) and self.holds(block.address)

    methods: ClassVar[dict[str, Any]] = {
        "containsIP": contains_ip,
        "containsCIDR": contains_cidr,
        "ip": lambda block: IP(block.address),
        "masked": masked,
        "prefixLength": lambda block: block.prefix,
    }


def ip(value: Any) -> IP:
    address = text("ip", value)
    return IP(_parse(address, "IP Address", address))


def is_ip(value: Any) -> bool:
    try:
        _parse(text("isIP", value), "IP Address", value)
    except CelError:
        return False if type(value) is str else refuse("isIP", value)
    return True


def is_canonical(value: Any) -> bool:
    return bool(ip(value).text() == value)


def cidr(value: Any) -> CIDR:
    whole = text("cidr", value)
    base, slash, prefix = whole.partition("/")
    address = _parse(base, "CIDR", whole)
    digits = prefix.isascii() and prefix.isdigit() and (prefix == "0" or prefix[0] != "0") and len(prefix) < 4
    if not slash or not digits or int(prefix) > address.max_prefixlen:
        raise CelError(
            f"network address parse error during conversion from string: {whole!r} (prefix length)"
        )
    return CIDR(address, int(prefix))


def is_cidr(value: Any) -> bool:
    try:
        cidr(value)
    except CelError:
        return False if type(value) is str else refuse("isCIDR", value)
    return True
