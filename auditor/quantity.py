"""Kubernetes quantities (``500m``, ``16Gi``, ``1e3``) as exact numbers.

The grammar is that of ``k8s.io/apimachinery/pkg/api/resource``: an optional sign, decimal digits, then one
of ``n u m k M G T P E``, ``Ki Mi Gi Ti Pi Ei``, or an exponent ``e3``/``E3``. As there, what is finer than a
billionth is rounded away from zero to a billionth.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache, total_ordering
from typing import Final

from auditor.patterns import regex

_QUANTITY: Final = regex(
    r"([+-]?)(\d+\.?\d*|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d{1,4}))?", re.ASCII
)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_NANO: Final = 10**9
_MAX_LENGTH: Final = 100
_MAX_EXPONENT: Final = 100


class QuantityError(ValueError):
    """The text is no Kubernetes quantity."""


def parse_quantity(value: str | int | float) -> Fraction:
    """The exact amount of a quantity as a manifest writes it; raises :class:`QuantityError`."""
    if type(value) is int:
        return Fraction(value)
    if type(value) is float:
        return _parse_text(_decimal_text(value))
    if type(value) is str:
        return _parse_text(value)
    raise QuantityError(f"{value!r} is not a quantity: expected text or a number, got {type(value).__name__}")


def _decimal_text(value: float) -> str:
    if not math.isfinite(value):
        raise QuantityError(f"{value!r} is not a quantity: it must be finite")
    return repr(value)


@lru_cache(maxsize=4096)
def _parse_text(text: str) -> Fraction:
    parts = _QUANTITY.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if parts is None:
        raise QuantityError(
            f"{text[:_MAX_LENGTH]!r} is not a quantity: expected a number such as 2, 500m, 16Gi or 1e3"
        )
    sign, digits, suffix, exponent = parts.groups()
    power = int(exponent or 0)
    if power > _MAX_EXPONENT:
        raise QuantityError(f"{text!r} is not a quantity: the exponent is larger than {_MAX_EXPONENT}")
    amount = _amount(digits, suffix or "", max(power, -2 * _MAX_EXPONENT))
    return -amount if sign == "-" else amount


def _amount(digits: str, suffix: str, power: int) -> Fraction:
    whole, _, decimals = digits.partition(".")
    amount = Fraction(int(whole + decimals or "0"), 10 ** len(decimals))
    if suffix in _DECIMAL:
        power += _DECIMAL[suffix]
        amount = amount * 10**power if power >= 0 else amount / 10**-power
    else:
        amount *= 1024 ** _BINARY.index(suffix)
    return amount if _NANO % amount.denominator == 0 else Fraction(math.ceil(amount * _NANO), _NANO)


@total_ordering
class Quantity:
    """An amount that adds and compares exactly and prints in Kubernetes' canonical form."""

    __slots__ = ("binary", "value")

    def __init__(self, value: Fraction, *, binary: bool = False) -> None:
        self.value = value
        self.binary = binary

    @classmethod
    def parse(cls, value: str | int | float) -> Quantity:
        """From a manifest's value; raises :class:`QuantityError`."""
        return cls(parse_quantity(value), binary=type(value) is str and value.endswith("i"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and other.value == self.value

    def __lt__(self, other: Quantity) -> bool:
        return self.value < other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.value + other.value, binary=self.binary)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.value - other.value, binary=self.binary)

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __str__(self) -> str:
        """The largest suffix that leaves a whole number: ``0.5`` is ``500m``, ``2048Mi`` is ``2Gi``."""
        if self.binary and self.value.denominator == 1 and abs(self.value) >= 1024:
            return self._binary_text()
        for suffix, power in reversed(_DECIMAL.items()):
            scaled = self.value * Fraction(10) ** -power
            if scaled.denominator == 1 and (scaled or not suffix):
                return f"{scaled.numerator}{suffix}"
        return "0"

    def _binary_text(self) -> str:
        amount, step = self.value.numerator, 0
        while amount % 1024 == 0 and step < len(_BINARY) - 1:
            amount, step = amount // 1024, step + 1
        return f"{amount}{_BINARY[step]}"
