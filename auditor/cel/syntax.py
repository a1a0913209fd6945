"""The syntax tree. ``at`` is the code-point offset that an error message points to."""

from __future__ import annotations

from typing import TypeAlias


class Literal:
    __slots__ = ("at", "value")

    def __init__(self, at: int, value: object) -> None:
        self.at = at
        self.value = value


class Ident:
    """A variable; ``name`` keeps a leading dot (``.x`` is never a comprehension variable)."""

    __slots__ = ("at", "name")

    def __init__(self, at: int, name: str) -> None:
        self.at = at
        self.name = name


class Select:
    """``operand.field`` or ``operand.?field``."""

    __slots__ = ("at", "field", "operand", "optional")

    def __init__(self, at: int, operand: Node, field: str, optional: bool) -> None:
        self.at = at
        self.operand = operand
        self.field = field
        self.optional = optional


class Has:
    """``has(operand.field)`` or ``has(operand.?field)``."""

    __slots__ = ("at", "field", "operand")

    def __init__(self, at: int, operand: Node, field: str) -> None:
        self.at = at
        self.operand = operand
        self.field = field


class Index:
    """``operand[key]`` or ``operand[?key]``."""

    __slots__ = ("at", "key", "operand", "optional")

    def __init__(self, at: int, operand: Node, key: Node, optional: bool) -> None:
        self.at = at
        self.operand = operand
        self.key = key
        self.optional = optional


class Call:
    """A function; a member function has its target as first argument and ``member`` set."""

    __slots__ = ("args", "at", "member", "name")

    def __init__(self, at: int, name: str, args: list[Node], member: bool) -> None:
        self.at = at
        self.name = name
        self.args = args
        self.member = member


class Unary:
    """``!operand`` or ``-operand``."""

    __slots__ = ("at", "operand", "operator")

    def __init__(self, at: int, operator: str, operand: Node) -> None:
        self.at = at
        self.operator = operator
        self.operand = operand


class Binary:
    """A strict operator: comparison, arithmetic or ``in``."""

    __slots__ = ("at", "left", "operator", "right")

    def __init__(self, at: int, operator: str, left: Node, right: Node) -> None:
        self.at = at
        self.operator = operator
        self.left = left
        self.right = right


class Logic:
    """A chain of ``&&`` or of ``||``."""

    __slots__ = ("at", "operator", "terms")

    def __init__(self, at: int, operator: str, terms: list[Node]) -> None:
        self.at = at
        self.operator = operator
        self.terms = terms


class Ternary:
    __slots__ = ("at", "condition", "no", "yes")

    def __init__(self, at: int, condition: Node, yes: Node, no: Node) -> None:
        self.at = at
        self.condition = condition
        self.yes = yes
        self.no = no


class ListOf:
    """``[a, ?b]``: pairs of (is it optional, element)."""

    __slots__ = ("at", "items")

    def __init__(self, at: int, items: list[tuple[bool, Node]]) -> None:
        self.at = at
        self.items = items


class MapOf:
    """``{k: v, ?k: v}``: triples of (is it optional, key, value)."""

    __slots__ = ("at", "entries")

    def __init__(self, at: int, entries: list[tuple[bool, Node, Node]]) -> None:
        self.at = at
        self.entries = entries


class Comprehension:
    """A macro that walks ``source``; ``where`` is the filter of ``map`` and the transforms."""

    __slots__ = ("at", "body", "kind", "source", "variables", "where")

    def __init__(
        self, at: int, kind: str, source: Node, variables: list[str], where: Node | None, body: Node
    ) -> None:
        self.at = at
        self.kind = kind
        self.source = source
        self.variables = variables
        self.where = where
        self.body = body


class Bind:
    """``cel.bind(variable, value, body)``, and ``value.optMap(variable, body)`` by ``kind``."""

    __slots__ = ("at", "body", "kind", "value", "variable")

    def __init__(self, at: int, kind: str, variable: str, value: Node, body: Node) -> None:
        self.at = at
        self.kind = kind
        self.variable = variable
        self.value = value
        self.body = body


Node: TypeAlias = (
    Literal
    | Ident
    | Select
    | Has
    | Index
    | Call
    | Unary
    | Binary
    | Logic
    | Ternary
    | ListOf
    | MapOf
    | Comprehension
    | Bind
)
