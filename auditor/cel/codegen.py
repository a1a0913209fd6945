"""A syntax tree to one Python expression: the fast path.

It answers only where plain Python gives CEL's answer. Whatever else may happen (an error, an unknown, a
type that Python treats differently) must raise, for then the interpreter decides. Three traps shape it:
``True == 1``; ``is`` and hash lookups overlook an unknown; a method called on the wrong type may succeed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from auditor.cel import syntax
from auditor.cel.library import GLOBALS, MEMBERS, METHOD, Function
from auditor.cel.syntax import Binary, Call, Comprehension, Has, Ident, Literal, Logic, Node, Select, Unary
from auditor.cel.values import CelType, UInt

Names = dict[str, str]
Constant = tuple[str, object]
"""What marshal can carry of a constant that has no Python literal: its kind and its content."""

_OPERATORS: Final = {
    "==": "eq({},{})",
    "!=": "ne({},{})",
    "<": "lt({},{})",
    "<=": "le({},{})",
    ">": "gt({},{})",
    ">=": "ge({},{})",
    "in": "contains({},{})",
    "+": "add({},{})",
    "-": "sub({},{})",
    "*": "mul({},{})",
    "/": "div({},{})",
    "%": "mod({},{})",
}
_EXACT: Final = 1 << 53
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_QUANTIFIERS: Final = {"all": "all", "exists": "any"}
_COUNTED: Final = frozenset({"exists_one", "existsOne"})
# Methods of str that check the type of their target themselves.
_TEXT_TESTS: Final = {"startsWith": "str_startswith", "endsWith": "str_endswith", "contains": "str_contains"}


class FastCode:
    """Python source of ``lambda``, the constants it takes as defaults, and the functions it calls."""

    __slots__ = ("constants", "functions", "source")

    def __init__(self, tree: Node) -> None:
        generator = _Generator()
        body = generator.visit(tree, {})
        self.constants = tuple(generator.constants)
        self.functions = tuple(generator.functions.items())
        parameters = "".join(f",k{i}" for i in range(len(self.constants)))
        self.source = f"lambda v{parameters}:{body}"


class _Generator:
    def __init__(self) -> None:
        self.constants: list[Constant] = []
        self.functions: dict[str, tuple[str, str]] = {}
        self.variables = 0

    def visit(self, node: Node, names: Names) -> str:
        return _WRITERS[type(node)](self, node, names)

    def condition(self, node: Node, names: Names) -> str:
        """Code that gives a boolean or raises."""
        code = self.visit(node, names)
        return code if _is_boolean(node) else f"truth({code})"

    def constant(self, kind: str, content: object) -> str:
        self.constants.append((kind, content))
        return f"k{len(self.constants) - 1}"

    def declare(self, variables: list[str], names: Names) -> tuple[Names, list[str]]:
        inner, declared = dict(names), []
        for variable in variables:
            self.variables += 1
            declared.append(f"x{self.variables}")
            inner[variable] = declared[-1]
        return inner, declared

    # -- leaves and fields
    def literal(self, node: Literal, _: Names) -> str:
        value = node.value
        if type(value) is UInt:
            return self.constant("uint", int(value))
        if type(value) is CelType:
            return self.constant("type", value.name)
        if type(value) is float:
            return self.constant("plain", value)
        return repr(value)

    def ident(self, node: Ident, names: Names) -> str:
        return names.get(node.name) or f"v[{node.name.lstrip('.')!r}]"

    def select(self, node: Select, names: Names) -> str:
        operand = self.visit(node.operand, names)
        if node.optional:
            return f"optional_select({operand},{node.field!r})"
        return (
            f"{operand}[{node.field!r}]" if _subscripts(node.operand) else f"select({operand},{node.field!r})"
        )

    def has(self, node: Has, names: Names) -> str:
        operand = self.visit(node.operand, names)
        if _subscripts(node.operand):
            return f"PRESENT[type(dict_get({operand},{node.field!r},ABSENT))]"
        return f"has({operand},{node.field!r})"

    def index(self, node: syntax.Index, names: Names) -> str:
        operand, key = self.visit(node.operand, names), self.visit(node.key, names)
        if node.optional:
            return f"optional_index({operand},{key})"
        if _is_text(node.key) and _subscripts(node.operand):
            return f"{operand}[{key}]"
        return f"index({operand},{key})"

    # -- operators
    def unary(self, node: Unary, names: Names) -> str:
        if node.operator == "!":
            return f"(not {self.condition(node.operand, names)})"
        return f"neg({self.visit(node.operand, names)})"

    def binary(self, node: Binary, names: Names) -> str:
        left, right = node.left, node.right
        if node.operator in ("==", "!="):
            if type(right) is Literal and (code := self.equals_literal(node.operator, left, right, names)):
                return code
            if type(left) is Literal and (code := self.equals_literal(node.operator, right, left, names)):
                return code
        if node.operator == "in" and type(right) is syntax.ListOf and right.items and _all_text(right):
            items = ",".join(repr(item.value) for _, item in right.items)  # type: ignore[union-attr]
            return f"({self.visit(left, names)} in ({items},))"
        return _OPERATORS[node.operator].format(self.visit(left, names), self.visit(right, names))

    def equals_literal(self, operator: str, node: Node, literal: Literal, names: Names) -> str:
        """Python's own ``==`` where it agrees with CEL's: an unknown raises in it."""
        value = literal.value
        if type(value) is bool:
            code = f"is_bool({self.visit(node, names)},{value})"
            return code if operator == "==" else f"(not {code})"
        if type(value) is str or value is None or (type(value) is int and 1 < abs(value) < _EXACT):
            return f"({self.visit(node, names)}{operator}{value!r})"
        return ""

    def logic(self, node: Logic, names: Names) -> str:
        joint = " and " if node.operator == "&&" else " or "
        return f"({joint.join([self.condition(term, names) for term in node.terms])})"

    def ternary(self, node: syntax.Ternary, names: Names) -> str:
        condition = self.condition(node.condition, names)
        return f"({self.visit(node.yes, names)} if {condition} else {self.visit(node.no, names)})"

    # -- lists and maps
    def list_of(self, node: syntax.ListOf, names: Names) -> str:
        items = [f"*content_of({self.visit(i, names)})" if o else self.visit(i, names) for o, i in node.items]
        return f"[{','.join(items)}]"

    def map_of(self, node: syntax.MapOf, names: Names) -> str:
        pairs = [(o, key, self.visit(key, names), self.visit(value, names)) for o, key, value in node.entries]
        plain = all(not o and type(key) is Literal and type(key.value) is str for o, key, _, _ in pairs)
        if plain and len({key for _, _, key, _ in pairs}) == len(pairs):
            return "{" + ",".join(f"{key}:{value}" for _, _, key, value in pairs) + "}"
        entries = [
            f"*(({key},y) for y in content_of({value}))" if o else f"({key},{value})"
            for o, _, key, value in pairs
        ]
        return f"new_map({','.join(entries)})"

    # -- comprehensions
    def comprehension(self, node: Comprehension, names: Names) -> str:
        inner, declared = self.declare(node.variables, names)
        walk = "each" if len(declared) == 1 else "each_pair"
        loop = f"for {','.join(declared)} in {walk}({self.visit(node.source, names)})"
        if node.kind in _QUANTIFIERS:
            return f"{_QUANTIFIERS[node.kind]}({self.condition(node.body, inner)} {loop})"
        if node.kind in _COUNTED:
            return f"([{self.condition(node.body, inner)} {loop}].count(True)==1)"
        if node.kind == "filter":
            return f"[{declared[0]} {loop} if {self.condition(node.body, inner)}]"
        body = self.visit(node.body, inner)
        where = f" if {self.condition(node.where, inner)}" if node.where is not None else ""
        if node.kind in ("map", "transformList"):
            return f"[{body} {loop}{where}]"
        if node.kind == "transformMap":
            return f"new_map(*[({declared[0]},{body}) {loop}{where}])"
        if node.kind == "transformMapEntry":
            return f"new_map(*[y {loop}{where} for y in entries_of({body})])"
        self.functions["lists__sort_by"] = ("lists", "sort_by")
        return f"lists__sort_by([({body},{declared[0]}) {loop}])"

    def bind(self, node: syntax.Bind, names: Names) -> str:
        inner, (declared,) = self.declare([node.variable], names)
        value, body = self.visit(node.value, names), self.visit(node.body, inner)
        function = f"lambda {declared}:{body}"
        if node.kind == "bind":
            return f"({function})({value})"
        return f"{'optional_map' if node.kind == 'optMap' else 'optional_flat_map'}({value},{function})"

    # -- functions
    def call(self, node: Call, names: Names) -> str:
        if node.member:
            if node.name == "orValue" and (code := self.dig(node, names)):
                return code
            if node.name in _TEXT_TESTS and _is_text(node.args[1]):
                target, part = (self.visit(argument, names) for argument in node.args)
                return f"{_TEXT_TESTS[node.name]}({target},{part})"
        if node.name == "matches" and _is_text(node.args[1]):
            search = self.constant("pattern", node.args[1].value)  # type: ignore[union-attr]
            return f"({search}({self.visit(node.args[0], names)}) is not None)"
        function = (MEMBERS if node.member else GLOBALS)[node.name]
        arguments = [self.visit(argument, names) for argument in node.args]
        if function.module == METHOD:
            return f"call_method({arguments[0]},{node.name!r}{''.join(',' + a for a in arguments[1:])})"
        return f"{self.symbol(function)}({','.join(arguments)})"

    def symbol(self, function: Function) -> str:
        if function.module == "operators":
            return function.attribute
        self.functions[function.symbol] = (function.module, function.attribute)
        return function.symbol

    def dig(self, node: Call, names: Names) -> str:
        """``a.?b.?c.orValue(d)``, the most frequent use of optionals, in one call."""
        fields: list[str] = []
        base, optional = node.args[0], False
        while isinstance(base, Select):
            fields.append(base.field)
            optional = base.optional
            base = base.operand
            if optional and not _has_optional(base):
                break
        if not optional:
            return ""
        path = "".join(f",{field!r}" for field in reversed(fields))
        return f"dig({self.visit(base, names)},{self.visit(node.args[1], names)}{path})"


def _has_optional(node: Node) -> bool:
    """Whether a chain of selections gives an optional."""
    while isinstance(node, Select | syntax.Index):
        if node.optional:
            return True
        node = node.operand
    return False


def _subscripts(node: Node) -> bool:
    """Whether Python's ``[]`` does for a field: not on optionals, and Python warns of ``1['a']``."""
    return type(node) in (Ident, Select, syntax.Index, Call) and not _has_optional(node)


def _is_text(node: Node) -> bool:
    return type(node) is Literal and type(node.value) is str


def _all_text(node: syntax.ListOf) -> bool:
    return all(not optional and _is_text(item) for optional, item in node.items)


def _is_boolean(node: Node) -> bool:
    """Whether the code written for ``node`` can only give a boolean."""
    kind = type(node)
    if kind is Has or kind is Logic:
        return True
    if type(node) is Unary:
        return node.operator == "!"
    if type(node) is Binary:
        return node.operator in _COMPARISONS
    if type(node) is Literal:
        return type(node.value) is bool
    if type(node) is Comprehension:
        return node.kind in _QUANTIFIERS or node.kind in _COUNTED
    if type(node) is Call:
        function = (MEMBERS if node.member else GLOBALS)[node.name]
        return function.boolean
    return False


_WRITERS: Final[dict[type, Callable[[_Generator, Any, Names], str]]] = {
    Literal: _Generator.literal,
    Ident: _Generator.ident,
    Select: _Generator.select,
    Has: _Generator.has,
    syntax.Index: _Generator.index,
    Call: _Generator.call,
    Unary: _Generator.unary,
    Binary: _Generator.binary,
    Logic: _Generator.logic,
    syntax.Ternary: _Generator.ternary,
    syntax.ListOf: _Generator.list_of,
    syntax.MapOf: _Generator.map_of,
    Comprehension: _Generator.comprehension,
    syntax.Bind: _Generator.bind,
}
