"""The math extension."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import integer, number
from auditor.cel.operators import UINT_MAX, to_int
from auditor.cel.values import UInt, refuse


def _float(function: str, value: Any) -> float:
    if type(value) is float:
        return value
    return refuse(function, value)


def greatest(*values: Any) -> int | float:
    return _extreme("math.greatest", values, lambda a, b: a > b)


def least(*values: Any) -> int | float:
    return _extreme("math.least", values, lambda a, b: a < b)


def _extreme(function: str, values: tuple[Any, ...], better: Callable[[Any, Any], bool]) -> int | float:
    if len(values) == 1 and type(values[0]) is list:
        if not values[0]:
            raise CelError(f"{function}() of an empty list")
        values = tuple(values[0])
    best = number(function, values[0])
    for value in values[1:]:
        if better(number(function, value), best):
            best = value
    return best


def absolute(value: Any) -> int | float:
    if type(value) is UInt:
        return value
    if type(value) is int:
        return to_int(abs(value))
    return abs(number("math.abs", value))


def sign(value: Any) -> int | float:
    kept = number("math.sign", value)
    if kept != kept:
        return kept
    return type(kept)((kept > 0) - (kept < 0))


def _rounding(function: str, value: Any, rounding: Callable[[float], float]) -> float:
    value = _float(function, value)
    return float(rounding(value)) if math.isfinite(value) else value


def ceil(value: Any) -> float:
    return _rounding("math.ceil", value, math.ceil)


def floor(value: Any) -> float:
    return _rounding("math.floor", value, math.floor)


def trunc(value: Any) -> float:
    return _rounding("math.trunc", value, math.trunc)


def round_(value: Any) -> float:
    """The nearest whole number; halves go away from zero."""
    return _rounding("math.round", value, _half_away)


def _half_away(value: float) -> float:
    whole = math.trunc(value)
    return whole + math.copysign(1, value) if abs(value - whole) >= 0.5 else whole


def is_nan(value: Any) -> bool:
    return math.isnan(_float("math.isNaN", value))


def is_inf(value: Any) -> bool:
    return math.isinf(_float("math.isInf", value))


def is_finite(value: Any) -> bool:
    return math.isfinite(_float("math.isFinite", value))


def sqrt(value: Any) -> float:
    value = number("math.sqrt", value)
    return math.sqrt(value) if value >= 0 else math.nan


def _same_bits(function: str, a: Any, b: Any) -> type[int]:
    if type(a) is type(b) and type(a) in (int, UInt):
        return type(a)
    return refuse(function, a, b)


def bit_or(a: Any, b: Any) -> int:
    return _same_bits("math.bitOr", a, b)(int(a) | int(b))


def bit_and(a: Any, b: Any) -> int:
    return _same_bits("math.bitAnd", a, b)(int(a) & int(b))


def bit_xor(a: Any, b: Any) -> int:
    return _same_bits("math.bitXor", a, b)(int(a) ^ int(b))


def bit_not(a: Any) -> int:
    return UInt(UINT_MAX ^ int(a)) if type(a) is UInt else ~integer("math.bitNot", a)


def shift_left(a: Any, b: Any) -> int:
    bits = _shift("math.bitShiftLeft", a, b)
    shifted = (int(a) << bits) & UINT_MAX if bits < 64 else 0
    return _from_bits(type(a), shifted)


def shift_right(a: Any, b: Any) -> int:
    """A logical shift: zeros come in at the top, for negative integers too."""
    bits = _shift("math.bitShiftRight", a, b)
    return _from_bits(type(a), (int(a) & UINT_MAX) >> bits)


def _shift(function: str, a: Any, b: Any) -> int:
    if type(a) not in (int, UInt) or type(b) is not int:
        refuse(function, a, b)
    if b < 0:
        raise CelError(f"{function}(): the offset {b} is negative")
    return min(b, 64)


def _from_bits(kind: type[int], bits: int) -> int:
    if kind is UInt:
        return UInt(bits)
    return bits - (1 << 64) if bits >> 63 else bits
