"""From a path of a body back to the characters that give it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from auditor.spans import Span
from auditor.terraform.config import expression_of
from auditor.terraform.expressions import (
    Attribute,
    Call,
    Expression,
    Literal,
    Name,
    Object,
    Parentheses,
    Template,
    Tuple,
)
from auditor.terraform.model import PathStep
from auditor.terraform.source import AttributeNode, Body, SourceFile

MAX_STEPS = 500
TRANSPARENT = frozenset({"jsonencode", "yamlencode", "tolist", "toset", "tomap", "sensitive", "nonsensitive"})


class Definitions(Protocol):
    """Where the names of a module are defined."""

    def definition(self, kind: str, name: str) -> tuple[AttributeNode, Definitions] | None:
        """The argument that gives ``local.name`` or ``var.name``, and the module it is written in."""


class Places(Struct):
    """The source of one body: where it stands, its arguments, and the sources of its nested blocks."""

    source: SourceFile
    start: int
    end: int
    body: Body
    module: Definitions
    blocks: dict[str, list[Places]] = field(default_factory=dict)

    def locate(self, path: Sequence[PathStep]) -> tuple[str, Span]:
        """File and span of what gives ``path``, or of its nearest existing ancestor."""
        if not path:
            return self._here()
        name = str(path[0])
        attribute = self.body.attributes.get(name)
        if attribute is not None:
            return locate_value(attribute, self.module, path[1:])
        nested = self.blocks.get(name)
        if not nested:
            return self._here()
        position = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        return nested[min(position, len(nested) - 1)].locate(path[2:])

    def _here(self) -> tuple[str, Span]:
        return self.source.path, self.source.span(self.start, self.end)


def locate_value(attribute: AttributeNode, module: Definitions, path: Sequence[PathStep]) -> tuple[str, Span]:
    """The place inside an argument's value that gives ``path``; the argument itself when nothing does."""
    found = Place(attribute.source, attribute.start, attribute.end, 0)
    expression = expression_of(attribute)
    if expression is not None and path:
        found = Finder().descend(expression, attribute.source, module, path, found)
    return found.source.path, found.source.span(found.start, found.end)


class Place(NamedTuple):
    """A stretch of a file, and how many steps of the path led to it."""

    source: SourceFile
    start: int
    end: int
    depth: int


class Finder:
    """Follows a path through literals, locals, inputs and merge(); gives up after ``MAX_STEPS``."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_STEPS

    def descend(
        self, node: Expression, source: SourceFile, module: Definitions, path: Sequence[PathStep], best: Place
    ) -> Place:
        """The deepest place for ``path`` below ``node``; ``best`` is what is known so far."""
        self.left -= 1
        if not path or self.left < 0:
            return best
        if isinstance(node, Parentheses):
            return self.descend(node.inside, source, module, path, best)
        if isinstance(node, Call):
            return self._call(node, source, module, path, best)
        if isinstance(node, Attribute) and isinstance(node.base, Name):
            return self._named(node.base.name, node.name, module, path, best)
        inside = _item(node, path[0])
        if inside is None:
            return best
        start, value = inside
        return self.descend(value, source, module, path[1:], Place(source, start, value.end, best.depth + 1))

    def _named(
        self, kind: str, name: str, module: Definitions, path: Sequence[PathStep], best: Place
    ) -> Place:
        defined = module.definition(kind, name)
        expression = expression_of(defined[0]) if defined else None
        if defined is None or expression is None:
            return best
        return self.descend(expression, defined[0].source, defined[1], path, best)

    def _call(
        self, node: Call, source: SourceFile, module: Definitions, path: Sequence[PathStep], best: Place
    ) -> Place:
        """Into merge() from its last argument, and through functions that only change the form."""
        if node.name in TRANSPARENT and node.args:
            return self.descend(node.args[0], source, module, path, best)
        if node.name == "merge":
            for arg in reversed(node.args):
                found = self.descend(arg, source, module, path, best)
                if found.depth > best.depth:
                    return found
        return best


def _item(node: Expression, step: PathStep) -> tuple[int, Expression] | None:
    """Where the item ``step`` of an object or tuple begins, and its value."""
    if isinstance(node, Object):
        for key, value in reversed(node.items):
            if isinstance(key, (Literal, Template)) and _constant(key) == step:
                return key.start, value
    if isinstance(node, Tuple) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step].start, node.items[step]
    return None


def _constant(key: Literal | Template) -> object:
    if isinstance(key, Literal):
        return key.constant
    return "".join(map(str, key.parts)) if all(isinstance(part, str) for part in key.parts) else None
