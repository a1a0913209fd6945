"""PromQL read just far enough to say what a scaler's query does: its tree, without types.

Grammar: https://prometheus.io/docs/prometheus/latest/querying/basics/ and …/operators/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from auditor.unknown import Unknown

AGGREGATIONS = frozenset(
    {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile"}
    | {"count_values", "limitk", "limit_ratio"}
)
LEVELS = (
    ("or",),
    ("and", "unless"),
    ("==", "!=", "<=", ">=", "<", ">"),
    ("+", "-"),
    ("*", "/", "%", "atan2"),
)
"""Binary operators, the loosest first; ``^`` binds tightest of all."""

DEEPEST = 60
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<duration>\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*)
    |(?P<name>[A-Za-z_:][\w:]*)
    |(?P<op>==|!=|<=|>=|=~|!~|[-+*/%^<>=(){}\[\],@:])""",
    re.VERBOSE,
)


class Node(Struct):
    """``kind``: number, string, selector, call, aggregation or binary.

    ``name`` is the number, metric, function or operator; ``labels`` are the matchers of a selector (name →
    operator and value); ``keeps`` the labels that an aggregation leaves (``*`` after ``without``).
    """

    kind: str
    name: str
    args: list[Node] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and everything below it."""
        yield self
        for arg in self.args:
            yield from arg.walk()

    def any(self, *names: str) -> bool:
        """Whether a function or aggregation of one of these names stands in it."""
        return any(node.kind in ("call", "aggregation") and node.name in names for node in self.walk())


class Unreadable(Exception):
    """The text is no PromQL that this reader knows."""


def read(query: str) -> Node | Unknown:
    """The tree of a query; Unknown when it cannot be read."""
    try:
        parser = _Parser(list(_tokens(query)))
        node = parser.expression(0, 0)
        if parser.peek() != "":
            raise Unreadable
    except Unreadable:
        return Unknown("the Prometheus query could not be read", "correct the query, or report it")
    return node


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(query):
        found = _TOKEN.match(query, at)
        if found is None:
            raise Unreadable
        at = found.end()
        if found.lastgroup:
            yield found.lastgroup, found.group()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self, ahead: int = 0) -> str:
        """The text of a coming token; '' at the end."""
        at = self._at + ahead
        return self._tokens[at][1] if at < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        text = self.peek()
        if not text or (wanted and text != wanted):
            raise Unreadable
        self._at += 1
        return text

    def expression(self, level: int, depth: int) -> Node:
        """A chain of binary operators of this level or tighter."""
        if depth > DEEPEST:
            raise Unreadable
        if level == len(LEVELS):
            return self._power(depth)
        left = self.expression(level + 1, depth)
        while self.peek().lower() in LEVELS[level] and self._kind() in ("op", "name"):
            operator = self._take().lower()
            self._modifiers()
            left = Node("binary", operator, [left, self.expression(level + 1, depth + 1)])
        return left

    def _modifiers(self) -> None:
        """``bool``, ``on (…)``, ``ignoring (…)``, ``group_left (…)``: they change no tree."""
        while self.peek() in ("bool", "on", "ignoring", "group_left", "group_right"):
            word = self._take()
            if word != "bool" and self.peek() == "(":
                self._names()

    def _power(self, depth: int) -> Node:
        if self.peek() in ("-", "+"):
            self._take()
            return self._power(depth + 1) if depth < DEEPEST else self._stop()
        left = self._postfix(self._atom(depth))
        if self.peek() == "^":
            self._take()
            self._modifiers()
            return Node("binary", "^", [left, self._power(depth + 1)])
        return left

    def _stop(self) -> Node:
        raise Unreadable

    def _postfix(self, node: Node) -> Node:
        """Ranges, subqueries, ``offset`` and ``@``: when, not what."""
        while self.peek() in ("[", "offset", "@"):
            word = self._take()
            if word == "[":
                while self._take() != "]":
                    pass
            else:
                if self.peek() == "-":
                    self._take()
                self._take()
                if self.peek() == "(":
                    self._names()
        return node

    def _atom(self, depth: int) -> Node:
        kind, text = self._kind(), self.peek()
        if text == "(":
            self._take()
            node = self.expression(0, depth + 1)
            self._take(")")
            return node
        if text == "{":
            return Node("selector", "", labels=self._matchers())
        if kind in ("number", "string"):
            return Node(kind, self._take())
        if kind != "name":
            raise Unreadable
        return self._named(self._take(), depth)

    def _named(self, name: str, depth: int) -> Node:
        if name.lower() in AGGREGATIONS and self.peek() in ("(", "by", "without"):
            return self._aggregation(name.lower(), depth)
        if self.peek() == "(":
            return Node("call", name, self._arguments(depth))
        if name.lower() in ("inf", "nan"):
            return Node("number", name)
        return Node("selector", name, labels=self._matchers() if self.peek() == "{" else {})

    def _aggregation(self, name: str, depth: int) -> Node:
        keeps = self._grouping()
        args = self._arguments(depth)
        return Node("aggregation", name, args, keeps=keeps or self._grouping())

    def _grouping(self) -> tuple[str, ...]:
        """The labels that remain: those of ``by``; ``*`` for whatever ``without`` leaves."""
        if self.peek() == "by":
            self._take()
            return tuple(self._names())
        if self.peek() == "without":
            self._take()
            self._names()
            return ("*",)
        return ()

    def _arguments(self, depth: int) -> list[Node]:
        self._take("(")
        args: list[Node] = []
        while self.peek() != ")":
            args.append(self.expression(0, depth + 1))
            if self.peek() == ",":
                self._take()
        self._take(")")
        return args

    def _names(self) -> list[str]:
        self._take("(")
        names = []
        while self.peek() != ")":
            word = self._take()
            if word != ",":
                names.append(word)
        self._take(")")
        return names

    def _matchers(self) -> dict[str, str]:
        self._take("{")
        found: dict[str, str] = {}
        while self.peek() != "}":
            name = self._take()
            if self.peek() in ("=", "!=", "=~", "!~"):
                found[name] = self._take() + self._take().strip("\"'`")
            if self.peek() == ",":
                self._take()
        self._take("}")
        return found
