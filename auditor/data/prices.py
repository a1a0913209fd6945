"""On-demand prices of EC2 instances, Linux, by region.

The table (``tools/data/generate_prices.py``) has us-east-1 and the GovCloud regions, which is what the
public list that Karpenter ships holds. Elsewhere the price is unknown until the user declares it; a
price of another region is never lent. Spot prices move by the hour: they are not in any table.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from auditor.data._tables import table

HOURS_PER_MONTH = 730  # 8,760 hours a year over 12, as AWS's calculator counts

# Region to instance type to USD per hour, as a user declares it.
UserPrices = Mapping[str, Mapping[str, float]]


class Price(Struct, frozen=True):
    """USD per hour. ``as_of`` is an ISO date, '' for a declared price that has none."""

    usd_per_hour: float
    region: str
    as_of: str
    source: str

    @property
    def usd_per_month(self) -> float:
        """For one instance that runs all month."""
        return self.usd_per_hour * HOURS_PER_MONTH


def price(instance_type: str, region: str, declared: UserPrices | None = None) -> Price | None:
    """The declared price, else the table's, else None (unknown, never zero)."""
    own = (declared or {}).get(region, {}).get(instance_type)
    if own is not None:
        return Price(own, region, "", "declared")
    data = table("prices.json")
    listed = data["prices"].get(instance_type, {}).get(region)
    if listed is None:
        return None
    return Price(listed, region, data["as_of"][region], _source(data["provenance"][0]))


def priced(region: str, usd_per_hour: float, as_of: str) -> Price:
    """A price as AWS's price list told it."""
    return Price(usd_per_hour, region, as_of, "AWS price list")


def priced_regions() -> list[str]:
    return sorted(table("prices.json")["as_of"])


def _source(provenance: Mapping[str, str]) -> str:
    return f"{provenance['source']} {provenance['version']}"
