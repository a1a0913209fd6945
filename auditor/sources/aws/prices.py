"""On-demand prices of the instance types in use, from AWS's price list. Asked for only when the run allows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from auditor.sources.aws.compute import used_types
from auditor.sources.aws.rows import Found, Row, each
from auditor.sources.aws.session import Place

PRICE = "aws_ec2_price"
"""No type of Terraform's: ``{instance_type, region, usd_per_hour, as_of}``."""
_SAME = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "licenseModel": "No License required",
}
"""What makes a price that of a plain Linux instance on demand.
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-list-query-api.html"""


def on_demand(place: Place) -> Found:
    """One row a type; a type of which the list has no price, or several, has none."""

    def one(instance_type: str) -> Row | None:
        wanted = {"instanceType": instance_type, "regionCode": place.region, **_SAME}
        filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in wanted.items()]
        listed = place.listed("pricing.get_products", ServiceCode="AmazonEC2", Filters=filters)
        products = [json.loads(text) for text in listed]
        found = {usd for product in products for usd in _hourly(product)}
        if len(found) != 1:
            return None
        body = {
            "instance_type": instance_type,
            "region": place.region,
            "usd_per_hour": found.pop(),
            "as_of": str(products[0].get("publicationDate", ""))[:10],
        }
        return Row(PRICE, f"{place.where} price of {instance_type}", body)

    return each(place, sorted(set(used_types(place))), one)


def _hourly(product: dict[str, Any]) -> Iterator[float]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            usd = float(dimension.get("pricePerUnit", {}).get("USD", 0))
            if dimension.get("unit") == "Hrs" and usd:
                yield usd
