"""Making and opening optionals; ``or`` and ``orValue`` are operators, for they are lazy."""

from __future__ import annotations

from typing import Any

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import items
from auditor.cel.values import NONE, Optional, UInt, refuse
from auditor.unknown import Unknown


def of(value: Any) -> Optional:
    return refuse("optional.of", value) if isinstance(value, Unknown) else Optional(value)


def none() -> Optional:
    return NONE


def of_non_zero(value: Any) -> Optional:
    if isinstance(value, Unknown):
        refuse("optional.ofNonZeroValue", value)
    zero = value is None or (type(value) in (bool, int, UInt, float, str, bytes, list, dict) and not value)
    return NONE if zero else Optional(value)


def has_value(target: Any) -> bool:
    return target is not NONE if type(target) is Optional else refuse("hasValue", target)


def value(target: Any) -> Any:
    if type(target) is not Optional:
        refuse("value", target)
    if target is NONE:
        raise CelError("optional.none() has no value")
    return target.content


def unwrap(target: Any) -> list[Any]:
    """The values that the optionals of a list hold."""
    found: list[Any] = []
    for element in items("optional.unwrap", target):
        if type(element) is not Optional:
            refuse("optional.unwrap", element)
        if element is not NONE:
            found.append(element.content)
    return found
