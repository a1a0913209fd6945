"""The functions that templates of ApplicationSets may call here: text/template's own and a part of sprig.

All are pure and quick; what they make is bounded by :data:`MAX_TEXT`. ``docs/sources.md`` lists them.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, Final

from auditor.patterns import regex
from auditor.sources.argocd.parse import TemplateError
from auditor.yamlio import load_stream

MAX_TEXT: Final = 1024 * 1024
_VERB: Final = regex(r"%(?:%|[-+# 0]*\d{0,3}(?:\.\d{1,2})?[vsdqtfx])")


def truth(value: Any) -> bool:
    """Go templates' truth: empty values are false."""
    return bool(value) and value is not None


def text(value: Any) -> str:
    """A value as Go prints it."""
    if value is None:
        return "<no value>"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is list:
        return "[" + " ".join(map(text, value)) + "]"
    if type(value) is dict:
        return "map[" + " ".join(f"{key}:{text(value[key])}" for key in sorted(value)) + "]"
    return str(value)


def _number(value: Any) -> int:
    """sprig's int: what is no number is 0."""
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if type(value) is list:
            if type(key) is not int or not 0 <= key < len(value):
                raise TemplateError(f"index {key!r} is out of range")
            value = value[key]
        elif type(value) is dict:
            value = value.get(key)
        else:
            raise TemplateError(f"index of {type(value).__name__}")
    return value


def _equal(first: Any, *others: Any) -> bool:
    return any(type(first) is type(other) and first == other for other in others)


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(first: Any, second: Any) -> bool:
        try:
            return test(first, second)
        except TypeError as error:
            raise TemplateError("values of different types are compared") from error

    return compare


def _printf(form: str, *values: Any) -> str:
    left = list(values)

    def verb(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        if not left:
            return f"%!{match[0][-1]}(MISSING)"
        value = left.pop(0)
        if match[0][-1] in "dfx" and type(value) in (int, float):
            return str(match[0] % value)
        if match[0][-1] == "q":
            return json.dumps(text(value))
        return (match[0][:-1] + "s") % text(value)

    return _VERB.sub(verb, form)


def _dict(*pairs: Any) -> dict[str, Any]:
    return {text(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=False)}


def _slug(value: str) -> str:
    """Argo CD's ``normalize``: what a DNS label may be."""
    return re.sub(r"[^a-z0-9.-]", "-", value.lower())[:253].strip("-.")


def _from_yaml(value: str) -> Any:
    documents = load_stream(value.encode("utf-8", "surrogatepass"), "")
    if not documents or documents[0].problem:
        raise TemplateError("fromYaml of what is no YAML")
    return documents[0].body


def _from_json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise TemplateError("fromJson of what is no JSON") from error


def _indent(width: int, value: str) -> str:
    pad = " " * min(_number(width), 200)
    return pad + value.replace("\n", "\n" + pad)


def _substring(start: int, end: int, value: str) -> str:
    start = max(start, 0)
    return value[start:] if end < 0 or end > len(value) else value[start:end]


def _trunc(width: int, value: str) -> str:
    return value[width:] if width < 0 else value[:width]


def _replace(old: str, new: str, value: str) -> str:
    if value.count(old) * len(new) > MAX_TEXT:
        raise TemplateError("replace makes too much text")
    return value.replace(old, new)


def _decoded(value: str) -> str:
    try:
        return b64decode(value, validate=True).decode()
    except ValueError as error:
        raise TemplateError("b64dec of what is no base64") from error


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": lambda *values: sum(map(_number, values)),
    "append": lambda values, item: [*values, item],
    "b64dec": lambda value: _decoded(text(value)),
    "b64enc": lambda value: b64encode(text(value).encode()).decode(),
    "coalesce": lambda *values: next((value for value in values if truth(value)), None),
    "contains": lambda part, value: text(part) in text(value),
    "default": lambda fallback, value=None: value if truth(value) else fallback,
    "dict": _dict,
    "empty": lambda value: not truth(value),
    "eq": _equal,
    "first": lambda values: values[0] if values else None,
    "fromJson": lambda value: _from_json(text(value)),
    "fromYaml": lambda value: _from_yaml(text(value)),
    "ge": _compare(lambda first, second: first >= second),
    "get": lambda values, key: values.get(key, ""),
    "gt": _compare(lambda first, second: first > second),
    "has": lambda item, values: item in values,
    "hasKey": lambda values, key: key in values,
    "hasPrefix": lambda part, value: text(value).startswith(text(part)),
    "hasSuffix": lambda part, value: text(value).endswith(text(part)),
    "indent": lambda width, value: _indent(width, text(value)),
    "index": _index,
    "int": _number,
    "join": lambda between, values: text(between).join(map(text, values)),
    "keys": lambda values: sorted(values),
    "last": lambda values: values[-1] if values else None,
    "le": _compare(lambda first, second: first <= second),
    "len": lambda value: len(value),
    "list": lambda *values: [*values],
    "lower": lambda value: text(value).lower(),
    "lt": _compare(lambda first, second: first < second),
    "max": lambda *values: max(map(_number, values)),
    "min": lambda *values: min(map(_number, values)),
    "mul": lambda *values: _product(values),
    "ne": lambda first, second: not _equal(first, second),
    "nindent": lambda width, value: "\n" + _indent(width, text(value)),
    "normalize": lambda value: _slug(text(value)),
    "not": lambda value: not truth(value),
    "print": lambda *values: "".join(map(text, values)),
    "printf": lambda form, *values: _printf(text(form), *values),
    "quote": lambda *values: " ".join(json.dumps(text(value), ensure_ascii=False) for value in values),
    "replace": lambda old, new, value: _replace(text(old), text(new), text(value)),
    "split": lambda between, value: {
        f"_{at}": part for at, part in enumerate(text(value).split(text(between)))
    },
    "splitList": lambda between, value: text(value).split(text(between)),
    "squote": lambda *values: " ".join(f"'{text(value)}'" for value in values),
    "sub": lambda first, second: _number(first) - _number(second),
    "substr": lambda start, end, value: _substring(_number(start), _number(end), text(value)),
    "ternary": lambda yes, no, test: yes if test else no,
    "title": lambda value: text(value).title(),
    "toJson": lambda value: json.dumps(value),
    "toString": text,
    "toYaml": lambda value: json.dumps(value) if type(value) in (dict, list) else text(value),
    "trim": lambda value: text(value).strip(),
    "trimAll": lambda letters, value: text(value).strip(text(letters)),
    "trimPrefix": lambda part, value: text(value).removeprefix(text(part)),
    "trimSuffix": lambda part, value: text(value).removesuffix(text(part)),
    "trunc": lambda width, value: _trunc(_number(width), text(value)),
    "upper": lambda value: text(value).upper(),
    "values": lambda values: [values[key] for key in sorted(values)],
}
"""By name; arguments in Go's order, the piped value last. ``and`` and ``or`` are the evaluator's own."""


def _product(values: tuple[Any, ...]) -> int:
    result = 1
    for value in values:
        result *= _number(value)
        if abs(result) > 1 << 62:
            raise TemplateError("mul overflows")
    return result
