"""Terraform's values as plain Python: None, bool, int, float, str, list, dict, and sets as a list subclass.

The converters follow Terraform's automatic conversions. They raise
:class:`auditor.unknown.UnknownUsed` when they meet an unknown, so a caller that cannot say anything
about unknowns need not ask first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from auditor.patterns import regex
from auditor.terraform.errors import EvaluationError
from auditor.terraform.limits import Budget
from auditor.terraform.unknowns import TfEncoded, TfTemplate
from auditor.unknown import Unknown, UnknownUsed

Number: TypeAlias = int | float
MAX_BITS = 512
NUMBER = regex(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\Z")


class ListValue(list[object]):
    """A list of one element type, which Terraform tells from a tuple when it compares them."""


class MapValue(dict[str, object]):
    """A map of one element type, which Terraform tells from an object when it compares them."""


class SetValue(list[object]):
    """A set: distinct, strings in order. A list in every other respect."""


def type_name(value: object) -> str:
    """Terraform's word for the type, for messages."""
    if value is None:
        return "null"
    names = {bool: "bool", int: "number", float: "number", str: "string", SetValue: "set", list: "list"}
    return names.get(type(value), "object" if isinstance(value, dict) else "value")


def refuse(value: object, wanted: str) -> EvaluationError:
    """The error for a value of the wrong type; an unknown raises by itself."""
    if isinstance(value, Unknown):
        raise UnknownUsed(value)
    return EvaluationError(f"{wanted} required, but this is {type_name(value)}")


def exact(value: Number) -> Fraction:
    """The decimal number that a float was written as: 0.1 is one tenth."""
    return Fraction(value) if isinstance(value, int) else Fraction(Decimal(repr(value)))


def normalise(value: Fraction) -> Number:
    """An int where the number is whole, else the nearest double."""
    if value.denominator != 1:
        return float(value)
    if value.numerator.bit_length() > MAX_BITS:
        raise UnknownUsed(Unknown("a number of more than 512 bits"))
    return value.numerator


def number_text(value: Number) -> str:
    """Decimal notation without exponent, as Terraform writes numbers."""
    if isinstance(value, int):
        return str(value)
    digits = Decimal(repr(value))
    if len(digits.as_tuple().digits) > 15:
        raise UnknownUsed(Unknown("a number with more digits than a double keeps"))
    return format(digits, "f")


def text(value: object) -> str:
    """``value`` as a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    raise refuse(value, "string")


def number(value: object) -> Number:
    """``value`` as a number; whole numbers are ints."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and NUMBER.match(value):
        return normalise(Fraction(Decimal(value)))
    raise refuse(value, "number")


def whole(value: object) -> int:
    """``value`` as a whole number."""
    result = number(value)
    if isinstance(result, float):
        raise EvaluationError("whole number required")
    return result


def flag(value: object) -> bool:
    """``value`` as a bool; the strings "true", "false", "1", "0" count."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in {"true", "false", "1", "0"}:
        return value in {"true", "1"}
    raise refuse(value, "bool")


def elements(value: object) -> list[object]:
    """The elements of a list, tuple or set."""
    if isinstance(value, list):
        return value
    raise refuse(value, "list")


def mapping(value: object) -> dict[str, object]:
    """``value`` as a map or object."""
    if isinstance(value, dict):
        return value
    raise refuse(value, "map")


def pairs(value: object) -> list[tuple[object, object]]:
    """(key, value) pairs as `for` sees them: index, key, or for sets the element itself."""
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, SetValue):
        return [(item, item) for item in value]
    if isinstance(value, list):
        return list(enumerate(value))
    raise refuse(value, "list, set or map")


def characters(value: str) -> list[str]:
    """The characters that a reader counts; raises UnknownUsed for text that joins code points into one."""
    if (not value.isascii() and any(_joins(character) for character in value)) or "\r\n" in value:
        raise UnknownUsed(Unknown("text with combined characters"))
    return list(value)


def _joins(character: str) -> bool:
    point = ord(character)
    if unicodedata.category(character) in {"Mn", "Me", "Mc", "Cf"} or 0x1100 <= point <= 0x11FF:
        return True
    return 0x1F1E6 <= point <= 0x1F1FF or 0x1F3FB <= point <= 0x1F3FF


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(left: object, right: object, budget: Budget) -> bool | Unknown:
    """Terraform's ``==``: no conversion, and unknown only when the unknown parts decide."""
    budget.spend(1)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _equal_unknown(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        alike = isinstance(left, MapValue) == isinstance(right, MapValue) and left.keys() == right.keys()
        return alike and _all_equal(((left[key], right[key]) for key in left), budget)
    if isinstance(left, list) and isinstance(right, list):
        alike = type(left) is type(right) and len(left) == len(right)
        return alike and _all_equal(zip(left, right, strict=True), budget)
    if is_number(left) and is_number(right):
        return left == right
    return type(left) is type(right) and left == right


def _equal_unknown(left: object, right: object) -> bool | Unknown:
    unknown, other = (left, right) if isinstance(left, Unknown) else (right, left)
    assert isinstance(unknown, Unknown)
    if isinstance(unknown, TfTemplate):
        literal = any(isinstance(part, str) for part in unknown.parts)
        if other is None or (literal and isinstance(other, str) and not other):
            return False
    if isinstance(unknown, TfEncoded) and (other is None or other == ""):
        return False
    return Unknown(unknown.reason, unknown.repair)


def _all_equal(items: Iterable[tuple[object, object]], budget: Budget) -> bool | Unknown:
    verdict: bool | Unknown = True
    for left, right in items:
        same = equal(left, right, budget)
        if same is False:
            return False
        if isinstance(same, Unknown):
            verdict = same
    return verdict


def first_unknown(value: object, budget: Budget) -> Unknown | None:
    """The first unknown anywhere inside ``value``."""
    budget.spend(1)
    if isinstance(value, Unknown):
        return value
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    for item in inner:
        found = first_unknown(item, budget)
        if found is not None:
            return found
    return None


def make_set(items: Iterable[object], budget: Budget) -> SetValue:
    """Distinct elements, strings sorted; raises UnknownUsed when an element cannot be compared."""
    seen: dict[object, object] = {}
    for item in items:
        budget.spend(1)
        seen.setdefault(hashable(item, budget), item)
    found = sorted(seen.values(), key=lambda item: item is None)
    texts = [item for item in found if isinstance(item, str)]
    if len(texts) + found.count(None) == len(found):
        return SetValue([*sorted(texts), *found[len(texts) :]])
    if all(is_number(item) for item in found):
        return SetValue(sorted(found, key=lambda item: exact(number(item))))
    return SetValue(found)


def hashable(value: object, budget: Budget) -> object:
    """A dictionary key that is equal for equal values."""
    budget.spend(1)
    if isinstance(value, Unknown):
        raise UnknownUsed(value)
    if isinstance(value, dict):
        return ("map", tuple((key, hashable(value[key], budget)) for key in sorted(value)))
    if isinstance(value, list):
        return ("list", tuple(hashable(item, budget) for item in value))
    return (type_name(value), value)
