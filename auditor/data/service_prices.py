"""What AWS asks for things that run beside the nodes, in USD. us-east-1 only: elsewhere they are unknown.

AWS's published list prices, written by hand: no list of them can be taken by a program without an account, so they
carry no date of a snapshot. The pages to compare them with stand beside them.
"""

from __future__ import annotations

from typing import NamedTuple


class ServicePrices(NamedTuple):
    """Per hour, except where the name says month."""

    control_plane: float
    """https://aws.amazon.com/eks/pricing/, a minor in standard support"""
    nat_gateway: float
    """https://aws.amazon.com/vpc/pricing/"""
    public_address: float
    interface_endpoint: float
    """https://aws.amazon.com/privatelink/pricing/, for each endpoint in each zone"""
    gp3_gib_month: float
    """https://aws.amazon.com/ebs/pricing/"""
    kms_key_month: float
    """https://aws.amazon.com/kms/pricing/"""


_PRICES = {"us-east-1": ServicePrices(0.10, 0.045, 0.005, 0.01, 0.08, 1.00)}


def service_prices(region: str) -> ServicePrices | None:
    """The region's prices; None where they are not known."""
    return _PRICES.get(region)
