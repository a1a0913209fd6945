"""List functions of the lists extension and of Kubernetes."""

from __future__ import annotations

from functools import cmp_to_key
from itertools import pairwise
from typing import Any, Final

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import integer, items
from auditor.cel.operators import add, eq, ge, le, lt
from auditor.cel.values import NONE, Optional, refuse
from auditor.unknown import Unknown, UnknownUsed

_RANGE_LIMIT: Final = 1_000_000


def index_of(target: list[Any], element: Any, *start: Any) -> int:
    """Where an element first stands, or -1."""
    if start and start != (0,):
        refuse("indexOf", target, element, *start)
    for position, other in enumerate(target):
        if eq(element, other):
            return position
    return _absent("indexOf", element)


def last_index_of(target: list[Any], element: Any, *start: Any) -> int:
    if start:
        refuse("lastIndexOf", target, element, *start)
    for position in range(len(target) - 1, -1, -1):
        if eq(element, target[position]):
            return position
    return _absent("lastIndexOf", element)


def _absent(function: str, element: Any) -> int:
    return refuse(function, element) if isinstance(element, Unknown) else -1


def slice_(target: Any, start: Any, end: Any) -> list[Any]:
    whole = items("slice", target)
    if not 0 <= integer("slice", start) <= integer("slice", end) <= len(whole):
        raise CelError(f"slice({start}, {end}): out of range of a list with {len(whole)} elements")
    return whole[start:end]


def flatten(target: Any, depth: Any = 1) -> list[Any]:
    """Lists inside a list, opened ``depth`` levels deep."""
    if integer("flatten", depth) < 0:
        raise CelError("flatten(): the depth is negative")
    flat: list[Any] = []
    for element in items("flatten", target):
        if isinstance(element, Unknown) and depth:
            raise UnknownUsed(element)
        if type(element) is list and depth:
            flat.extend(flatten(element, depth - 1))
        else:
            flat.append(element)
    return flat


def distinct(target: Any) -> list[Any]:
    kept: list[Any] = []
    texts: set[str] = set()  # a string equals strings alone: looked up, since lists of names are long
    others: list[Any] = []
    for element in items("distinct", target):
        if isinstance(element, Unknown):
            raise UnknownUsed(element)
        if type(element) is str:
            if element not in texts:
                texts.add(element)
                kept.append(element)
        elif not any(eq(element, other) for other in others):
            others.append(element)
            kept.append(element)
    return kept


def range_(count: Any) -> list[int]:
    if not 0 <= integer("lists.range", count) <= _RANGE_LIMIT:
        raise CelError(f"lists.range({count}): needs a number between 0 and {_RANGE_LIMIT}")
    return list(range(count))


def _order(a: Any, b: Any) -> int:
    return -1 if lt(a, b) else int(lt(b, a))


def sort(target: Any) -> list[Any]:
    return sort_by([(element, element) for element in items("sort", target)])


def sort_by(pairs: list[tuple[Any, Any]]) -> list[Any]:
    """The second of each (key, element), ordered by the keys, which must be of one type that has an order."""
    first = pairs[0][0] if pairs else None
    for key, _ in pairs:
        if isinstance(key, Unknown):
            raise UnknownUsed(key)
        if type(key) is not type(first):
            refuse("sort", first, key)
        le(key, key)
    by_key = cmp_to_key(_order)
    return [element for _, element in sorted(pairs, key=lambda pair: by_key(pair[0]))]


def is_sorted(target: Any) -> bool:
    target = items("isSorted", target)
    if len(target) == 1:
        le(target[0], target[0])
    return all(le(a, b) for a, b in pairwise(target))


def sum_(target: Any) -> Any:
    target = items("sum", target)
    if not target:
        return 0
    total = target[0]
    if isinstance(total, Unknown) or type(total) in (str, bytes, list, dict, bool, type(None)):
        refuse("sum", total)
    for element in target[1:]:
        total = add(total, element)
    return total


def min_(target: Any) -> Any:
    return _extreme("min", items("min", target), le)


def max_(target: Any) -> Any:
    return _extreme("max", items("max", target), ge)


def _extreme(function: str, target: list[Any], better: Any) -> Any:
    if not target:
        raise CelError(f"{function}() of an empty list")
    best = target[0]
    better(best, best)
    for element in target[1:]:
        if not better(best, element):
            best = element
    return best


def first(target: Any) -> Optional:
    return _optional_element(items("first", target), 0)


def last(target: Any) -> Optional:
    return _optional_element(items("last", target), -1)


def _optional_element(target: list[Any], position: int) -> Optional:
    if not target:
        return NONE
    if isinstance(target[position], Unknown):
        raise UnknownUsed(target[position])
    return Optional(target[position])
