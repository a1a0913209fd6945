"""Operators, field access and membership, as the generated code and the interpreter both call them.

Each function gives the exact answer, raises :class:`CelError`, or raises ``UnknownUsed`` when the answer
depends on an unknown. ``True == 1`` in Python, so every test is on the exact type.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from auditor.cel.errors import CelError
from auditor.cel.unknowns import combine
from auditor.cel.values import FALSE_KEY, NONE, TRUE_KEY, BoolKey, Optional, UInt, Value, refuse
from auditor.unknown import Unknown, UnknownUsed

INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 63) - 1
UINT_MAX: Final = (1 << 64) - 1
_NUMERIC: Final = frozenset({int, float, UInt})
_ORDERED: Final = frozenset({int, float, UInt, str, bytes, bool})
_JOINABLE: Final = frozenset({float, str, bytes, list})
_MISSING: Final = object()


class _Absent:
    """The type of the value that a map does not have."""


ABSENT: Final = _Absent()
PRESENT: Final[dict[type, bool]] = {
    _Absent: False,
    **dict.fromkeys((str, int, float, bool, bytes, list, dict, type(None), UInt), True),
}
"""``has()`` in the fast path, by the type of what a map gives: an unknown is not listed, so it raises."""

Map = dict[Any, Any]


# -- equality and order -------------------------------------------------------------------------------
def eq(a: Any, b: Any) -> bool:
    """``a == b``; numbers of different types are compared by value, other types are never equal."""
    ta, tb = type(a), type(b)
    if ta is tb:
        if ta is list:
            return _all_equal(zip(a, b, strict=True)) if len(a) == len(b) else False
        if ta is dict:
            return _equal_maps(a, b)
        return a == b  # type: ignore[no-any-return]
    if ta in _NUMERIC and tb in _NUMERIC:
        return a == b  # type: ignore[no-any-return]
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        refuse("_==_", a, b)
    return False


def _equal_maps(a: Map, b: Map) -> bool:
    if len(a) != len(b) or any(key not in b for key in a):
        return False
    return _all_equal((value, b[key]) for key, value in a.items())


def _all_equal(pairs: Iterable[tuple[Any, Any]]) -> bool:
    """False if a known pair differs, whatever the unknown ones are."""
    unknowns: list[Unknown] = []
    for a, b in pairs:
        try:
            if not eq(a, b):
                return False
        except UnknownUsed as used:
            unknowns.append(used.unknown)
    if unknowns:
        raise UnknownUsed(combine(unknowns))
    return True


def ne(a: Any, b: Any) -> bool:
    return not eq(a, b)


def is_bool(a: Any, wanted: bool) -> bool:
    """``a == true`` or ``a == false``: identity alone would miss an unknown."""
    if a is wanted:
        return True
    if isinstance(a, Unknown):
        raise UnknownUsed(a)
    return False


def _comparable(operation: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Both operands as Python compares them, or a refusal."""
    ta, tb = type(a), type(b)
    if ta is tb:
        if ta in _ORDERED or (isinstance(a, Value) and a.ordered):
            return a, b
    elif ta in _NUMERIC and tb in _NUMERIC:
        return (float(a), float(b)) if ta is float or tb is float else (a, b)
    return refuse(operation, a, b)


def lt(a: Any, b: Any) -> bool:
    if type(a) is not int or type(b) is not int:
        a, b = _comparable("_<_", a, b)
    return a < b  # type: ignore[no-any-return]


def le(a: Any, b: Any) -> bool:
    if type(a) is not int or type(b) is not int:
        a, b = _comparable("_<=_", a, b)
    return a <= b  # type: ignore[no-any-return]


def gt(a: Any, b: Any) -> bool:
    if type(a) is not int or type(b) is not int:
        a, b = _comparable("_>_", a, b)
    return a > b  # type: ignore[no-any-return]


def ge(a: Any, b: Any) -> bool:
    if type(a) is not int or type(b) is not int:
        a, b = _comparable("_>=_", a, b)
    return a >= b  # type: ignore[no-any-return]


# -- arithmetic ---------------------------------------------------------------------------------------
def to_int(value: int) -> int:
    """``value`` as an int, or an overflow error."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise CelError("integer overflow: the result does not fit into 64 bits")


def to_uint(value: int) -> UInt:
    """``value`` as a uint, or an overflow error."""
    if 0 <= value <= UINT_MAX:
        return UInt(value)
    raise CelError("unsigned integer overflow: the result does not fit into 64 bits")


def add(a: Any, b: Any) -> Any:
    kind = type(a)
    if kind is type(b):
        if kind is int:
            return to_int(a + b)
        if kind in _JOINABLE:
            return a + b
        if kind is UInt:
            return to_uint(int(a) + int(b))
    if isinstance(a, Value):
        return a.plus(b)
    return refuse("_+_", a, b)


def sub(a: Any, b: Any) -> Any:
    kind = type(a)
    if kind is type(b):
        if kind is int:
            return to_int(a - b)
        if kind is float:
            return a - b
        if kind is UInt:
            return to_uint(int(a) - int(b))
    if isinstance(a, Value):
        return a.minus(b)
    return refuse("_-_", a, b)


def mul(a: Any, b: Any) -> Any:
    kind = type(a)
    if kind is type(b):
        if kind is int:
            return to_int(a * b)
        if kind is float:
            return a * b
        if kind is UInt:
            return to_uint(int(a) * int(b))
    return refuse("_*_", a, b)


def div(a: Any, b: Any) -> Any:
    """Division; integers round toward zero."""
    kind = type(a)
    if kind is type(b):
        if kind is int or kind is UInt:
            if b == 0:
                raise CelError("divide by zero")
            quotient = abs(int(a)) // abs(int(b))
            return (
                to_uint(quotient) if kind is UInt else to_int(quotient if (a < 0) == (b < 0) else -quotient)
            )
        if kind is float:
            return a / b if b else _divide_by_zero(a, b)
    return refuse("_/_", a, b)


def _divide_by_zero(a: float, b: float) -> float:
    from math import copysign, inf, isnan, nan

    return nan if a == 0 or isnan(a) else copysign(inf, a) * copysign(1.0, b)


def mod(a: Any, b: Any) -> Any:
    """Remainder, with the sign of the dividend."""
    kind = type(a)
    if kind is type(b) and (kind is int or kind is UInt):
        if b == 0:
            raise CelError("modulus by zero")
        rest = abs(int(a)) % abs(int(b))
        return UInt(rest) if kind is UInt else (-rest if a < 0 else rest)
    return refuse("_%_", a, b)


def neg(a: Any) -> Any:
    if type(a) is int:
        return to_int(-a)
    if type(a) is float:
        return -a
    return refuse("-_", a)


# -- booleans -----------------------------------------------------------------------------------------
def truth(a: Any) -> bool:
    """``a`` if it is a boolean."""
    if a is True or a is False:
        return a
    return refuse("bool condition", a)


def invert(a: Any) -> bool:
    return not truth(a)


# -- fields and elements ------------------------------------------------------------------------------
def map_key(key: Any) -> Any:
    """A CEL key as it lies in a Python dict."""
    if type(key) is bool:
        return TRUE_KEY if key else FALSE_KEY
    return key


def present(container: Map, key: Any) -> bool:
    """Whether a map has a key; unknown when its value is, for it may turn out to be null or absent."""
    if key in container:
        value = container[key]
        if isinstance(value, Unknown):
            raise UnknownUsed(value)
        return True
    return False


def has(a: Any, field: str) -> bool:
    """``has(a.field)``."""
    if type(a) is dict:
        if field in a:
            value = a[field]
            if isinstance(value, Unknown):
                raise UnknownUsed(value)
            return True
        return False
    if type(a) is Optional:
        return a is not NONE and has(a.content, field)
    return refuse("has", a)


def select(a: Any, field: str) -> Any:
    """``a.field``; of an optional, an optional."""
    if type(a) is dict:
        value = a.get(field, _MISSING)
        if value is _MISSING:
            raise CelError(f"no such key: {field!r}")
        return value
    if type(a) is Optional:
        return optional_select(a, field)
    return refuse(f"select .{field}", a)


def index(a: Any, key: Any) -> Any:
    """``a[key]`` of a list, a map or an optional of one."""
    kind = type(a)
    if kind is list:
        return _element(a, key)
    if kind is dict:
        return _entry(a, key)
    if kind is Optional:
        return optional_index(a, key)
    return refuse("_[_]", a, key)


def _element(a: list[Any], key: Any) -> Any:
    position = key
    if type(key) is float and key.is_integer():
        position = int(key)
    elif type(key) is not int and type(key) is not UInt:
        refuse("_[_]", a, key)
    if 0 <= position < len(a):
        return a[position]
    raise CelError(f"index {int(position)} out of range of a list with {len(a)} elements")


def _entry(a: Map, key: Any) -> Any:
    if isinstance(key, Unknown):
        raise UnknownUsed(key)
    if type(key) is not list and type(key) is not dict:
        value = a.get(map_key(key), _MISSING)
        if value is not _MISSING:
            return value
    raise CelError(f"no such key: {key!r}")


def optional_select(a: Any, field: str) -> Optional:
    """``a.?field``."""
    if type(a) is Optional:
        if a is NONE:
            return NONE
        a = a.content
    if type(a) is dict:
        return Optional(a[field]) if present(a, field) else NONE
    return refuse(f"select .?{field}", a)


def optional_index(a: Any, key: Any) -> Optional:
    """``a[?key]``: empty where ``a[key]`` would have nothing."""
    if type(a) is Optional:
        if a is NONE:
            return NONE
        a = a.content
    if type(a) is not dict and (type(a) is not list or type(key) not in _NUMERIC):
        refuse("_[?_]", a, key)
    try:
        value = index(a, key)
    except CelError:
        return NONE
    if isinstance(value, Unknown):
        raise UnknownUsed(value)
    return Optional(value)


def or_value(a: Any, default: Any) -> Any:
    """``a.orValue(default)``."""
    if type(a) is Optional:
        return default if a is NONE else a.content
    return refuse("orValue", a, default)


def or_optional(a: Any, other: Any) -> Any:
    """``a.or(other)``."""
    if type(a) is Optional and (a is not NONE or type(other) is Optional):
        return other if a is NONE else a
    return refuse("or", a, other)


def dig(a: Any, default: Any, *fields: str) -> Any:
    """``a.?f1.?f2….orValue(default)`` without the optionals between."""
    for field in fields:
        if type(a) is not dict:
            refuse(f"select .?{field}", a)
        a = a.get(field, _MISSING)
        if a is _MISSING:
            return default
    if isinstance(a, Unknown):
        raise UnknownUsed(a)
    return a


def content_of(a: Any) -> tuple[Any, ...]:
    """The value of an optional element ``[?a]``, if any."""
    if type(a) is Optional:
        return () if a is NONE else (a.content,)
    return refuse("optional element", a)


def contains(element: Any, container: Any) -> bool:
    """``element in container``: elements of a list, keys of a map."""
    if type(container) is dict and type(element) is str:
        return has(container, element)
    if type(container) is list:
        return _in_list(element, container)
    if type(container) is dict and not isinstance(element, Unknown):
        if type(element) is list or type(element) is dict:
            refuse("in", element, container)
        return present(container, map_key(element))
    return refuse("in", element, container)


def _in_list(element: Any, container: list[Any]) -> bool:
    if isinstance(element, Unknown):
        raise UnknownUsed(element)
    unknowns: list[Unknown] = []
    for other in container:
        try:
            if eq(element, other):
                return True
        except UnknownUsed as used:
            unknowns.append(used.unknown)
    if unknowns:
        raise UnknownUsed(combine(unknowns))
    return False


# -- construction and iteration -----------------------------------------------------------------------
def put(target: Map, key: Any, value: Any) -> None:
    """Add an entry to a map that is being built."""
    if type(key) not in (str, int, UInt, bool):
        refuse("map key", key)
    place = map_key(key)
    if place in target:
        raise CelError(f"duplicate map key: {key!r}")
    target[place] = value


def new_map(*entries: tuple[Any, Any]) -> Map:
    built: Map = {}
    for key, value in entries:
        put(built, key, value)
    return built


def keys(a: Map) -> Iterable[Any]:
    """The keys of a map as CEL sees them."""
    if TRUE_KEY in a or FALSE_KEY in a:
        return [key.value if type(key) is BoolKey else key for key in a]
    return a


def each(a: Any) -> Iterable[Any]:
    """What a comprehension with one variable walks over: elements, or keys."""
    if type(a) is list:
        return a
    if type(a) is dict:
        return keys(a)
    return refuse("comprehension range", a)


def each_pair(a: Any) -> Iterable[tuple[Any, Any]]:
    """What a comprehension with two variables walks over: (index, element), or (key, value)."""
    if type(a) is list:
        return enumerate(a)
    if type(a) is dict:
        return zip(keys(a), a.values(), strict=True)
    return refuse("comprehension range", a)


def entries_of(a: Any) -> list[tuple[Any, Any]]:
    """The entries that one step of transformMapEntry adds."""
    return list(each_pair(a)) if type(a) is dict else refuse("transformMapEntry", a)


def size(a: Any) -> int:
    if type(a) is list or type(a) is dict or type(a) is str or type(a) is bytes:
        return len(a)
    return refuse("size", a)


def optional_map(a: Any, body: Any) -> Optional:
    """``a.optMap(v, body(v))``."""
    if type(a) is not Optional:
        refuse("optMap", a)
    if a is NONE:
        return NONE
    value = body(a.content)
    if isinstance(value, Unknown):
        raise UnknownUsed(value)
    return Optional(value)


def optional_flat_map(a: Any, body: Any) -> Optional:
    """``a.optFlatMap(v, body(v))``."""
    if type(a) is not Optional:
        refuse("optFlatMap", a)
    result = NONE if a is NONE else body(a.content)
    if type(result) is not Optional:
        refuse("optFlatMap", a, result)
    return result


def call_method(target: Any, name: str, *arguments: Any) -> Any:
    """A member function that only objects have, such as ``quantity.isLessThan``."""
    function = target.methods.get(name) if isinstance(target, Value) else None
    if function is None or any(isinstance(a, Unknown) for a in arguments):
        return refuse(name, target, *arguments)
    return function(target, *arguments)
