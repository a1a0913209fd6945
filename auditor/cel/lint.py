"""Field reads that fail when the field is absent: what ``policy lint`` shows.

A read ``a.b.c`` is guarded by ``has(a.b.c)``, ``'c' in a.b`` or ``a.?b.?c.hasValue()`` in another term of the
same ``&&`` (negated: of the same ``||``), in the condition of a ternary, or in the filter that its
comprehension walks over; and by any ``?.`` before it. Reads of computed values are not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

from auditor.cel.errors import position
from auditor.cel.parser import parse
from auditor.cel.resolve import literal_key
from auditor.cel.syntax import (
    Binary,
    Bind,
    Call,
    Comprehension,
    Has,
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

_NOTHING: Final[frozenset[str]] = frozenset()
Guards = frozenset[str]
Paths = dict[str, str]
"""Path that each comprehension variable stands for."""


class UnguardedField(NamedTuple):
    """``path`` is dotted, with ``[]`` for the elements of a list: ``pod.containers[].image``."""

    path: str
    line: int
    column: int


def unguarded_fields(source: str, *, always: Collection[str] = ()) -> list[UnguardedField]:
    """Unguarded reads in order of place, each path once; raises :class:`CelSyntaxError`.

    ``always`` names what is always present: a bare field name (``name``) wherever it stands, or one whole
    path (``object.metadata``). Variables are always present.
    """
    walk = _Walk(frozenset(always))
    walk.visit(parse(source), {}, _NOTHING)
    first: dict[str, int] = {}
    for path, at in walk.found:
        first[path] = min(at, first.get(path, at))
    return [
        UnguardedField(path, *position(source, at))
        for path, at in sorted(first.items(), key=lambda f: (f[1], f[0]))
    ]


def _shown(path: str) -> str:
    """A path without the numbers that tell comprehensions apart."""
    return "".join(part.lstrip("0123456789") if i else part for i, part in enumerate(path.split("@")))


class _Walk:
    def __init__(self, always: frozenset[str]) -> None:
        self.always = always
        self.found: list[tuple[str, int]] = []
        self.comprehensions = 0

    def visit(self, node: Node, paths: Paths, guards: Guards) -> None:
        _VISITORS[type(node)](self, node, paths, guards)

    # -- paths and what a condition proves about them
    def path(self, node: Any, paths: Paths) -> str | None:
        kind = type(node)
        if kind is Ident:
            name: str = node.name
            return paths.get(name, name.lstrip("."))
        field = literal_key(node)
        if field is None:
            return None
        base = self.path(node.operand, paths)
        return None if base is None else f"{base}.{field}"

    def proves(self, node: Any, paths: Paths) -> tuple[Guards, Guards]:
        """Paths that exist when the condition is true, and when it is false."""
        kind = type(node)
        if kind is Unary and node.operator == "!":
            true, false = self.proves(node.operand, paths)
            return false, true
        if kind is Logic:
            return self.proves_together(node, paths)
        if kind is Has:
            return self.existing(self.path(node, paths)), _NOTHING
        if kind is Binary and node.operator == "in" and type(key := getattr(node.left, "value", None)) is str:
            base = self.path(node.right, paths)
            return self.existing(base and f"{base}.{key}"), _NOTHING
        if kind is Call and node.name == "hasValue":
            return self.existing(self.path(node.args[0], paths)), _NOTHING
        return _NOTHING, _NOTHING

    def proves_together(self, node: Any, paths: Paths) -> tuple[Guards, Guards]:
        proofs = [self.proves(term, paths) for term in node.terms]
        true, false = [t for t, _ in proofs], [f for _, f in proofs]
        if node.operator == "&&":
            return frozenset().union(*true), frozenset.intersection(*false)
        return frozenset.intersection(*true), frozenset().union(*false)

    def existing(self, path: str | None) -> Guards:
        """A path that exists, and so all above it."""
        parts = path.split(".") if path else []
        return frozenset(".".join(parts[: i + 1]) for i in range(len(parts)))

    # -- nodes
    def leaf(self, node: Any, paths: Paths, guards: Guards) -> None:
        pass

    def selection(self, node: Any, paths: Paths, guards: Guards) -> None:
        path = self.path(node, paths)
        if path is not None and not _has_optional(node) and path not in guards:
            shown = _shown(path)
            if shown not in self.always and literal_key(node) not in self.always:
                self.found.append((shown, node.at))
        self.visit(node.operand, paths, guards)
        if type(node) is Index:
            self.visit(node.key, paths, guards)

    def operand_only(self, node: Any, paths: Paths, guards: Guards) -> None:
        self.visit(node.operand, paths, guards)

    def call(self, node: Any, paths: Paths, guards: Guards) -> None:
        for argument in node.args:
            self.visit(argument, paths, guards)

    def binary(self, node: Any, paths: Paths, guards: Guards) -> None:
        self.visit(node.left, paths, guards)
        self.visit(node.right, paths, guards)

    def logic(self, node: Any, paths: Paths, guards: Guards) -> None:
        """Any term guards all others, whatever the order: CEL absorbs the error of an undecided term."""
        proofs = [self.proves(term, paths)[node.operator == "||"] for term in node.terms]
        for i, term in enumerate(node.terms):
            self.visit(term, paths, guards.union(*proofs[:i], *proofs[i + 1 :]))

    def ternary(self, node: Any, paths: Paths, guards: Guards) -> None:
        true, false = self.proves(node.condition, paths)
        self.visit(node.condition, paths, guards)
        self.visit(node.yes, paths, guards | true)
        self.visit(node.no, paths, guards | false)

    def list_of(self, node: Any, paths: Paths, guards: Guards) -> None:
        for _, item in node.items:
            self.visit(item, paths, guards)

    def map_of(self, node: Any, paths: Paths, guards: Guards) -> None:
        for _, key, value in node.entries:
            self.visit(key, paths, guards)
            self.visit(value, paths, guards)

    def comprehension(self, node: Any, paths: Paths, guards: Guards) -> None:
        self.visit(node.source, paths, guards)
        self.comprehensions += 1
        element, filtered = self.elements(node.source, paths, self.comprehensions)
        inner = {**paths, **{name: f"{name}@{self.comprehensions}" for name in node.variables}}
        inner[node.variables[-1]] = element
        guards = guards | filtered
        if node.where is not None:
            self.visit(node.where, inner, guards)
            guards = guards | self.proves(node.where, inner)[0]
        self.visit(node.body, inner, guards)

    def elements(self, source: Any, paths: Paths, number: int) -> tuple[str, Guards]:
        """The path of a list's elements in one comprehension, and what its filters prove about them."""
        if type(source) is Comprehension and source.kind == "filter":
            element, guards = self.elements(source.source, paths, number)
            return element, guards | self.proves(source.body, {**paths, source.variables[0]: element})[0]
        path = self.path(_without_default(source), paths)
        return (f"{path}[]@{number}" if path is not None else f"(element)@{number}"), _NOTHING

    def bind(self, node: Any, paths: Paths, guards: Guards) -> None:
        self.visit(node.value, paths, guards)
        path = self.path(_without_default(node.value), paths)
        self.comprehensions += 1
        inner = {**paths, node.variable: path or f"{node.variable}@{self.comprehensions}"}
        self.visit(node.body, inner, guards | (self.existing(path) if node.kind != "bind" else _NOTHING))


def _without_default(node: Any) -> Any:
    """``a.?b`` of ``a.?b.orValue(…)``."""
    return node.args[0] if type(node) is Call and node.name == "orValue" else node


def _has_optional(node: Any) -> bool:
    while type(node) in (Select, Index):
        if node.optional:
            return True
        node = node.operand
    return False


_VISITORS: Final[dict[type, Callable[[_Walk, Any, Paths, Guards], None]]] = {
    Literal: _Walk.leaf,
    Ident: _Walk.leaf,
    Select: _Walk.selection,
    Index: _Walk.selection,
    Has: _Walk.operand_only,
    Unary: _Walk.operand_only,
    Call: _Walk.call,
    Binary: _Walk.binary,
    Logic: _Walk.logic,
    Ternary: _Walk.ternary,
    ListOf: _Walk.list_of,
    MapOf: _Walk.map_of,
    Comprehension: _Walk.comprehension,
    Bind: _Walk.bind,
}
