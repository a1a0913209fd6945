"""PromQL: whether an expression is one, and which metrics it asks for. Parsed by ``promql-parser``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from auditor.patterns import regex

MAX_TOKENS = 1500
"""The parser recurses in native code and dies beyond some thousands of nested operators; the longest
expressions of public rule collections have about 400 tokens."""
MAX_LENGTH = 50_000

_TOKEN = regex(r'#[^\n]*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`|[\w:.$]+|\S', re.DOTALL)
_VARIABLE = regex(r"\$\{[^}]*\}|\[\[\w+(?::\w+)?\]\]|\$\w+")
_IN_RANGE = regex(r"(?<=[\[:])\s*(?:\$\{[^}]*\}|\$\w+)\s*(?=[\]:])")
_MILLISECONDS = regex(r"\$\{?__(?:interval_ms|range_s|range_ms)\}?")
_NAME = regex(r"[A-Za-z_:][\w:]*")
_LABEL_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_KEYWORDS = frozenset(
    """
    and or unless atan2 bool offset inf nan start end smoothed anchored sum avg min max count group
    stddev stdvar topk bottomk quantile count_values limitk limit_ratio by without on ignoring
    group_left group_right
    """.split()  # noqa: SIM905 - a list would be a page long
)
_STAND_INS = ("x", "1", "5m")
_OLD_FUNCTIONS = {"holt_winters": "double_exponential_smoothing"}
"""Prometheus 3 renamed them; both releases are in use."""


class Query(NamedTuple):
    """``error`` is '' when the expression parses; ``metrics`` are the names it selects, sorted.

    ``undecided`` says why neither can be told: a template, another language, or an expression too long.
    """

    error: str
    metrics: tuple[str, ...]
    undecided: str = ""


@lru_cache(maxsize=4096)
def check(text: str) -> Query:
    """Parse one expression of a rule."""
    tokens = _TOKEN.findall(text) if len(text) <= MAX_LENGTH else []
    if len(text) > MAX_LENGTH or len(tokens) > MAX_TOKENS:
        return Query("", (), "the expression is too long to be parsed")
    if "{{" in text or "|" in tokens:
        return Query("", (), "the expression is a template or no PromQL")
    return _parsed(text)


@lru_cache(maxsize=4096)
def check_panel(text: str) -> Query:
    """Parse the query of a Grafana panel: variables stand for a name, a number or a duration."""
    plain = _MILLISECONDS.sub("1", _IN_RANGE.sub("5m", text))
    if _VARIABLE.search(plain) is None:
        return check(plain)
    answers = [check(_VARIABLE.sub(word, plain)) for word in _STAND_INS]
    good = next((each for each in answers if not each.error), None)
    if good is None:
        quoted = "".join(token for token in _TOKEN.findall(plain) if token[0] not in "\"'`")
        if _VARIABLE.search(quoted):
            return Query("", (), "the query is put together from variables of the dashboard")
        return answers[0]
    written = (name for name in good.metrics if re.search(rf"(?<![\w:$]){re.escape(name)}(?![\w:$])", text))
    return good._replace(metrics=tuple(written))


def _parsed(text: str) -> Query:
    import promql_parser

    for old, new in _OLD_FUNCTIONS.items():
        text = re.sub(rf"\b{old}(?=\s*\()", new, text)
    try:
        promql_parser.parse(text)
    except ValueError as error:
        return Query(str(error).strip() or "not PromQL", ())
    return Query("", tuple(sorted(set(_names(_TOKEN.findall(text))))))


def _names(tokens: list[str]) -> Iterator[str]:
    """Metric names among the tokens of an expression that parses.

    The parser's own tree is not walked: each step copies the subtree, which takes minutes for a hostile chain
    of a thousand operators.
    """
    at = 0
    while at < len(tokens):
        token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
        if token == "{":
            end = tokens.index("}", at)
            yield from _named_by_matcher(tokens[at + 1 : end])
            at = end
        elif token == "[":
            at = tokens.index("]", at)
        elif token.lower() in _LABEL_LISTS and following == "(":
            at = tokens.index(")", at)
        elif _NAME.fullmatch(token) and following != "(" and token.lower() not in _KEYWORDS:
            yield token
        at += 1


def _named_by_matcher(matchers: list[str]) -> Iterator[str]:
    """The name in ``{__name__="…"}`` and in ``{"…"}``."""
    for at, token in enumerate(matchers):
        before = matchers[at - 1] if at else ","
        alone = at + 1 == len(matchers) or matchers[at + 1] == ","
        named = before == "," or (before == "=" and matchers[at - 2] == "__name__")
        if token[0] in "\"'`" and alone and named:
            yield token[1:-1]
