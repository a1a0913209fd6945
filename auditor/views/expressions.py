"""Node selector expressions, as the scheduler and Karpenter read them."""

from __future__ import annotations

from typing import Any


def expression_holds(values: list[str], expression: dict[str, Any]) -> bool:
    """Whether one of ``values`` satisfies a node selector expression; [] is an absent label."""
    operator = expression.get("operator")
    listed = expression.get("values")
    wanted = [str(each) for each in listed] if type(listed) is list else []
    if operator == "Exists":
        return bool(values)
    if operator == "DoesNotExist":
        return not values
    if operator == "NotIn":
        return not values or any(value not in wanted for value in values)
    if operator == "In":
        return any(value in wanted for value in values)
    return any(_compares(value, operator, wanted) for value in values)


def _compares(value: str, operator: Any, wanted: list[str]) -> bool:
    try:
        number, bound = int(value), int(wanted[0])
    except (ValueError, IndexError):
        return False
    return {"Gt": number > bound, "Lt": number < bound, "Gte": number >= bound, "Lte": number <= bound}.get(
        str(operator), False
    )
