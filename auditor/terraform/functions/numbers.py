"""Numeric functions and conversions between primitive types."""

from __future__ import annotations

import math

from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.values import Number, exact, flag, normalise, number, text, whole


def absolute(ctx: Context, value: object) -> object:
    return abs(number(value))


def ceiling(ctx: Context, value: object) -> object:
    return math.ceil(exact(number(value)))


def floor(ctx: Context, value: object) -> object:
    return math.floor(exact(number(value)))


def signum(ctx: Context, value: object) -> object:
    found = whole(value)
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
    found = float(number(base)) ** float(number(exponent))
    if isinstance(found, complex):
        raise EvaluationError("pow() of a negative number")
    return _double(found)


def logarithm(ctx: Context, value: object, base: object) -> object:
    return _double(math.log(float(number(value))) / math.log(float(number(base))))


def _double(value: float) -> Number:
    """The decimal number that stands for a double: Terraform computes these two in doubles."""
    if math.isnan(value) or math.isinf(value):
        raise EvaluationError("the result is not a number")
    return normalise(exact(value))


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
