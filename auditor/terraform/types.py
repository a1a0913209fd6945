"""Type constraints of variables, conversion to them, and unification of several values.

A type is a string (``string``, ``number``, ``bool``, ``any``) or a tuple: ("list", T), ("set", T),
("map", T), ("tuple", [T…]), ("object", {name: Field}).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from auditor.terraform.errors import EvaluationError
from auditor.terraform.limits import Budget
from auditor.terraform.values import (
    ListValue,
    MapValue,
    elements,
    flag,
    is_number,
    make_set,
    mapping,
    number,
    text,
    type_name,
)
from auditor.unknown import Unknown, UnknownUsed

Type: TypeAlias = "str | tuple[str, object]"
ANY = "any"
COLLECTIONS = frozenset({"list", "set", "map"})


class Field(NamedTuple):
    """An attribute of an object type; ``default`` serves an optional one that is absent or null."""

    type: Type
    optional: bool = False
    default: object = None


def convert(value: object, wanted: Type, budget: Budget) -> object:
    """``value`` as the type that a variable declares; raises EvaluationError when that cannot be."""
    budget.spend(1)
    if value is None or isinstance(value, Unknown) or wanted == ANY:
        return value
    if wanted == "string":
        return text(value)
    if wanted == "number":
        return number(value)
    if wanted == "bool":
        return flag(value)
    if isinstance(wanted, str):
        raise EvaluationError(f"{wanted!r} is not a type")
    return _convert_structure(value, wanted, budget)


def _convert_structure(value: object, wanted: tuple[str, object], budget: Budget) -> object:
    kind, inner = wanted
    if isinstance(inner, dict):
        return _convert_object(mapping(value), inner, budget)
    if isinstance(inner, list):
        items = elements(value)
        if len(items) != len(inner):
            raise EvaluationError(f"a tuple of {len(inner)} elements required")
        return [convert(item, each, budget) for item, each in zip(items, inner, strict=True)]
    assert isinstance(inner, (str, tuple))
    if kind == "map":
        fields = mapping(value)
        converted = unify_if_any(list(fields.values()), inner, budget)
        return MapValue(zip(fields, converted, strict=True))
    if isinstance(value, dict):
        raise EvaluationError(f"{kind} required, but this is {type_name(value)}")
    converted = unify_if_any(elements(value), inner, budget)
    return convert_set(converted, budget) if kind == "set" else ListValue(converted)


def convert_set(items: Sequence[object], budget: Budget) -> object:
    """A set, or an unknown one where elements cannot be told apart."""
    try:
        return make_set(items, budget)
    except UnknownUsed as used:
        from auditor.terraform.unknowns import TfCall

        return TfCall("toset", [list(items)], used.unknown)


def unify_if_any(items: Sequence[object], wanted: Type, budget: Budget) -> list[object]:
    """The elements of a collection, all of one type."""
    if wanted == ANY:
        return unify_values(items, budget)
    return [convert(item, wanted, budget) for item in items]


def _convert_object(value: dict[str, object], fields: dict[str, Field], budget: Budget) -> object:
    result: dict[str, object] = {}
    for name, field in fields.items():
        given = value.get(name)
        if given is None and field.optional:
            result[name] = convert(field.default, field.type, budget)
        elif name not in value:
            raise EvaluationError(f"attribute {name!r} is required")
        else:
            result[name] = convert(given, field.type, budget)
    return result


def unify_values(values: Sequence[object], budget: Budget) -> list[object]:
    """The values converted to the one type that fits them all, unchanged where there is none."""
    known = [type_of(value, budget) for value in values]
    wanted = unify([found for found in known if found is not None])
    if wanted is None or wanted == ANY:
        return list(values)
    try:
        return [convert(value, wanted, budget) for value in values]
    except (EvaluationError, UnknownUsed):
        return list(values)


def one_type(values: Sequence[object], budget: Budget) -> list[object]:
    """The values as elements of one collection; raises EvaluationError where they have no type in common."""
    known = [found for found in (type_of(value, budget) for value in values) if found is not None]
    if unify(known) is None:
        raise EvaluationError("all elements must have one type")
    return unify_values(values, budget)


def type_of(value: object, budget: Budget) -> Type | None:
    """The structural type; None for null and unknown, which fit every type."""
    budget.spend(1)
    if value is None or isinstance(value, Unknown):
        return None
    if isinstance(value, bool):
        return "bool"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return ("object", {key: Field(type_of(item, budget) or ANY) for key, item in value.items()})
    if isinstance(value, list):
        return ("tuple", [type_of(item, budget) or ANY for item in value])
    return ANY


def unify(types: Sequence[Type]) -> Type | None:
    """The one type that all convert to; None where there is none."""
    wanted = [each for each in types if each != ANY]
    if not wanted:
        return ANY
    if all(isinstance(each, str) for each in wanted):
        return _unify_primitives({str(each) for each in wanted})
    if any(isinstance(each, str) for each in wanted):
        return None
    kinds = {each[0] for each in wanted}
    inner = [each[1] for each in wanted]
    if kinds <= {"tuple"}:
        return _unify_tuples([each for each in inner if isinstance(each, list)])
    if kinds <= {"object"}:
        return _unify_objects([each for each in inner if isinstance(each, dict)])
    return None


def _unify_primitives(names: set[str]) -> Type | None:
    if len(names) == 1:
        return names.pop()
    return "string" if "string" in names else None


def _unify_tuples(tuples: list[list[Type]]) -> Type | None:
    if len({len(each) for each in tuples}) == 1:
        unified = [unify(column) for column in zip(*tuples, strict=True)]
        return None if None in unified else ("tuple", unified)
    element = unify([each for items in tuples for each in items])
    return None if element is None else ("list", element)


def _unify_objects(objects: list[dict[str, Field]]) -> Type | None:
    names = set(objects[0])
    if all(set(each) == names for each in objects):
        fields: dict[str, Field] = {}
        for name in sorted(names):
            found = unify([each[name].type for each in objects])
            if found is None:
                return None
            fields[name] = Field(found, optional=True)
        return ("object", fields)
    element = unify([field.type for each in objects for field in each.values()])
    return None if element is None else ("map", element)
