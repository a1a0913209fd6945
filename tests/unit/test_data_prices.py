from __future__ import annotations

import pytest

from auditor.data.prices import HOURS_PER_MONTH, Price, price, priced_regions


@pytest.mark.parametrize(
    ("name", "usd"),
    [
        ("g4dn.xlarge", 0.526),
        ("g5.xlarge", 1.006),
        ("g5.2xlarge", 1.212),
        ("g5.12xlarge", 5.672),
        ("g5.48xlarge", 16.288),
        ("g6.xlarge", 0.8048),
        ("g6e.xlarge", 1.861),
        ("p4d.24xlarge", 21.957642),
        ("p5.48xlarge", 55.04),
        ("t3.medium", 0.0416),
        ("t3.large", 0.0832),
        ("t3.xlarge", 0.1664),
        ("m5.large", 0.096),
        ("m5.xlarge", 0.192),
    ],
)
def test_prices_in_us_east_1(name: str, usd: float) -> None:
    found = price(name, "us-east-1")
    assert found is not None
    assert found.usd_per_hour == usd


def test_one_g5_xlarge_a_month_is_734_38() -> None:
    found = price("g5.xlarge", "us-east-1")
    assert found is not None
    assert round(found.usd_per_month, 2) == 734.38
    assert HOURS_PER_MONTH == 730


def test_a_price_says_where_and_when_it_is_from() -> None:
    found = price("g5.xlarge", "us-east-1")
    assert found is not None
    assert found.region == "us-east-1"
    assert found.as_of == "2026-07-06"
    assert found.source.startswith("github.com/aws/karpenter-provider-aws v")


def test_a_region_without_prices_is_unknown_and_borrows_none() -> None:
    assert price("g5.xlarge", "eu-central-1") is None
    assert "eu-central-1" not in priced_regions()


def test_a_declared_price_wins_and_is_named_as_such() -> None:
    declared = {"us-east-1": {"g5.xlarge": 0.7}, "eu-central-1": {"g5.xlarge": 1.258}}
    assert price("g5.xlarge", "us-east-1", declared) == Price(0.7, "us-east-1", "", "declared")
    assert price("g5.xlarge", "eu-central-1", declared) == Price(1.258, "eu-central-1", "", "declared")
    found = price("g5.2xlarge", "us-east-1", declared)
    assert found is not None
    assert found.usd_per_hour == 1.212


def test_govcloud_has_its_own_prices() -> None:
    found = price("m5.large", "us-gov-west-1")
    assert found is not None
    assert found.usd_per_hour == 0.121
