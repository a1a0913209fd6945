"""Calls that are syntax: has, the comprehensions, cel.bind, optMap. ``ValueError`` says what is wrong."""

from __future__ import annotations

from typing import Final

from auditor.cel.syntax import Bind, Comprehension, Has, Ident, Node, Select

_ONE_VARIABLE: Final = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map", "sortBy"})
_QUANTIFIERS: Final = frozenset({"all", "exists", "exists_one", "existsOne"})
_TRANSFORMS: Final = frozenset({"transformList", "transformMap", "transformMapEntry"})
MACROS: Final = frozenset({*_ONE_VARIABLE, *_TRANSFORMS, "has", "optMap", "optFlatMap"})


def expand_global(at: int, name: str, arguments: list[Node]) -> Node | None:
    """The tree of ``name(arguments)`` if that is a macro."""
    if name != "has":
        return None
    if len(arguments) != 1 or type(arguments[0]) is not Select:
        raise ValueError("has() takes one field selection, such as has(a.b)")
    return Has(at, arguments[0].operand, arguments[0].field)


def expand_member(at: int, target: Node, name: str, arguments: list[Node]) -> Node | None:
    """The tree of ``target.name(arguments)`` if that is a macro."""
    count = len(arguments)
    if name in _ONE_VARIABLE and count == 2:
        return Comprehension(at, name, target, _variables(name, arguments[:1]), None, arguments[1])
    if name == "map" and count == 3:
        return Comprehension(at, name, target, _variables(name, arguments[:1]), arguments[1], arguments[2])
    if name in _QUANTIFIERS and count == 3:
        return Comprehension(at, name, target, _variables(name, arguments[:2]), None, arguments[2])
    if name in _TRANSFORMS and count in (3, 4):
        where = arguments[2] if count == 4 else None
        return Comprehension(at, name, target, _variables(name, arguments[:2]), where, arguments[-1])
    if name in ("optMap", "optFlatMap") and count == 2:
        return Bind(at, name, _variables(name, arguments[:1])[0], target, arguments[1])
    if name == "bind" and type(target) is Ident and target.name == "cel" and count == 3:
        return Bind(at, name, _variables(name, arguments[:1])[0], arguments[1], arguments[2])
    if name in MACROS and name != "has":
        raise ValueError(f"{name}() takes a variable and an expression; {count} arguments found")
    return None


def _variables(name: str, arguments: list[Node]) -> list[str]:
    names: list[str] = []
    for argument in arguments:
        if type(argument) is not Ident or argument.name.startswith("."):
            raise ValueError(f"{name}() declares a variable here: a plain name is needed")
        names.append(argument.name)
    if len(set(names)) < len(names):
        raise ValueError(f"{name}() declares the variable {names[0]!r} twice")
    return names
