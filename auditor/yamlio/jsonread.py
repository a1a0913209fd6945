"""JSON files: the standard library's reader, with the numbers that the YAML reader would give."""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct

from auditor.patterns import regex
from auditor.yamlio.document import Limits, YamlDocument
from auditor.yamlio.nodes import duplicate_keys, json_tree
from auditor.yamlio.scalars import NON_FINITE, resolve_go, through_json
from auditor.yamlio.text import UTF8_BOM, ByteIndex, Lines, check_utf8

_BLANK: Final = regex(r"[ \t\r\n]*")
_SURROGATE: Final = regex(r"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """Text that is not JSON; ``index`` counts code points."""

    def __init__(self, what: str, index: int) -> None:
        super().__init__(what)
        self.what = what
        self.index = index


class JsonValue(Struct, frozen=True):
    """One value of a file (kubectl reads several in a row), at code points ``[start, end)``."""

    start: int
    end: int
    body: object
    has_duplicates: bool


def json_offset(data: bytes, index: int) -> int:
    """The byte offset in a file of the place that a :class:`JsonError` names."""
    text = data.removeprefix(UTF8_BOM)
    return len(data) - len(text) + ByteIndex(text).byte(index)


def json_documents(data: bytes, limits: Limits) -> list[YamlDocument]:
    """Every JSON value of a file as a document. Raises :class:`JsonError` and :class:`NotTextError`."""
    check_utf8(data, 0, len(data))
    text = data.removeprefix(UTF8_BOM)
    shift = len(data) - len(text)
    index, lines = ByteIndex(text), Lines(data)
    documents = []
    for position, value in enumerate(read(text.decode(), limits)):
        start, end = shift + index.byte(value.start), shift + index.byte(value.end)
        documents.append(
            YamlDocument(
                index=position,
                line=lines.line(start),
                start=start,
                end=end,
                body=value.body,
                duplicates=_json_duplicates(data, start, end, lines) if value.has_duplicates else (),
            )
        )
    return documents


def _json_duplicates(data: bytes, start: int, end: int, lines: Lines) -> tuple[tuple[str, int], ...]:
    return tuple((key, lines.line(at)) for key, at in duplicate_keys(json_tree(data, start, end)))


def read(text: str, limits: Limits) -> list[JsonValue]:
    """Every JSON value of ``text``. Raises :class:`JsonError`."""
    found: list[JsonValue] = []
    duplicated: list[bool] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            duplicated.append(True)
        return made

    decoder = json.JSONDecoder(
        object_pairs_hook=pairs, parse_float=_number, parse_int=_number, parse_constant=_constant
    )
    at = _blank_end(text, 0)
    while at < len(text):
        if len(found) >= limits.max_documents:
            raise JsonError(f"more than {limits.max_documents:,} documents in one file", at)
        duplicated.clear()
        body, end = _value(decoder, text, at, limits)
        if _SURROGATE.search(text, at, end):
            body = _without_lone_surrogates(body)
        found.append(JsonValue(at, end, body, bool(duplicated)))
        at = _blank_end(text, end)
    return found


def _blank_end(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _value(decoder: json.JSONDecoder, text: str, at: int, limits: Limits) -> tuple[Any, int]:
    try:
        body, end = decoder.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise JsonError(f"not valid JSON: {error.msg}", error.pos) from None
    except RecursionError:
        raise JsonError(f"nested deeper than {limits.max_depth} levels", at) from None
    except ValueError as error:
        raise JsonError(f"not valid JSON: {error}", at) from None
    if _too_deep(body, limits.max_depth):
        raise JsonError(f"nested deeper than {limits.max_depth} levels", at)
    return body, end


def _number(text: str) -> object:
    value = through_json(resolve_go(text))
    if value is NON_FINITE or isinstance(value, str):
        raise ValueError(f"the number {text[:40]} is out of range")
    return value


def _constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON value")


def _too_deep(body: object, limit: int) -> bool:
    level: list[Any] = [body]
    for _ in range(limit + 1):
        level = [item for node in level for item in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[Any]:
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [value for value in values if isinstance(value, dict | list)]


def _without_lone_surrogates(body: Any) -> Any:
    """Lone surrogates replaced by U+FFFD, as encoding/json does; nothing downstream could encode them."""
    if isinstance(body, str):
        return body.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(body, dict):
        return {_without_lone_surrogates(k): _without_lone_surrogates(v) for k, v in body.items()}
    if isinstance(body, list):
        return [_without_lone_surrogates(item) for item in body]
    return body
