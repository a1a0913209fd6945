"""``'…%s…'.format([…])``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import items, text
from auditor.cel.functions.conversions import as_string
from auditor.cel.operators import keys
from auditor.cel.values import CelType, UInt, refuse, type_name
from auditor.patterns import regex
from auditor.unknown import Unknown, UnknownUsed

_CLAUSE: Final = regex(r"%(?:%|(?:\.(\d{1,3}))?(.)|$)", re.ASCII | re.DOTALL)
_DEFAULT_PRECISION: Final = 6


def format_(target: Any, arguments: Any) -> str:
    """``%s %d %f %e %b %o %x %X %%``, with a precision for ``%f`` and ``%e``."""
    values = iter(enumerate(items("format", arguments)))

    def clause(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        write = _CLAUSES.get(found[2] or "")
        if write is None:
            raise CelError(
                f'could not parse formatting clause: unrecognized formatting clause "{found[2] or ""}"'
            )
        _, value = next(values, (0, _MISSING))
        if value is _MISSING:
            raise CelError(f"index {len(arguments)} out of range: format() has more clauses than arguments")
        if isinstance(value, Unknown):
            raise UnknownUsed(value)
        return write(value, int(found[1]) if found[1] else _DEFAULT_PRECISION)

    return _CLAUSE.sub(clause, text("format", target))


_MISSING: Final = object()


def _wrong(clause: str, value: Any) -> CelError:
    return CelError(f"error during formatting: {clause}, was given {type_name(value)}")


def _as_text(value: Any, _: int = 0) -> str:
    if value is None:
        return "null"
    if type(value) is list:
        return f"[{', '.join(map(_as_text, value))}]"
    if type(value) is dict:
        pairs = sorted(
            (_as_text(key), _as_text(entry)) for key, entry in zip(keys(value), value.values(), strict=True)
        )
        return "{" + ", ".join(f"{key}: {entry}" for key, entry in pairs) + "}"
    if type(value) is float:
        return _special(value) or as_string(value)
    if isinstance(value, Unknown):
        refuse("format", value)
    return value.name if type(value) is CelType else as_string(value)


def _special(value: Any) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return ""


def _decimal(value: Any, _: int) -> str:
    if type(value) in (int, UInt):
        return str(int(value))
    if type(value) is float:
        return _special(value) or as_string(value)
    raise _wrong("decimal clause can only be used on integers", value)


def _real(value: Any, clause: str) -> float:
    if type(value) in (int, UInt, float):
        return float(value)
    raise _wrong(f"{clause} clause can only be used on doubles", value)


def _fixed(value: Any, precision: int) -> str:
    real = _real(value, "fixed-point")
    return _special(real) or f"{real:.{precision}f}"


def _scientific(value: Any, precision: int) -> str:
    real = _real(value, "scientific")
    return _special(real) or f"{real:.{precision}e}"


def _binary(value: Any, _: int) -> str:
    if type(value) in (int, UInt, bool):
        return f"{int(value):b}"
    raise _wrong("only integers and bools can be formatted as binary", value)


def _octal(value: Any, _: int) -> str:
    if type(value) in (int, UInt):
        return f"{int(value):o}"
    raise _wrong("octal clause can only be used on integers", value)


def _hexadecimal(value: Any, _: int) -> str:
    if type(value) in (int, UInt):
        return f"{int(value):x}"
    if type(value) is str:
        return value.encode("utf-8", "surrogatepass").hex()
    if type(value) is bytes:
        return value.hex()
    raise _wrong("only integers, byte buffers, and strings can be formatted as hex", value)


_CLAUSES: Final[dict[str, Callable[[Any, int], str]]] = {
    "s": _as_text,
    "d": _decimal,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": lambda value, precision: _hexadecimal(value, precision).upper(),
}
