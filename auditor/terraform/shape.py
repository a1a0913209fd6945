"""What a body says, as data that can be compared: constants as values, everything else as its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.terraform.config import expression_of
from auditor.terraform.emit import Reference, is_blocks
from auditor.terraform.expressions import Expression, Literal, Object, Template, Tuple, Unary
from auditor.terraform.model import PathStep
from auditor.terraform.source import Body
from auditor.unknown import Unknown

BLOCKS = "\0blocks"
"""Key of the nested blocks in a shape; no argument can have it."""

Shape = dict[str, Any]


class Code(str):
    """The text of an expression that is no constant."""

    __slots__ = ()


def shape(body: Body) -> Shape:
    """Arguments by name, and nested blocks as ``(name, labels, shape)`` in order."""
    found: Shape = {
        name: value_of(expression_of(attribute), attribute.source.text)
        for name, attribute in body.attributes.items()
    }
    found[BLOCKS] = [[block.kind, block.labels, shape(block.body)] for block in body.blocks]
    return found


def value_of(node: Expression | None, text: str) -> Any:
    """A constant as its value; anything else, inside collections too, as :class:`Code`."""
    if isinstance(node, Literal) and not isinstance(node.constant, Unknown):
        return node.constant
    if isinstance(node, Template) and all(isinstance(part, str) for part in node.parts):
        return "".join(map(str, node.parts))
    if isinstance(node, Tuple):
        return [value_of(item, text) for item in node.items]
    if isinstance(node, Object) and all(_constant_key(name) for name, _ in node.items):
        return {str(value_of(name, text)): value_of(item, text) for name, item in node.items}
    if isinstance(node, Unary) and isinstance(node.operand, Literal) and node.operator == "-":
        number = node.operand.constant
        if isinstance(number, int | float):
            return -number
    return Code(text[node.start : node.end]) if node is not None else Code("")


def _constant_key(node: Expression) -> bool:
    return isinstance(value_of(node, ""), str) and not isinstance(value_of(node, ""), Code)


def is_constant(value: Any) -> bool:
    """Whether nothing in a value refers to anything."""
    if isinstance(value, dict):
        return all(is_constant(item) for item in value.values())
    if isinstance(value, list):
        return all(is_constant(item) for item in value)
    return not isinstance(value, Code)


def written(value: Any) -> Any:
    """A value as it is read back: references are code."""
    if isinstance(value, Reference):
        return Code(value)
    if isinstance(value, Mapping):
        return {str(name): written(item) for name, item in value.items()}
    return [written(item) for item in value] if isinstance(value, list | tuple) else value


def block_shape(values: Mapping[str, Any]) -> Shape:
    """The shape of a block with these values, lists of objects being nested blocks."""
    found: Shape = {name: written(value) for name, value in values.items() if not is_blocks(value)}
    found[BLOCKS] = [
        [name, [], block_shape(item)] for name, value in values.items() if is_blocks(value) for item in value
    ]
    return found


def nested(body: Shape, name: str) -> list[Any]:
    """Rows of the nested blocks ``name``."""
    return [row for row in body[BLOCKS] if row[0] == name]


def with_value(body: Shape, path: Sequence[PathStep], value: Any) -> None:
    """Change a shape as setting ``path`` should."""
    name, rest = str(path[0]), path[1:]
    if not rest:
        body[name] = written(value)
    elif name in body:
        _set(body, [name, *rest], written(value))
    elif isinstance(rest[0], int) or name == "lifecycle" or nested(body, name):
        rows = nested(body, name)
        index = rest[0] if isinstance(rest[0], int) else 0
        rest = rest[1:] if isinstance(rest[0], int) else rest
        if index >= len(rows):
            rows.append([name, [], {BLOCKS: []}])
            body[BLOCKS].append(rows[-1])
        with_value(rows[min(index, len(rows) - 1)][2], rest, value)
    else:
        _set(body, [name, *rest], written(value))


def _set(held: Any, path: Sequence[PathStep], value: Any) -> None:
    for step in path[:-1]:
        held = held.setdefault(step, {}) if isinstance(step, str) else held[step]
    last = path[-1]
    if isinstance(held, list) and last == len(held):
        held.append(value)
    else:
        held[last] = value
