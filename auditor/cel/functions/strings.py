"""String functions. Indexes count code points. Several names serve lists too and hand over to them."""

from __future__ import annotations

from typing import Any, Final

from auditor.cel.errors import CelError
from auditor.cel.functions import lists
from auditor.cel.functions.arguments import integer, items, text

_LOWER: Final = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_UPPER: Final = {ord(c): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"}
# Unicode's White_Space property; Python's strip() takes U+001C..U+001F too.
_SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_QUOTED: Final = {
    **{
        ord(raw): escape
        for raw, escape in zip(
            '\a\b\f\n\r\t\v\\"', ("\\a", "\\b", "\\f", "\\n", "\\r", "\\t", "\\v", "\\\\", '\\"'), strict=True
        )
    },
    **{code: "\ufffd" for code in range(0xD800, 0xE000)},
}


def starts_with(target: Any, prefix: Any) -> bool:
    return text("startsWith", target).startswith(text("startsWith", prefix))


def ends_with(target: Any, suffix: Any) -> bool:
    return text("endsWith", target).endswith(text("endsWith", suffix))


def contains(target: Any, part: Any) -> bool:
    return text("contains", part) in text("contains", target)


def char_at(target: Any, position: Any) -> str:
    target, position = text("charAt", target), integer("charAt", position)
    _check_range("charAt", position, len(target))
    return target[position : position + 1]


def index_of(target: Any, part: Any, start: Any = 0) -> int:
    if type(target) is list:
        return lists.index_of(target, part, start)
    target, part, start = text("indexOf", target), text("indexOf", part), integer("indexOf", start)
    _check_range("indexOf", start, len(target))
    return target.find(part, start)


def last_index_of(target: Any, part: Any, *start: Any) -> int:
    if type(target) is list:
        return lists.last_index_of(target, part, *start)
    target, part = text("lastIndexOf", target), text("lastIndexOf", part)
    if not start:
        return target.rfind(part)
    _check_range("lastIndexOf", integer("lastIndexOf", start[0]), len(target))
    return target.rfind(part, 0, start[0] + len(part))


def _check_range(function: str, position: int, length: int) -> None:
    if not 0 <= position <= length:
        raise CelError(f"{function}(): index {position} is out of range of a string of {length} characters")


def substring(target: Any, start: Any, *end: Any) -> str:
    target, start = text("substring", target), integer("substring", start)
    stop = integer("substring", end[0]) if end else len(target)
    _check_range("substring", start, len(target))
    _check_range("substring", stop, len(target))
    if start > stop:
        raise CelError(f"substring(): the start {start} lies behind the end {stop}")
    return target[start:stop]


def split(target: Any, separator: Any, limit: Any = -1) -> list[str]:
    target, separator = text("split", target), text("split", separator)
    limit = integer("split", limit)
    if limit == 0:
        return []
    if limit == 1:
        return [target]
    if separator:
        return target.split(separator, limit - 1 if limit > 0 else -1)
    if limit < 0 or limit >= len(target):
        return list(target)
    return [*target[: limit - 1], target[limit - 1 :]]


def join(target: Any, separator: Any = "") -> str:
    return text("join", separator).join([text("join", part) for part in items("join", target)])


def replace(target: Any, old: Any, new: Any, limit: Any = -1) -> str:
    target, old, new = text("replace", target), text("replace", old), text("replace", new)
    return target.replace(old, new, max(integer("replace", limit), -1))


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
