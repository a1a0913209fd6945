"""PromQL: whether an expression is one, and which metrics it asks for. Parsed by ``promql-parser``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

MAX_TOKENS = 1500
"""The parser recurses in native code and dies beyond some thousands of nested operators; the longest
expressions of public rule collections have about 400 tokens."""
MAX_LENGTH = 50_000

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`|[\w:.$]+|\S', re.DOTALL)
_VARIABLE = re.compile(r"\$\{[^}]*\}|\[\[\w+(?::\w+)?\]\]|\$\w+")
_IN_RANGE = re.compile(r"(?<=[\[:])\s*(?:\$\{[^}]*\}|\$\w+)\s*(?=[\]:])")
_MILLISECONDS = re.compile(r"\$\{?__(?:interval_ms|range_s|range_ms)\}?")
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
    named = {match for match in good.metrics if _VARIABLE.sub("x", match) == match}
    built = {name for name in named if "x" in name and not re.search(rf"\b{re.escape(name)}\b", text)}
    return good._replace(metrics=tuple(sorted(named - built - {"x"})))


def _parsed(text: str) -> Query:
    import promql_parser

    for old, new in _OLD_FUNCTIONS.items():
        text = re.sub(rf"\b{old}(?=\s*\()", new, text)
    names: set[str] = set()

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            names.update(_names(node))
        return True

    try:
        promql_parser.walk(promql_parser.parse(text), note)
    except ValueError as error:
        return Query(str(error).strip() or "not PromQL", ())
    except RecursionError:
        return Query("", (), "the expression is nested too deeply to be parsed")
    return Query("", tuple(sorted(names)))


def _names(node: Any) -> list[str]:
    if node.name:
        return [node.name]
    matchers = node.matchers.matchers
    return [
        each.value
        for each in matchers
        if each.name == "__name__" and str(each.op).endswith("Equal") and "Not" not in str(each.op)
    ]
