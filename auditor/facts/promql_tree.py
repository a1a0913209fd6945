"""What a PromQL query computes, as a small tree of plain nodes; parsed by ``promql-parser``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct, field

from auditor.facts.promql import check
from auditor.unknown import Unknown

DEEPEST = 60
"""Steps down. Each copies what is below it in the parser's own tree, so a hostile chain costs its square."""


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


def read(query: str) -> Node | Unknown:
    """The tree of a query; Unknown when it cannot be read."""
    checked = check(query)
    if checked.error or checked.undecided:
        return _UNREADABLE
    import promql_parser

    try:
        return _node(promql_parser.parse(query), 0)
    except _TooDeep:
        return _UNREADABLE


class _TooDeep(Exception):
    """More steps down than anybody writes."""


_UNREADABLE = Unknown("the Prometheus query could not be read", "correct the query, or report it")


def _node(parsed: Any, depth: int) -> Node:
    """Ranges, offsets, signs, brackets and how sides match say when and how, not what: they make no node."""
    if depth > DEEPEST:
        raise _TooDeep
    return _MAKERS[type(parsed).__name__](parsed, depth + 1)


def _binary(parsed: Any, depth: int) -> Node:
    return Node("binary", str(parsed.op), [_node(parsed.lhs, depth), _node(parsed.rhs, depth)])


def _aggregation(parsed: Any, depth: int) -> Node:
    args = [_node(each, depth) for each in (parsed.param, parsed.expr) if each is not None]
    return Node("aggregation", str(parsed.op), args, keeps=_keeps(parsed.modifier))


def _keeps(modifier: Any) -> tuple[str, ...]:
    if modifier is None:
        return ()
    return tuple(modifier.labels) if str(modifier.type).endswith("By") else ("*",)


def _call(parsed: Any, depth: int) -> Node:
    return Node("call", parsed.func.name, [_node(each, depth) for each in parsed.args])


def _selector(parsed: Any, _: int) -> Node:
    labels = {each.name: f"{_OPERATORS[str(each.op)]}{each.value}" for each in parsed.matchers.matchers}
    return Node("selector", parsed.name or "", labels=labels)


_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_MAKERS: dict[str, Callable[[Any, int], Node]] = {
    "BinaryExpr": _binary,
    "AggregateExpr": _aggregation,
    "VectorSelector": _selector,
    "Call": _call,
    "MatrixSelector": lambda parsed, depth: _node(parsed.vector_selector, depth),
    "SubqueryExpr": lambda parsed, depth: _node(parsed.expr, depth),
    "ParenExpr": lambda parsed, depth: _node(parsed.expr, depth),
    "UnaryExpr": lambda parsed, depth: _node(parsed.expr, depth),
    "NumberLiteral": lambda parsed, _: Node("number", f"{parsed.val:g}"),
    "StringLiteral": lambda parsed, _: Node("string", parsed.val),
}
