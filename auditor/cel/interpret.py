"""The exact path: walks the syntax tree with CEL's rules for errors and unknowns.

An unknown is a value here. A strict operation with an unknown operand is unknown; ``&&``, ``||``, ``all``
and ``exists`` absorb unknowns and errors when another term decides; where none decides, unknown wins over
error, for the unknown term may still turn out to decide. Everywhere else an error that would happen whatever
the unknown is stays an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from auditor.cel import operators, syntax
from auditor.cel.errors import CelError, position
from auditor.cel.implementations import load
from auditor.cel.library import GLOBALS, MEMBERS, METHOD
from auditor.cel.syntax import Call, Comprehension, Has, Ident, Index, Literal, Node, Select, Unary
from auditor.cel.unknowns import combine
from auditor.cel.values import NONE, Optional, refuse, type_name
from auditor.unknown import Unknown, UnknownUsed

Scope = dict[str, Any]

_BINARY: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operators.eq,
    "!=": operators.ne,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
    "in": operators.contains,
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": operators.div,
    "%": operators.mod,
}
_LAZY: Final = frozenset({"or", "orValue"})


class Interpreter:
    """Evaluates one tree; ``source`` turns offsets into lines and columns."""

    __slots__ = ("source", "tree")

    def __init__(self, source: str, tree: Node) -> None:
        self.source = source
        self.tree = tree

    def run(self, variables: Mapping[str, object]) -> object:
        """The value, possibly an :class:`Unknown`; raises :class:`CelError`."""
        try:
            return _Run(self.source, variables).value(self.tree, {})
        except RecursionError:
            raise CelError("the data or the expression nest too deeply", 1, 1) from None


class _Run:
    __slots__ = ("source", "variables")

    def __init__(self, source: str, variables: Mapping[str, object]) -> None:
        self.source = source
        self.variables = variables

    def value(self, node: Node, scope: Scope) -> Any:
        try:
            return _EVALUATORS[type(node)](self, node, scope)
        except UnknownUsed as used:
            return used.unknown
        except CelError as error:
            if not error.line:
                error.line, error.column = position(self.source, node.at)
            raise
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise CelError(f"{type(error).__name__}: {error}", *position(self.source, node.at)) from None

    def condition(self, node: Node, scope: Scope) -> Any:
        """A boolean or an unknown."""
        value = self.value(node, scope)
        if type(value) is bool or isinstance(value, Unknown):
            return value
        raise CelError(f"expected a bool, got {type_name(value)}", *position(self.source, node.at))

    def known(self, nodes: Iterable[Node], scope: Scope) -> list[Any]:
        """Strict operands; raises ``UnknownUsed`` with all that are unknown."""
        values = [self.value(node, scope) for node in nodes]
        unknowns = [value for value in values if isinstance(value, Unknown)]
        if unknowns:
            raise UnknownUsed(combine(unknowns))
        return values

    # -- leaves and fields
    def literal(self, node: Literal, _: Scope) -> Any:
        return node.value

    def ident(self, node: Ident, scope: Scope) -> Any:
        if node.name in scope:
            return scope[node.name]
        name = node.name.lstrip(".")
        if name in self.variables:
            return self.variables[name]
        raise CelError(f"undeclared reference to {name!r}: no such variable was given")

    def select(self, node: Select, scope: Scope) -> Any:
        (operand,) = self.known([node.operand], scope)
        return (operators.optional_select if node.optional else operators.select)(operand, node.field)

    def has(self, node: Has, scope: Scope) -> Any:
        (operand,) = self.known([node.operand], scope)
        return operators.has(operand, node.field)

    def index(self, node: Index, scope: Scope) -> Any:
        operand, key = self.known([node.operand, node.key], scope)
        return (operators.optional_index if node.optional else operators.index)(operand, key)

    # -- operators
    def unary(self, node: Unary, scope: Scope) -> Any:
        (operand,) = self.known([node.operand], scope)
        return operators.invert(operand) if node.operator == "!" else operators.neg(operand)

    def binary(self, node: syntax.Binary, scope: Scope) -> Any:
        left, right = self.known([node.left, node.right], scope)
        return _BINARY[node.operator](left, right)

    def logic(self, node: syntax.Logic, scope: Scope) -> Any:
        return self.decide(node.operator == "||", ((term, scope) for term in node.terms))

    def decide(self, decisive: bool, terms: Iterable[tuple[Node, Scope]]) -> Any:
        unknowns: list[Unknown] = []
        failure: CelError | None = None
        for node, scope in terms:
            try:
                value = self.condition(node, scope)
            except CelError as error:
                failure = failure or error
                continue
            if value is decisive:
                return decisive
            if isinstance(value, Unknown):
                unknowns.append(value)
        if unknowns:
            return combine(unknowns)
        if failure is not None:
            raise failure
        return not decisive

    def ternary(self, node: syntax.Ternary, scope: Scope) -> Any:
        condition = self.condition(node.condition, scope)
        if isinstance(condition, Unknown):
            return condition
        return self.value(node.yes if condition else node.no, scope)

    # -- lists and maps
    def list_of(self, node: syntax.ListOf, scope: Scope) -> Any:
        built: list[Any] = []
        for optional, item in node.items:
            value = self.value(item, scope)
            built.extend(operators.content_of(value) if optional else (value,))
        return built

    def map_of(self, node: syntax.MapOf, scope: Scope) -> Any:
        built: operators.Map = {}
        for optional, key_node, value_node in node.entries:
            (key,) = self.known([key_node], scope)
            value = self.value(value_node, scope)
            for content in operators.content_of(value) if optional else (value,):
                operators.put(built, key, content)
        return built

    # -- comprehensions
    def comprehension(self, node: Comprehension, scope: Scope) -> Any:
        (source,) = self.known([node.source], scope)
        rows = self.rows(node, source, scope)
        if node.kind in ("all", "exists"):
            return self.decide(node.kind == "exists", ((node.body, row) for row in rows))
        if node.kind in ("exists_one", "existsOne"):
            return self.exactly_one(node, rows)
        if node.kind == "filter":
            return [row[node.variables[0]] for row in self.chosen(node.body, rows)]
        chosen = rows if node.where is None else self.chosen(node.where, rows)
        return self.transformed(node, chosen)

    def rows(self, node: Comprehension, source: Any, scope: Scope) -> Iterator[Scope]:
        if len(node.variables) == 1:
            (name,) = node.variables
            return ({**scope, name: element} for element in operators.each(source))
        first, second = node.variables
        return ({**scope, first: a, second: b} for a, b in operators.each_pair(source))

    def exactly_one(self, node: Comprehension, rows: Iterator[Scope]) -> Any:
        values = [self.condition(node.body, row) for row in rows]
        unknowns = [value for value in values if isinstance(value, Unknown)]
        found = sum(value is True for value in values)
        return combine(unknowns) if unknowns and found < 2 else found == 1

    def chosen(self, test: Node, rows: Iterator[Scope]) -> list[Scope]:
        judged = [(self.condition(test, row), row) for row in rows]
        unknowns = [value for value, _ in judged if isinstance(value, Unknown)]
        if unknowns:
            raise UnknownUsed(combine(unknowns))
        return [row for value, row in judged if value]

    def transformed(self, node: Comprehension, rows: Iterable[Scope]) -> Any:
        if node.kind in ("map", "transformList"):
            return [self.value(node.body, row) for row in rows]
        pairs = [(row[node.variables[0]], self.value(node.body, row)) for row in rows]
        if node.kind == "transformMap":
            return operators.new_map(*pairs)
        unknowns = [body for _, body in pairs if isinstance(body, Unknown)]
        if unknowns:
            return combine(unknowns)
        if node.kind == "transformMapEntry":
            return operators.new_map(*[entry for _, body in pairs for entry in operators.entries_of(body)])
        return load("lists", "sort_by")([(key, element) for element, key in pairs])

    def bind(self, node: syntax.Bind, scope: Scope) -> Any:
        if node.kind == "bind":
            return self.value(node.body, {**scope, node.variable: self.value(node.value, scope)})
        (optional,) = self.known([node.value], scope)
        apply = operators.optional_map if node.kind == "optMap" else operators.optional_flat_map
        return apply(optional, lambda content: self.value(node.body, {**scope, node.variable: content}))

    # -- functions
    def call(self, node: Call, scope: Scope) -> Any:
        if node.member and node.name in _LAZY:
            return self.alternative(node, scope)
        arguments = self.known(node.args, scope)
        function = (MEMBERS if node.member else GLOBALS)[node.name]
        if function.module == METHOD:
            return operators.call_method(arguments[0], node.name, *arguments[1:])
        return load(function.module, function.attribute)(*arguments)

    def alternative(self, node: Call, scope: Scope) -> Any:
        """``a.or(b)`` and ``a.orValue(b)``: b is not looked at when a has a value."""
        (optional,) = self.known(node.args[:1], scope)
        if type(optional) is not Optional:
            refuse(node.name, optional)
        if optional is not NONE:
            return optional if node.name == "or" else optional.content
        other = self.value(node.args[1], scope)
        if node.name == "or" and type(other) is not Optional:
            refuse("or", optional, other)
        return other


_EVALUATORS: Final[dict[type, Callable[[_Run, Any, Scope], Any]]] = {
    Literal: _Run.literal,
    Ident: _Run.ident,
    Select: _Run.select,
    Has: _Run.has,
    Index: _Run.index,
    Call: _Run.call,
    Unary: _Run.unary,
    syntax.Binary: _Run.binary,
    syntax.Logic: _Run.logic,
    syntax.Ternary: _Run.ternary,
    syntax.ListOf: _Run.list_of,
    syntax.MapOf: _Run.map_of,
    Comprehension: _Run.comprehension,
    syntax.Bind: _Run.bind,
}
