"""Numeric functions and conversions between primitive types."""

from __future__ import annotations

import math

from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.values import MAX_BITS, Number, exact, flag, normalise, number, text
from auditor.unknown import Unknown, UnknownUsed


def absolute(ctx: Context, value: object) -> object:
    return abs(number(value))


def ceiling(ctx: Context, value: object) -> object:
    return math.ceil(exact(number(value)))


def floor(ctx: Context, value: object) -> object:
    return math.floor(exact(number(value)))


def signum(ctx: Context, value: object) -> object:
    found = number(value)
    return (found > 0) - (found < 0)


def largest(ctx: Context, *values: object) -> object:
    return _ranked(values)[-1]


def smallest(ctx: Context, *values: object) -> object:
    return _ranked(values)[0]


def _ranked(values: tuple[object, ...]) -> list[Number]:
    if not values:
        raise EvaluationError("at least one number required")
    return sorted((number(value) for value in values), key=exact)


def power(ctx: Context, base: object, exponent: object) -> object:
    root, times = number(base), number(exponent)
    if isinstance(times, int) and abs(times) <= MAX_BITS and not (root == 0 and times < 0):
        if exact(root).numerator.bit_length() * abs(times) > 2 * MAX_BITS:
            raise UnknownUsed(Unknown("a number too large to evaluate"))
        return normalise(exact(root) ** times)
    if root < 0:
        raise EvaluationError("pow() of a negative number")
    return _double(float(root) ** float(times))


def logarithm(ctx: Context, value: object, base: object) -> object:
    return _double(math.log(float(number(value))) / math.log(float(number(base))))


def _double(value: float) -> Number:
    if math.isnan(value) or math.isinf(value):
        raise EvaluationError("the result is not a number")
    return int(value) if value.is_integer() else value


def tostring(ctx: Context, value: object) -> object:
    return None if value is None else text(value)


def tonumber(ctx: Context, value: object) -> object:
    return None if value is None else number(value)


def tobool(ctx: Context, value: object) -> object:
    return None if value is None else flag(value)


FUNCTIONS: dict[str, Function] = {
    "abs": absolute,
    "ceil": ceiling,
    "floor": floor,
    "log": logarithm,
    "max": largest,
    "min": smallest,
    "pow": power,
    "signum": signum,
    "tobool": tobool,
    "tonumber": tonumber,
    "tostring": tostring,
}
