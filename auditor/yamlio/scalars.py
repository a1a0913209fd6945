"""Scalars as sigs.k8s.io/yaml reads them: go.yaml.in/yaml/v2's resolution, seen through JSON.

Through JSON means: a float with an integral value below 1e21 is an integer (Go prints ``1e3`` as
``1000``), infinities and NaN do not exist, and mapping keys are strings.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from datetime import date
from typing import Final

from auditor.patterns import regex

TAG_PREFIX: Final = "tag:yaml.org,2002:"
MERGE_TAG: Final = TAG_PREFIX + "merge"

#: First characters of plain scalars that may be something other than a string ("" matches as well).
HINTS: Final = "0123456789+-.~yYnNtTfFoO<"


class Special:
    """A resolved scalar that is no JSON value: the merge key, or a number JSON cannot write."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


MERGE: Final = Special("<<")
NON_FINITE: Final = Special("not a finite number")


class ScalarError(ValueError):
    """The text does not fit its explicit tag, or cannot be a mapping key."""


def _words() -> dict[str, object]:
    table: dict[str, object] = {"": None, "<<": MERGE}
    for value, names in ((True, "y yes true on"), (False, "n no false off"), (None, "null")):
        for name in names.split():
            table.update(dict.fromkeys((name, name.capitalize(), name.upper()), value))
    table["~"] = None
    for name in ("inf", "Inf", "INF"):
        table.update({f".{name}": float("inf"), f"+.{name}": float("inf"), f"-.{name}": float("-inf")})
    table.update(dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")))
    return table


_WORDS: Final = _words()
_INT: Final = regex(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z",
)
#: strconv.ParseInt(plain[2:], 2, 64) takes a sign after the prefix when "0b" came first.
_SIGNED_BINARY: Final = regex(r"0b([-+][01]+)\Z")
_FLOAT: Final = regex(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_DOT_FLOAT: Final = regex(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?\Z")
_TIMESTAMP: Final = regex(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?)?\Z"
)
_MEMO_ENTRIES: Final = 50_000
_MEMO_LENGTH: Final = 64

#: Plain scalars already resolved. Manifests say the same words over and over: looking here first is a
#: quarter of the loader's speed, and equal strings share their memory.
MEMO: Final[dict[str, object]] = {}
MISSING: Final = object()


def resolve(text: str) -> object:
    """The JSON value of an untagged plain scalar; :data:`MERGE` and :data:`NON_FINITE` are the caller's."""
    value = MEMO.get(text, MISSING)
    if value is MISSING:
        value = through_json(resolve_go(text)) if text[:1] in HINTS else text
        if len(text) <= _MEMO_LENGTH:
            if len(MEMO) >= _MEMO_ENTRIES:
                MEMO.clear()
            MEMO[text] = value
    return value


def resolve_go(text: str) -> object:
    """The Go value of an untagged plain scalar: floats stay floats."""
    value = _WORDS.get(text, MISSING)
    if value is not MISSING:
        return value
    first = text[0]
    if first == ".":
        return _finite(text) if _DOT_FLOAT.match(text) else text
    if first not in "0123456789+-":
        return text
    plain = text.replace("_", "")
    number = _integer(plain)
    if number is not None:
        return number
    if _FLOAT.match(plain):
        value = _finite(plain)
        return text if value is plain else value
    signed = _SIGNED_BINARY.match(plain)
    if signed and -(1 << 63) <= int(signed[1], 2) < 1 << 63:
        return int(signed[1], 2)
    return text


def _integer(plain: str) -> int | None:
    """strconv.ParseInt(plain, 0, 64), else ParseUint; None when neither takes it."""
    match = _INT.match(plain)
    if match is None or len(plain) > 70:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if hexadecimal:
        number = int(hexadecimal, 16)
    elif binary:
        number = int(binary, 2)
    elif octal:
        number = int(octal, 8)
    else:
        number = int(decimal)
    if sign == "-":
        number = -number
    if -(1 << 63) <= number < 1 << 63 or (not sign and number < 1 << 64):
        return number
    return None


def _finite(text: str) -> object:
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number


def through_json(value: object) -> object:
    """A Go value after encoding/json wrote it and a JSON reader read it back."""
    if type(value) is not float:
        return value
    if value != value or value in (float("inf"), float("-inf")):
        return NON_FINITE
    if value != int(value) or abs(value) >= 1e21:
        return value
    if abs(value) < 1 << 53:
        return int(value)
    digits, _, exponent = repr(value).partition("e+")
    whole, _, fraction = digits.partition(".")
    return int(f"{whole}{fraction.rstrip('0'):0<{int(exponent)}}") if exponent else int(whole)


def tagged(tag: str, text: str) -> object:
    """The Go value of a scalar with an explicit tag.

    Raises :class:`ScalarError` where go.yaml.in/yaml/v2 refuses the pair.
    """
    kind = tag.removeprefix(TAG_PREFIX)
    if kind == "binary" and kind is not tag:
        return _binary(text)
    if kind is tag or kind not in ("bool", "int", "float", "null", "timestamp"):
        return text
    value: object = text
    if text[:1] in HINTS:
        value = text if text == "<<" else resolve_go(text)
    if kind == "timestamp":
        if _is_timestamp(text):
            return text
    elif kind == "float" and type(value) is int and value < 1 << 63:
        return float(value)
    elif type(value) is {"bool": bool, "int": int, "float": float, "null": type(None)}[kind]:
        return value
    raise ScalarError(f"{text[:40]!r} is not a !!{kind}")


def _binary(text: str) -> str:
    try:
        raw = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScalarError("the !!binary value is not base64") from error
    # encoding/json writes one U+FFFD for each byte that is not UTF-8; Python's "replace" one for each run.
    decoded = raw.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", "\ufffd", decoded)


def _is_timestamp(text: str) -> bool:
    match = _TIMESTAMP.match(text)
    if match is None:
        return False
    year, month, day, *clock = match.groups()
    hours = [int(part) for part in clock if part is not None]
    try:
        date(int(year) or 2000, int(month), int(day))
    except ValueError:
        return False
    return not hours or (hours[0] < 24 and hours[1] < 60 and hours[2] < 60)


def key_text(value: object) -> str:
    """The JSON object key for a Go mapping key.

    Raises :class:`ScalarError` for keys that sigs.k8s.io/yaml refuses: null and beyond int64.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value >= 1 << 63:
            raise ScalarError(f"the number {value} is too large for a mapping key")
        return str(value)
    if isinstance(value, float):
        return _float_key(value)
    raise ScalarError("null cannot be a mapping key")


def _float_key(value: float) -> str:
    """strconv.FormatFloat(value, 'g', -1, 32) with YAML's names for what is not finite."""
    if value != value:
        return ".nan"
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = float("inf") if value > 0 else float("-inf")
    if single in (float("inf"), float("-inf")):
        return ".inf" if single > 0 else "-.inf"
    for digits in range(9):
        text = f"{single:.{digits}e}"
        if struct.pack("f", float(text)) == struct.pack("f", single):
            break
    mantissa, exponent = text.split("e")
    if -4 <= int(exponent) < 6:
        return _positional(mantissa, int(exponent))
    return f"{mantissa}e{int(exponent):+03d}"


def _positional(mantissa: str, exponent: int) -> str:
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    digits = digits.replace(".", "")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = f"{digits[: exponent + 1]:0<{exponent + 1}}", digits[exponent + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction.strip("0") else f"{sign}{whole}"
