"""Encodings: JSON, YAML, CSV, base64, URL; and digests."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import urllib.parse

from auditor.patterns import regex
from auditor.terraform.errors import EvaluationError
from auditor.terraform.functions.context import Context, Function
from auditor.terraform.limits import Budget
from auditor.terraform.unknowns import TfEncoded
from auditor.terraform.values import first_unknown, number_text, text
from auditor.unknown import Unknown, UnknownUsed

GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
GO_ESCAPE = regex("[<>&\u2028\u2029]")


def json_text(value: object, budget: Budget) -> str:
    """JSON as Terraform writes it: keys sorted, no spaces, HTML's characters escaped."""
    budget.spend(1)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        budget.string(len(value))
        quoted = json.dumps(value, ensure_ascii=False)
        return GO_ESCAPE.sub(lambda found: GO_ESCAPES[found.group()], quoted)
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, dict):
        items = [f"{json_text(key, budget)}:{json_text(value[key], budget)}" for key in sorted(value)]
        return _closed("{", items, "}", budget)
    if isinstance(value, list):
        return _closed("[", [json_text(item, budget) for item in value], "]", budget)
    if isinstance(value, Unknown):
        raise UnknownUsed(value)
    raise EvaluationError("this value has no JSON form")


def _closed(opening: str, items: list[str], closing: str, budget: Budget) -> str:
    budget.string(sum(map(len, items)) + len(items))
    return opening + ",".join(items) + closing


def jsonencode(ctx: Context, value: object) -> object:
    inside = first_unknown(value, ctx.budget)
    return json_text(value, ctx.budget) if inside is None else TfEncoded(value, inside)


def jsondecode(ctx: Context, value: object) -> object:
    if isinstance(value, TfEncoded):
        return value.value
    source = text(value)
    ctx.budget.spend(len(source))
    try:
        return _numbers(json.loads(source))
    except (ValueError, RecursionError):
        raise EvaluationError("jsondecode() takes JSON") from None


def _numbers(value: object) -> object:
    if isinstance(value, float):
        if value != value or abs(value) == float("inf"):
            raise ValueError("not a number")
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return value


def base64encode(ctx: Context, value: object) -> object:
    return base64.b64encode(text(value).encode()).decode()


def base64decode(ctx: Context, value: object) -> object:
    try:
        return base64.b64decode(text(value), validate=True).decode()
    except (binascii.Error, ValueError):
        raise EvaluationError("base64decode() takes base64 of UTF-8 text") from None


def urlencode(ctx: Context, value: object) -> object:
    return urllib.parse.quote_plus(text(value), safe="")


def csvdecode(ctx: Context, value: object) -> object:
    import csv
    import io

    source = text(value)
    ctx.budget.spend(len(source))
    try:
        rows = list(csv.reader(io.StringIO(source), strict=True))
    except csv.Error:
        raise EvaluationError("csvdecode() takes CSV") from None
    rows = [row for row in rows if row]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise EvaluationError("csvdecode() takes rows of one length below a header")
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def digest(name: str, *, base64_form: bool = False) -> Function:
    """A function that gives the digest of its text."""

    def function(ctx: Context, value: object) -> object:
        return digest_text(name, text(value).encode(), base64_form=base64_form)

    return function


def digest_text(name: str, data: bytes, *, base64_form: bool = False) -> str:
    made = hashlib.new(name, data, usedforsecurity=False)
    return base64.b64encode(made.digest()).decode() if base64_form else made.hexdigest()


def textencodebase64(ctx: Context, value: object, encoding: object) -> object:
    try:
        return base64.b64encode(text(value).encode(_codec(text(encoding)))).decode()
    except (LookupError, UnicodeError):
        raise EvaluationError("textencodebase64() does not know the encoding") from None


def textdecodebase64(ctx: Context, value: object, encoding: object) -> object:
    try:
        return base64.b64decode(text(value), validate=True).decode(_codec(text(encoding)))
    except (LookupError, UnicodeError, binascii.Error):
        raise EvaluationError("textdecodebase64() cannot decode the text") from None


def _codec(name: str) -> str:
    known = {"UTF-8": "utf-8", "UTF-16LE": "utf-16-le", "UTF-16BE": "utf-16-be", "ISO-8859-1": "latin-1"}
    if name.upper() not in known:
        raise UnknownUsed(Unknown(f"the character encoding {name} is not evaluated here"))
    return known[name.upper()]


FUNCTIONS: dict[str, Function] = {
    "base64decode": base64decode,
    "base64encode": base64encode,
    "base64sha256": digest("sha256", base64_form=True),
    "base64sha512": digest("sha512", base64_form=True),
    "csvdecode": csvdecode,
    "jsondecode": jsondecode,
    "jsonencode": jsonencode,
    "md5": digest("md5"),
    "sha1": digest("sha1"),
    "sha256": digest("sha256"),
    "sha512": digest("sha512"),
    "textdecodebase64": textdecodebase64,
    "textencodebase64": textencodebase64,
    "urlencode": urlencode,
}
