"""Source text to tokens, and literals to values."""

from __future__ import annotations

import re
from typing import Final

from auditor.cel.errors import CelSyntaxError, position
from auditor.cel.values import UInt
from auditor.patterns import regex

Token = tuple[str, str, int]
"""Kind (``str float uint int id quoted op end``), text, code-point offset."""

_TOKEN: Final = regex(
    r"""
    (?: [ \t\r\n\f]+ | //[^\n]* )+
    | (?P<id> [A-Za-z_]\w* (?!["'\w]) )
    | (?P<op> \|\| | && | [=!<>]= | \[\? | \.\? | [-+*/%!?:,()\[\]{}<>] | \.(?!\d) )
    | (?P<str> (?:[rR][bB]?|[bB][rR])
        (?: \"{3} [\s\S]*? \"{3} | '{3} [\s\S]*? '{3} | "[^"\r\n]*" | '[^'\r\n]*' )
      | [bB]?
        (?: \"{3} (?:\\[\s\S]|[^\\])*? \"{3} | '{3} (?:\\[\s\S]|[^\\])*? '{3}
          | "(?:\\[^\r\n]|[^"\\\r\n])*" | '(?:\\[^\r\n]|[^'\\\r\n])*' ) )
    | (?P<float> \d+\.\d+(?:[eE][+-]?\d+)? | \d+[eE][+-]?\d+ | \.\d+(?:[eE][+-]?\d+)? )
    | (?P<uint> (?:0[xX][0-9a-fA-F]+|\d+)[uU] )
    | (?P<int> 0[xX][0-9a-fA-F]+ | \d+ )
    | (?P<quoted> `[A-Za-z0-9_.\-/\ ]+` )
    """,
    re.VERBOSE | re.ASCII,
)
_ESCAPE: Final = regex(
    r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))"
)
_SIMPLE_ESCAPES: Final = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))
_INT_LIMIT: Final = 1 << 63


def tokenize(source: str) -> list[Token]:
    """All tokens of a source, the last one of kind ``end``."""
    tokens: list[Token] = []
    offset, end, match = 0, len(source), _TOKEN.match
    while offset < end:
        found = match(source, offset)
        if found is None:
            raise _bad_text(source, offset)
        if found.lastgroup is not None:
            tokens.append((found.lastgroup, found.group(), offset))
        offset = found.end()
    tokens.append(("end", "", end))
    return tokens


def _bad_text(source: str, offset: int) -> CelSyntaxError:
    char = source[offset]
    what = "unterminated string" if char in "\"'bBrR" else f"unexpected character {char!r}"
    return CelSyntaxError(what, *position(source, offset))


def number(source: str, token: Token, negative: bool) -> int | float:
    """The value of a numeric literal."""
    kind, text, offset = token
    if kind == "float":
        return -float(text) if negative else float(text)
    digits = text[:-1] if kind == "uint" else text
    value = int(digits, 16) if digits[:2] in ("0x", "0X") else _decimal(digits)
    if kind == "uint":
        if value < 2 * _INT_LIMIT:
            return UInt(value)
    elif value < _INT_LIMIT or (negative and value == _INT_LIMIT):
        return -value if negative else value
    raise CelSyntaxError(f"{text} does not fit into 64 bits", *position(source, offset))


def _decimal(digits: str) -> int:
    """Python refuses to read very long numbers; they are out of range anyway."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= 20 else 2 * _INT_LIMIT


def string(source: str, token: Token) -> str | bytes:
    """The value of a string or bytes literal."""
    _, text, offset = token
    start = 0
    while text[start] not in "\"'":
        start += 1
    prefix = text[:start].lower()
    quotes = 3 if len(text) - start >= 6 and text[start : start + 3] in ('"""', "'''") else 1
    body = text[start + quotes : -quotes]
    if quotes == 3 and "\r" in body:
        body = body.replace("\r\n", "\n").replace("\r", "\n")
    if "\\" not in body or "r" in prefix:
        return body.encode() if "b" in prefix else body
    try:
        return _unescape_bytes(body) if "b" in prefix else _ESCAPE.sub(_character, body)
    except ValueError as error:
        raise CelSyntaxError(str(error), *position(source, offset)) from None


def _character(escape: re.Match[str]) -> str:
    hexadecimal = escape[1] or escape[2] or escape[3]
    if hexadecimal or escape[4]:
        code = int(hexadecimal, 16) if hexadecimal else int(escape[4], 8)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            raise ValueError(f"{escape[0]} is not a Unicode scalar value")
        return chr(code)
    if escape[5] not in _SIMPLE_ESCAPES:
        raise ValueError(f"unknown escape sequence {escape[0]}")
    return _SIMPLE_ESCAPES[escape[5]]


def _unescape_bytes(body: str) -> bytes:
    parts: list[bytes] = []
    offset = 0
    for escape in _ESCAPE.finditer(body):
        parts.append(body[offset : escape.start()].encode())
        parts.append(_octet(escape))
        offset = escape.end()
    parts.append(body[offset:].encode())
    return b"".join(parts)


def _octet(escape: re.Match[str]) -> bytes:
    if escape[2] or escape[3]:
        raise ValueError(f"{escape[0]} is not allowed in bytes")
    return _character(escape).encode("latin-1")
