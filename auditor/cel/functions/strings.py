"""String functions. Indexes count code points. Several names serve lists too and hand over to them."""

from __future__ import annotations

from typing import Any, Final

from auditor.cel.errors import CelError
from auditor.cel.functions import lists
from auditor.cel.functions.arguments import integer, items, text

_LOWER: Final = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_UPPER: Final = {ord(c): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"}
# Unicode's White_Space property; Python's strip() takes U+001C..U+001F too.
_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_QUOTED: Final = {
    **{
        ord(raw): escape
        for raw, escape in zip(
            '\a\b\f\n\r\t\v\\"', ("\\a", "\\b", "\\f", "\\n", "\\r", "\\t", "\\v", "\\\\", '\\"'), strict=True
        )
    },
    **dict.fromkeys(range(55296, 57344), "�"),
}


def starts_with(target: Any, prefix: Any) -> bool:
    return text("startsWith", target).startswith(text("startsWith", prefix))


def ends_with(target: Any, suffix: Any) -> bool:
    return text("endsWith", target).endswith(text("endsWith", suffix))


def contains(target: Any, part: Any) -> bool:
    return text("contains", part) in text("contains", target)


def char_at(target: Any, position: Any) -> str:
    string = text("charAt", target)
    _check_range("charAt", integer("charAt", position), len(string))
    return string[position : position + 1]


def index_of(target: Any, part: Any, start: Any = 0) -> int:
    if type(target) is list:
        return lists.index_of(target, part, start)
    string, wanted = text("indexOf", target), text("indexOf", part)
    _check_range("indexOf", integer("indexOf", start), len(string))
    return string.find(wanted, start)


def last_index_of(target: Any, part: Any, *start: Any) -> int:
    if type(target) is list:
        return lists.last_index_of(target, part, *start)
    string, wanted = text("lastIndexOf", target), text("lastIndexOf", part)
    if not start:
        return string.rfind(wanted)
    _check_range("lastIndexOf", integer("lastIndexOf", start[0]), len(string))
    return string.rfind(wanted, 0, start[0] + len(wanted))


def _check_range(function: str, position: int, length: int) -> None:
    if not 0 <= position <= length:
        raise CelError(f"{function}(): index {position} is out of range of a string of {length} characters")


def substring(target: Any, start: Any, *end: Any) -> str:
    string = text("substring", target)
    first = integer("substring", start)
    stop = integer("substring", end[0]) if end else len(string)
    _check_range("substring", first, len(string))
    _check_range("substring", stop, len(string))
    if first > stop:
        raise CelError(f"substring(): the start {first} lies behind the end {stop}")
    return string[first:stop]


def split(target: Any, separator: Any, limit: Any = -1) -> list[str]:
    string, between = text("split", target), text("split", separator)
    parts = integer("split", limit)
    if parts == 0:
        return []
    if parts == 1:
        return [string]
    if between:
        return string.split(between, parts - 1 if parts > 0 else -1)
    if parts < 0 or parts >= len(string):
        return list(string)
    return [*string[: parts - 1], string[parts - 1 :]]


def join(target: Any, separator: Any = "") -> str:
    return text("join", separator).join([text("join", part) for part in items("join", target)])


def replace(target: Any, old: Any, new: Any, limit: Any = -1) -> str:
    string = text("replace", target)
    return string.replace(text("replace", old), text("replace", new), max(integer("replace", limit), -1))


def lower_ascii(target: Any) -> str:
    return text("lowerAscii", target).translate(_LOWER)


def upper_ascii(target: Any) -> str:
    return text("upperAscii", target).translate(_UPPER)


def trim(target: Any) -> str:
    return text("trim", target).strip(_SPACE)


def reverse(target: Any) -> Any:
    return target[::-1] if type(target) is list else text("reverse", target)[::-1]


def quote(value: Any) -> str:
    return f'"{text("strings.quote", value).translate(_QUOTED)}"'
