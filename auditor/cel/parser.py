"""Tokens to a syntax tree, by precedence climbing."""

from __future__ import annotations

from typing import Final

from auditor.cel import lexer
from auditor.cel.errors import CelSyntaxError, position
from auditor.cel.macros import expand_global, expand_member
from auditor.cel.syntax import (
    Binary,
    Call,
    Ident,
    Index,
    ListOf,
    Literal,
    Logic,
    MapOf,
    Node,
    Select,
    Ternary,
    Unary,
)

_PRECEDENCE: Final = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "in": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
}
_CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_RESERVED: Final = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop"),
        *("package", "namespace", "return", "var", "void", "while"),
    }
)
MAX_DEPTH: Final = 60
"""How deep parentheses, brackets and arguments may nest."""
MAX_CHAIN: Final = 150
"""How many operators or selectors may follow one another on one level (chains of && and || have no limit)."""


def parse(source: str) -> Node:
    """The syntax tree of an expression; raises :class:`CelSyntaxError`."""
    parser = _Parser(source)
    tree = parser.expression()
    if parser.kind != "end":
        raise parser.unexpected()
    return tree


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = lexer.tokenize(source)
        self.depth = 0
        self.next = 0
        self.kind, self.text, self.at = self.tokens[0]

    # -- tokens
    def advance(self) -> None:
        self.next += 1
        self.kind, self.text, self.at = self.tokens[self.next]

    def accept(self, operator: str) -> bool:
        if self.text == operator and self.kind == "op":
            self.advance()
            return True
        return False

    def expect(self, operator: str) -> None:
        if not self.accept(operator):
            raise self.unexpected(f"expected {operator!r}")

    def error(self, message: str, at: int) -> CelSyntaxError:
        return CelSyntaxError(message, *position(self.source, at))

    def unexpected(self, expected: str = "syntax error") -> CelSyntaxError:
        found = "the end of the expression" if self.kind == "end" else repr(self.text)
        return self.error(f"{expected}: found {found}", self.at)

    # -- grammar
    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"the expression nests deeper than {MAX_DEPTH} levels", self.at)
        tree = self.binary(1)
        if self.text == "?" and self.kind == "op":
            tree = self.ternary(tree)
        self.depth -= 1
        return tree

    def ternary(self, condition: Node) -> Node:
        """``a ? b : c ? d : e``: read in a loop, for such chains grow long."""
        arms: list[tuple[int, Node, Node]] = []
        while True:
            at = self.at
            if not self.accept("?"):
                break
            yes = self.binary(1)
            self.expect(":")
            arms.append((at, condition, yes))
            self.check_chain(len(arms), at)
            condition = self.binary(1)
        tree = condition
        for at, test, yes in reversed(arms):
            tree = Ternary(at, test, yes, tree)
        return tree

    def binary(self, minimum: int) -> Node:
        left = self.unary()
        count = 0
        while True:
            operator, at = self.text, self.at
            precedence = _PRECEDENCE.get(operator, 0)
            if precedence < minimum:
                return left
            self.advance()
            right = self.binary(precedence + 1)
            if precedence > 2:
                count += 1
                self.check_chain(count, at)
                left = Binary(at, operator, left, right)
            elif type(left) is Logic and left.operator == operator:
                left.terms.append(right)
            else:
                left = Logic(at, operator, [left, right])

    def check_chain(self, length: int, at: int) -> None:
        if length > MAX_CHAIN:
            raise self.error(f"more than {MAX_CHAIN} operators in a row: split the expression", at)

    def unary(self) -> Node:
        operator, start = self.text, self.at
        if self.kind != "op" or operator not in ("!", "-"):
            return self.member(self.primary())
        count = 0
        while self.accept(operator):
            count += 1
        if operator == "-" and count % 2 and self.kind in ("int", "float"):
            return self.member(self.negative_number(start))
        operand = self.member(self.primary())
        inner = Unary(start, operator, operand)
        return inner if count % 2 else Unary(start, operator, inner)

    def negative_number(self, at: int) -> Literal:
        """A number behind its sign; so the least integer can be written."""
        value = lexer.number(self.source, self.tokens[self.next], True)
        self.advance()
        return Literal(at, value)

    def member(self, tree: Node) -> Node:
        count = 0
        while self.kind == "op":
            at, operator = self.at, self.text
            if operator == ".":
                self.advance()
                tree = self.field_or_method(tree, at)
            elif operator == "[" or operator == "[?":
                self.advance()
                tree = Index(at, tree, self.expression(), operator == "[?")
                self.expect("]")
            elif operator == ".?":
                self.advance()
                tree = Select(at, tree, self.field_name(), True)
            elif operator == "{" and type(tree) in (Ident, Select):
                raise self.error("message types are not supported: write a map, {'field': value}", at)
            else:
                return tree
            count += 1
            self.check_chain(count, at)
        return tree

    def field_name(self) -> str:
        name = self.text
        if self.kind == "quoted":
            name = name[1:-1]
        elif self.kind != "id" or name in _CONSTANTS or name == "in":
            raise self.unexpected("expected a field name")
        self.advance()
        return name

    def field_or_method(self, target: Node, at: int) -> Node:
        callable_name = self.kind == "id"
        name_at = self.at
        name = self.field_name()
        if not (callable_name and self.accept("(")):
            return Select(at, target, name, False)
        arguments = self.arguments()
        try:
            expanded = expand_member(name_at, target, name, arguments)
        except ValueError as error:
            raise self.error(str(error), name_at) from None
        return expanded or Call(name_at, name, [target, *arguments], True)

    def arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self.accept(")"):
            found.append(self.expression())
            if not self.accept(","):
                self.expect(")")
                break
        return found

    def primary(self) -> Node:
        kind, text, at = self.kind, self.text, self.at
        if kind == "id":
            self.advance()
            return self.name(text, at)
        if kind == "str":
            value: object = lexer.string(self.source, self.tokens[self.next])
        elif kind in ("int", "uint", "float"):
            value = lexer.number(self.source, self.tokens[self.next], False)
        else:
            return self.bracketed(text, at)
        self.advance()
        return Literal(at, value)

    def name(self, name: str, at: int) -> Node:
        if name in _CONSTANTS:
            return Literal(at, _CONSTANTS[name])
        if name in _RESERVED:
            raise self.error(f"{name!r} is a reserved word", at)
        if not self.accept("("):
            return Ident(at, name)
        arguments = self.arguments()
        try:
            return expand_global(at, name, arguments) or Call(at, name, arguments, False)
        except ValueError as error:
            raise self.error(str(error), at) from None

    def bracketed(self, text: str, at: int) -> Node:
        if text == "(":
            self.advance()
            tree = self.expression()
            self.expect(")")
            return tree
        if text == "[" or text == "[?":
            return self.list_literal(at)
        if text == "{":
            return self.map_literal(at)
        if text == "-" and self.tokens[self.next + 1][0] in ("int", "float"):
            self.advance()
            return self.negative_number(at)
        if text == "." and self.kind == "op":
            self.advance()
            if self.kind == "id":
                name = self.text
                self.advance()
                called = self.name(name, at)
                return Ident(at, "." + name) if type(called) is Ident else called
        raise self.unexpected()

    def list_literal(self, at: int) -> Node:
        items: list[tuple[bool, Node]] = []
        optional = self.text == "[?"
        self.advance()
        while optional or not self.accept("]"):
            optional = optional or self.accept("?")
            items.append((optional, self.expression()))
            optional = False
            if not self.accept(","):
                self.expect("]")
                break
        return ListOf(at, items)

    def map_literal(self, at: int) -> Node:
        entries: list[tuple[bool, Node, Node]] = []
        self.advance()
        while not self.accept("}"):
            optional = self.accept("?")
            key = self.expression()
            self.expect(":")
            entries.append((optional, key, self.expression()))
            if not self.accept(","):
                self.expect("}")
                break
        return MapOf(at, entries)
