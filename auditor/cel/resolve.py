"""Names: variables, types, functions, and the field paths that an expression reads."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from auditor.cel import syntax
from auditor.cel.errors import CelSyntaxError, position
from auditor.cel.library import GLOBALS, MANY, MEMBERS, NAMESPACES, Function
from auditor.cel.macros import MACROS
from auditor.cel.syntax import Call, Has, Ident, Index, Literal, Node, Select
from auditor.cel.values import TYPES

Path = tuple[str, ...]
Scope = frozenset[str]
_TAKEN: Final = frozenset({*TYPES, *NAMESPACES, "cel"})
_CONSTANT_PATTERN: Final = frozenset({"matches", "find", "findAll"})


def resolve(source: str, tree: Node, variables: Collection[str] | None) -> tuple[Node, frozenset[Path]]:
    """The tree with types and namespaced functions put in place, and the paths that it reads."""
    if variables is not None and not _TAKEN.isdisjoint(variables):
        raise ValueError(
            f"names of types and namespaces cannot be variables: {sorted(_TAKEN.intersection(variables))}"
        )
    resolver = _Resolver(source, variables)
    return resolver.visit(tree, frozenset()), frozenset(resolver.reads)


def literal_key(node: Node) -> str | None:
    """The field name if ``node`` selects a field whose name is known: ``a.f``, ``has(a.f)``, ``a['f']``."""
    if type(node) is Select or type(node) is Has:
        return node.field
    if type(node) is Index and type(node.key) is Literal and type(node.key.value) is str:
        return node.key.value
    return None


class _Resolver:
    def __init__(self, source: str, variables: Collection[str] | None) -> None:
        self.source = source
        self.variables = variables
        self.reads: set[Path] = set()

    def fail(self, message: str, at: int) -> CelSyntaxError:
        return CelSyntaxError(message, *position(self.source, at))

    def visit(self, node: Node, scope: Scope) -> Node:
        if literal_key(node) is not None:
            return self.chain(node, scope)
        return _VISITORS[type(node)](self, node, scope)

    def chain(self, node: Any, scope: Scope) -> Node:
        """Field selections down to the variable they begin with."""
        fields: list[str] = []
        base, innermost = node, node
        while (field := literal_key(base)) is not None:
            fields.append(field)
            base, innermost = base.operand, base
        if type(base) is Ident and base.name not in scope:
            known_type = self.qualified_type(base, fields, node)
            if known_type is not None:
                return known_type
            self.read(base, fields)
        else:
            innermost.operand = self.visit(base, scope)
        return node  # type: ignore[no-any-return]

    def qualified_type(self, base: Ident, fields: list[str], node: Node) -> Node | None:
        name = ".".join([base.name.lstrip("."), *reversed(fields)])
        if name in TYPES and type(node) is Select:
            return Literal(base.at, TYPES[name])
        return None

    def read(self, base: Ident, fields: list[str]) -> None:
        name = base.name.lstrip(".")
        if self.variables is not None and name not in self.variables:
            raise self.fail(f"undeclared variable {name!r}{_nearest(name, self.variables)}", base.at)
        self.reads.add((name, *reversed(fields)))

    def ident(self, node: Ident, scope: Scope) -> Node:
        if node.name in scope:
            return node
        name = node.name.lstrip(".")
        if name in TYPES:
            return Literal(node.at, TYPES[name])
        self.read(node, [])
        return node

    def literal(self, node: Literal, _: Scope) -> Node:
        return node

    def index(self, node: Index, scope: Scope) -> Node:
        node.operand, node.key = self.visit(node.operand, scope), self.visit(node.key, scope)
        return node

    def call(self, node: Call, scope: Scope) -> Node:
        if node.member:
            self.namespaced(node, scope)
        function = (MEMBERS if node.member else GLOBALS).get(node.name)
        if function is None:
            raise self.undeclared(node)
        self.check_arguments(node, function)
        node.args = [self.visit(argument, scope) for argument in node.args]
        return node

    def namespaced(self, node: Call, scope: Scope) -> None:
        """``math.abs(x)`` was read as a member function of a variable ``math``."""
        target = node.args[0]
        if type(target) is not Ident or target.name not in NAMESPACES or target.name in scope:
            return
        node.name, node.member = f"{target.name}.{node.name}", False
        del node.args[0]

    def check_arguments(self, node: Call, function: Function) -> None:
        if not function.fewest <= len(node.args) <= function.most:
            shift = int(node.member)
            fewest, most, found = function.fewest - shift, function.most - shift, len(node.args) - shift
            wanted = (
                str(fewest)
                if fewest == most
                else f"{fewest} or more"
                if function.most == MANY
                else f"{fewest} to {most}"
            )
            raise self.fail(f"{node.name}() takes {wanted} arguments, not {found}", node.at)
        if (
            node.name in _CONSTANT_PATTERN
            and type(node.args[1]) is Literal
            and type(node.args[1].value) is str
        ):
            self.check_pattern(node.args[1].value, node.args[1].at)

    def check_pattern(self, pattern: str, at: int) -> None:
        from auditor.cel.functions.regexes import compile_pattern

        try:
            compile_pattern(pattern)
        except ValueError as error:
            raise self.fail(str(error), at) from None

    def undeclared(self, node: Call) -> CelSyntaxError:
        names = {*MEMBERS, *MACROS} if node.member else {*GLOBALS, "has"}
        return self.fail(f"undeclared function {node.name!r}{_nearest(node.name, names)}", node.at)

    def unary(self, node: syntax.Unary, scope: Scope) -> Node:
        node.operand = self.visit(node.operand, scope)
        return node

    def binary(self, node: syntax.Binary, scope: Scope) -> Node:
        node.left, node.right = self.visit(node.left, scope), self.visit(node.right, scope)
        return node

    def logic(self, node: syntax.Logic, scope: Scope) -> Node:
        node.terms = [self.visit(term, scope) for term in node.terms]
        return node

    def ternary(self, node: syntax.Ternary, scope: Scope) -> Node:
        node.condition = self.visit(node.condition, scope)
        node.yes, node.no = self.visit(node.yes, scope), self.visit(node.no, scope)
        return node

    def list_of(self, node: syntax.ListOf, scope: Scope) -> Node:
        node.items = [(optional, self.visit(item, scope)) for optional, item in node.items]
        return node

    def map_of(self, node: syntax.MapOf, scope: Scope) -> Node:
        node.entries = [
            (o, self.visit(key, scope), self.visit(value, scope)) for o, key, value in node.entries
        ]
        return node

    def comprehension(self, node: syntax.Comprehension, scope: Scope) -> Node:
        node.source = self.visit(node.source, scope)
        inner = scope.union(node.variables)
        if node.where is not None:
            node.where = self.visit(node.where, inner)
        node.body = self.visit(node.body, inner)
        return node

    def bind(self, node: syntax.Bind, scope: Scope) -> Node:
        node.value = self.visit(node.value, scope)
        node.body = self.visit(node.body, scope | {node.variable})
        return node


def _nearest(name: str, names: Collection[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(names), n=1)
    return f": did you mean {close[0]!r}?" if close else ""


_VISITORS: Final[dict[type, Callable[[_Resolver, Any, Scope], Node]]] = {
    Ident: _Resolver.ident,
    Literal: _Resolver.literal,
    Index: _Resolver.index,
    Call: _Resolver.call,
    syntax.Unary: _Resolver.unary,
    syntax.Binary: _Resolver.binary,
    syntax.Logic: _Resolver.logic,
    syntax.Ternary: _Resolver.ternary,
    syntax.ListOf: _Resolver.list_of,
    syntax.MapOf: _Resolver.map_of,
    syntax.Comprehension: _Resolver.comprehension,
    syntax.Bind: _Resolver.bind,
}
