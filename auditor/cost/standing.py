"""What stands whether or not there is work: control plane, network, disks, keys, CPU nodes. USD a month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.cost.statement import Line, TradeOff
from auditor.data.prices import HOURS_PER_MONTH, Price
from auditor.data.service_prices import ServicePrices, service_prices
from auditor.facts.burn import priced, size_of
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.world import World


def standing(world: World, region: str) -> tuple[list[Line], list[str]]:
    """The lines of a target's Terraform, and what could not be priced."""
    mine = [each for each in world.target.resources if each.api_version == "terraform"]
    if not any(each.kind == "aws_eks_cluster" for each in mine):
        return [], ["no aws_eks_cluster is declared here: control plane, network and keys are not counted"]
    prices = service_prices(region)
    if prices is None:
        return [], [
            f"prices of control plane, network and keys in {region} are not known; only nodes are counted"
        ]
    said: list[str] = []
    lines = [*_counted(mine, prices), *_endpoints(mine, prices, said), *_nodes(world, region, said)]
    return lines, said


def _counted(mine: list[Resource], prices: ServicePrices) -> Iterator[Line]:
    hourly = {
        "aws_eks_cluster": ("EKS control plane", prices.control_plane),
        "aws_nat_gateway": ("NAT gateway", prices.nat_gateway),
        "aws_eip": ("public address", prices.public_address),
    }
    for kind, (what, price) in hourly.items():
        count = sum(each.kind == kind for each in mine)
        if count:
            usd = count * price * HOURS_PER_MONTH
            yield Line(what, f"{count} × {price:g}/h × {HOURS_PER_MONTH} h", usd, usd)
    keys = sum(each.kind == "aws_kms_key" for each in mine)
    if keys:
        usd = keys * prices.kms_key_month
        yield Line("KMS keys", f"{keys} × {prices.kms_key_month:.2f}", usd, usd)


def _endpoints(mine: list[Resource], prices: ServicePrices, said: list[str]) -> Iterator[Line]:
    zones: list[int] = []
    for each in mine:
        if _is_interface(each):
            subnets = each.body.get("subnet_ids")
            if type(subnets) is list:
                zones.append(len(subnets))
            else:
                said.append(f"the subnets of {each.name} are not known: its price is not counted")
    if zones:
        usd = sum(zones) * prices.interface_endpoint * HOURS_PER_MONTH
        how = f"{len(zones)} endpoints, {sum(zones)} with their zones × {prices.interface_endpoint:g}/h"
        yield Line("interface endpoints", f"{how} × {HOURS_PER_MONTH} h", usd, usd)


def _is_interface(each: Resource) -> bool:
    kind = each.body.get("vpc_endpoint_type") if each.kind == "aws_vpc_endpoint" else None
    return type(kind) is str and kind == "Interface"


def zone(world: World, region: str) -> TradeOff | None:
    """What one more zone adds to the network; None where no network is declared here."""
    prices = service_prices(region)
    mine = [each for each in world.target.resources if each.api_version == "terraform"]
    endpoints = sum(map(_is_interface, mine))
    gateways = sum(each.kind == "aws_nat_gateway" for each in mine)
    if prices is None or not endpoints + gateways:
        return None
    nat = (prices.nat_gateway + prices.public_address) * HOURS_PER_MONTH if gateways else 0.0
    each = prices.interface_endpoint * HOURS_PER_MONTH
    how = f"NAT gateway and address {nat:.2f} + {endpoints} endpoints × {each:.2f}; {gateways} gateways today"
    return TradeOff("multi-AZ: one more zone", how, None, nat + endpoints * each)


def _nodes(world: World, region: str, said: list[str]) -> Iterator[Line]:
    mine = {id(each) for each in world.target.resources}
    for group in world.instances("NodeGroup"):
        value = group.value
        if id(group.resource) in mine and value["is_gpu"] is False:
            yield from _group(world, region, value, said)


def _group(world: World, region: str, value: dict[str, Any], said: list[str]) -> Iterator[Line]:
    name, disk = value["name"], value.get("disk_gib")
    low, high = size_of(value.get("min")), size_of(value.get("max"))
    first, dearest, _ = priced(world, value.get("instance_types"), region)
    if isinstance(name, Unknown) or first is None or dearest is None or low is None or high is None:
        called = "of one group" if isinstance(name, Unknown) else name
        said.append(f"size or price of the CPU nodes {called} is not known: they are not counted")
        return
    how = f"{low} to {high} × {hourly(first, dearest)}"
    worst = high * dearest.usd_per_month
    yield Line(f"CPU nodes {name}, {value['instance_types'][0]}", how, low * first.usd_per_month, worst)
    yield from disks(name, disk, low, high, region)


def hourly(first: Price, dearest: Price | None) -> str:
    """``1.006/h × 730 h``; and at what price the worst is counted, where that is another type's."""
    text = f"{first.usd_per_hour:g}/h × {HOURS_PER_MONTH} h"
    if dearest is None or dearest.usd_per_hour == first.usd_per_hour:
        return text
    return f"{text}; worst: the group's dearest type, {dearest.usd_per_hour:g}/h"


def disks(name: str, gib: Any, low: int, high: int, region: str) -> Iterator[Line]:
    """The nodes' root volumes as gp3, without throughput beyond what is included; nothing where sizes are unknown."""
    prices = service_prices(region)
    if prices is not None and type(gib) is int:
        each = gib * prices.gp3_gib_month
        text = f"{low} to {high} × {gib} GiB × {prices.gp3_gib_month:g}"
        yield Line(f"disks of {name}", text, low * each, high * each)
