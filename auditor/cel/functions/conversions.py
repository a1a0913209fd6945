"""type(), dyn() and the conversions between basic types."""

from __future__ import annotations

import re
from typing import Any, Final

from auditor.cel.errors import CelError
from auditor.cel.operators import INT_MAX, INT_MIN, to_int, to_uint
from auditor.cel.values import TYPES, CelType, UInt, Value, refuse, type_name
from auditor.patterns import regex
from auditor.unknown import Unknown

_INTEGER: Final = regex(r"[+-]?[0-9]{1,25}", re.ASCII)
_DOUBLE: Final = regex(
    r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def type_of(value: Any) -> CelType:
    if isinstance(value, Unknown):
        refuse("type", value)
    return TYPES[type_name(value)]


def dyn(value: Any) -> Any:
    return value


def as_int(value: Any) -> int:
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    if kind is UInt:
        return to_int(int(value))
    if kind is float:
        if INT_MIN < value < INT_MAX:
            return int(value)
        raise CelError(f"int({as_string(value)}): out of range")
    if kind is str:
        return to_int(_read_integer("int", value))
    convert = getattr(value, "epoch_seconds", None) if isinstance(value, Value) else None
    return int(convert()) if convert is not None else refuse("int", value)


def _read_integer(function: str, text: str) -> int:
    if _INTEGER.fullmatch(text):
        return int(text)
    raise CelError(f"{function}({text!r}): not an integer")


def as_uint(value: Any) -> UInt:
    kind = type(value)
    if kind is UInt:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return to_uint(value)
    if kind is float:
        if 0 <= value < 18446744073709551616.0:
            return UInt(value)
        raise CelError(f"uint({as_string(value)}): out of range")
    if kind is str:
        return to_uint(_read_integer("uint", value))
    return refuse("uint", value)


def as_double(value: Any) -> float:
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is UInt:
        return float(value)
    if kind is str:
        if _DOUBLE.fullmatch(value):
            return float(value)
        raise CelError(f"double({value!r}): not a number")
    return refuse("double", value)


def as_bool(value: Any) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str:
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise CelError(f"bool({value!r}): neither true nor false")
    return refuse("bool", value)


def as_bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    if type(value) is str:
        return value.encode("utf-8", "surrogatepass")
    return refuse("bytes", value)


def as_string(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is UInt:
        return str(int(value))
    if kind is float:
        return _double_text(value)
    if kind is bytes:
        try:
            return value.decode()  # type: ignore[no-any-return]
        except UnicodeDecodeError:
            raise CelError("string(): the bytes are not UTF-8") from None
    return value.text() if isinstance(value, Value) else refuse("string", value)


def _double_text(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value).removesuffix(".0")
