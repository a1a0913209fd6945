"""Kubernetes quantities are exact."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.quantity import Quantity, QuantityError, parse_quantity


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("0", 0),
        ("1", 1),
        ("-1", -1),
        ("+5", 5),
        ("1.", 1),
        (".5", Fraction(1, 2)),
        ("100m", Fraction(1, 10)),
        ("250u", Fraction(1, 4000)),
        ("7n", Fraction(7, 10**9)),
        ("1k", 1000),
        ("1M", 10**6),
        ("2G", 2 * 10**9),
        ("1T", 10**12),
        ("1P", 10**15),
        ("1E", 10**18),
        ("1Ki", 1024),
        ("1.5Gi", 3 * 2**29),
        ("3Mi", 3 * 2**20),
        ("1Ti", 2**40),
        ("1Pi", 2**50),
        ("1Ei", 2**60),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E-3", Fraction(1, 1000)),
        ("12.5e+1", 125),
        ("0.1n", Fraction(1, 10**9)),
        ("-0.1n", Fraction(-1, 10**9)),
        ("1e-50", Fraction(1, 10**9)),
        (2, 2),
        (0.1, Fraction(1, 10)),
        (1e21, 10**21),
    ],
)
def test_the_whole_grammar(value: str | float, amount: Fraction | int) -> None:
    assert parse_quantity(value) == amount


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            " 1",
            "1 ",
            "1K",
            "1ki",
            "1gi",
            "Gi",
            "1GiB",
            "1e",
            "e3",
            "1e3Gi",
            "--1",
            "1.2.3",
            ".",
            "0x1",
            "١",
        ),
        *("1_000", "1e999", "9" * 200, True, None, [], float("nan"), float("inf"), b"1"),
    ],
)
def test_anything_else_is_a_typed_error(value: object) -> None:
    with pytest.raises(QuantityError, match="is not a quantity"):
        parse_quantity(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("2048Mi", "2Gi"),
        ("1536Mi", "1536Mi"),
        ("1000", "1k"),
        ("123456", "123456"),
        ("-2000k", "-2M"),
        ("1Ki", "1Ki"),
        ("1000Ki", "1000Ki"),
        ("0.5Ki", "512"),
        ("0.1u", "100n"),
    ],
)
def test_the_canonical_form(value: str, text: str) -> None:
    assert str(Quantity.parse(value)) == text


@given(st.integers(-(10**20), 10**20), st.sampled_from(["n", "u", "m", "", "k", "M", "Mi", "Gi", "e2"]))
def test_the_canonical_form_is_the_same_amount(number: int, suffix: str) -> None:
    quantity = Quantity.parse(f"{number}{suffix}")
    assert Quantity.parse(str(quantity)) == quantity


def test_adding_and_comparing_are_exact() -> None:
    tenth = Quantity.parse("100m")
    assert tenth + tenth + tenth == Quantity.parse("0.3")
    assert Quantity.parse("1G") < Quantity.parse("1Gi")
    assert Quantity.parse("1") - Quantity.parse("1001m") == Quantity.parse("-1m")
    assert len({Quantity.parse("1"), Quantity.parse("1000m")}) == 1
