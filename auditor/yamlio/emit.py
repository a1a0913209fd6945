"""Values as YAML text that every YAML 1.1 and 1.2 reader takes for the same value."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from msgspec import Struct

from auditor.patterns import regex
from auditor.yamlio.scalars import resolve_go

_PLAIN: Final = regex(r"[A-Za-z0-9_./$(][A-Za-z0-9_./$()@%+=~ :;*&!?<>|^-]*")
_AMBIGUOUS: Final = regex(
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # base 60 of YAML 1.1
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?"  # timestamps
    r"|[-+]?(?:0[xob])?[0-9a-fA-F_.]*[0-9](?:[eE][-+]?[0-9_]+)?"  # what any reader might call a number
    r"|[.]{3}|=|<<"
)
_UNPRINTABLE: Final = regex("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_MULTILINE_OR_CONTROL: Final = regex(r"[\x00-\x1f]")


class Layout(Struct, frozen=True):
    """How a file writes blocks: columns per level, and of a list's dash against its key."""

    step: int = 2
    dash: int = 2
    newline: str = "\n"


def scalar(value: Any, style: str = "plain") -> str:
    """A scalar or an empty collection on one line; a string keeps ``style`` (single, double) if it can.

    Raises ValueError for what YAML cannot hold.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        text = repr(value)
        if type(resolve_go(text)) not in (int, float):
            raise ValueError(f"the number {text} cannot be written")
        return text
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    return _string(str(value), style)


def _string(text: str, style: str) -> str:
    if style == "plain" and _is_plain(text):
        return text
    printable = not _MULTILINE_OR_CONTROL.search(text) and not _UNPRINTABLE.search(text)
    if printable and (style == "single" or (style == "plain" and ("\\" in text or '"' in text))):
        return "'" + text.replace("'", "''") + "'"
    return double_quoted(text)


def double_quoted(text: str) -> str:
    """A JSON string that is a YAML double-quoted scalar as well."""
    return _UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code < 0xE000:
        raise ValueError("half of a surrogate pair cannot be written")
    return f"\\u{code:04x}"


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and ": " not in text
        and not text.endswith((":", " "))
        and _AMBIGUOUS.fullmatch(text) is None
        and resolve_go(text) == text
    )


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def as_json(value: Any) -> str:
    """A value as JSON on one line."""
    if isinstance(value, dict):
        pairs = (f"{double_quoted(str(key))}: {as_json(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_json(item) for item in value) + "]"
    return double_quoted(value) if isinstance(value, str) else scalar(value)


def block(value: dict[str, Any] | list[Any], layout: Layout) -> list[str]:
    """The lines of a collection that is not empty, at column 0."""
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in entry(str(key), item, layout)]
    return [line for element in value for line in item_lines(element, layout)]


def entry(key: str, value: Any, layout: Layout) -> list[str]:
    """The lines of ``key: value``."""
    name = scalar(key)
    if not isinstance(value, dict | list) or not value:
        return [f"{name}: {scalar(value)}"]
    width = layout.dash if isinstance(value, list) else layout.step
    return [f"{name}:", *(" " * width + line for line in block(value, layout))]


def item_lines(value: Any, layout: Layout) -> list[str]:
    """The lines of a list's item, its dash first."""
    if not isinstance(value, dict | list) or not value:
        return [f"- {scalar(value)}"]
    first, *rest = block(value, layout)
    return [f"- {first}", *(f"  {line}" for line in rest)]
