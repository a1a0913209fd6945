"""Reads a type constraint such as ``list(object({name = string, size = optional(number, 1)}))``."""

from __future__ import annotations

from auditor.terraform.errors import EvaluationError
from auditor.terraform.expressions import Call, Expression, Literal, Name, Object, Scope, Template, Tuple
from auditor.terraform.types import ANY, COLLECTIONS, Field, Type

PRIMITIVES = frozenset({"string", "number", "bool", ANY})


def type_of_expression(node: Expression, scope: Scope) -> Type:
    """The type; raises EvaluationError where the expression is none. Defaults are evaluated in ``scope``."""
    if isinstance(node, Template) and len(node.parts) == 1 and isinstance(node.parts[0], str):
        node = Name(node.start, node.end, node.parts[0])
    if isinstance(node, Literal) and isinstance(node.constant, str):
        node = Name(node.start, node.end, node.constant)
    if isinstance(node, Name):
        if node.name in COLLECTIONS:
            return (node.name, ANY)
        if node.name in PRIMITIVES:
            return node.name
    if isinstance(node, Call) and len(node.args) == 1:
        return _constructed(node.name, node.args[0], scope)
    raise EvaluationError("this is not a type constraint")


def _constructed(name: str, inside: Expression, scope: Scope) -> Type:
    if name in COLLECTIONS:
        return (name, type_of_expression(inside, scope))
    if name == "tuple" and isinstance(inside, Tuple):
        return ("tuple", [type_of_expression(item, scope) for item in inside.items])
    if name == "object" and isinstance(inside, Object):
        fields = {_field_name(key): _field(value, scope) for key, value in inside.items}
        return ("object", fields)
    raise EvaluationError(f"{name} is not a type constructor")


def _field_name(key: Expression) -> str:
    if isinstance(key, Literal):
        return str(key.constant)
    if isinstance(key, Template):
        return "".join(map(str, key.parts))
    raise EvaluationError("an attribute of an object type has a plain name")


def _field(node: Expression, scope: Scope) -> Field:
    if isinstance(node, Call) and node.name == "optional" and node.args:
        default = node.args[1].value(scope) if len(node.args) > 1 else None
        return Field(type_of_expression(node.args[0], scope), optional=True, default=default)
    return Field(type_of_expression(node, scope))
