"""The expression tree of HCL, each node able to give its value in a scope.

An expression that Terraform would refuse raises :class:`EvaluationError`; one whose value cannot be
known gives an :class:`~auditor.unknown.Unknown` that carries what is known about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from auditor.terraform.errors import EvaluationError
from auditor.terraform.limits import Budget
from auditor.terraform.types import unify_values
from auditor.terraform.unknowns import TfCall, TfReference, TfTemplate, index_step
from auditor.terraform.values import (
    Number,
    SetValue,
    elements,
    equal,
    exact,
    flag,
    normalise,
    number,
    pairs,
    text,
    type_name,
    whole,
)
from auditor.unknown import Unknown, UnknownUsed


class Scope(Protocol):
    """Where an expression finds its names, functions and budget."""

    budget: Budget

    def lookup(self, name: str) -> object:
        """The value or namespace of a root name (``var``, ``each``, ``aws_sqs_queue``)."""

    def call(self, name: str, args: list[object]) -> object:
        """The result of a function of Terraform's language."""

    def inner(self, names: dict[str, object]) -> Scope:
        """A scope with further names, as inside ``for``."""


class Namespace(Protocol):
    """What ``var``, ``local``, ``data`` or a resource type stand for: names, but no value."""

    def member(self, name: str) -> object: ...


class Expression:
    """A node; ``start`` and ``end`` are character offsets into its file."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def value(self, scope: Scope) -> object:
        raise NotImplementedError


class Literal(Expression):
    __slots__ = ("constant",)

    def __init__(self, start: int, end: int, constant: object) -> None:
        super().__init__(start, end)
        self.constant = constant

    def value(self, scope: Scope) -> object:
        return self.constant


class Name(Expression):
    """A root name: ``var``, ``local``, ``aws_vpc``, or a variable of ``for``."""

    __slots__ = ("name",)

    def __init__(self, start: int, end: int, name: str) -> None:
        super().__init__(start, end)
        self.name = name

    def value(self, scope: Scope) -> object:
        return scope.lookup(self.name)


class Parentheses(Expression):
    __slots__ = ("inside",)

    def __init__(self, start: int, end: int, inside: Expression) -> None:
        super().__init__(start, end)
        self.inside = inside

    def value(self, scope: Scope) -> object:
        return self.inside.value(scope)


class Attribute(Expression):
    """``base.name``"""

    __slots__ = ("base", "name")

    def __init__(self, end: int, base: Expression, name: str) -> None:
        super().__init__(base.start, end)
        self.base = base
        self.name = name

    def value(self, scope: Scope) -> object:
        return get_attribute(self.base.value(scope), self.name)


class Index(Expression):
    """``base[key]`` and the older ``base.0``"""

    __slots__ = ("base", "key")

    def __init__(self, end: int, base: Expression, key: Expression) -> None:
        super().__init__(base.start, end)
        self.base = base
        self.key = key

    def value(self, scope: Scope) -> object:
        return get_index(self.base.value(scope), self.key.value(scope))


class Splat(Expression):
    """``base[*].a.b``: ``each`` is the path below the element, which it reads as ``element``."""

    __slots__ = ("base", "each", "element")

    def __init__(self, end: int, base: Expression, each: Expression, element: SplatElement) -> None:
        super().__init__(base.start, end)
        self.base = base
        self.each = each
        self.element = element

    def value(self, scope: Scope) -> object:
        base = self.base.value(scope)
        if isinstance(base, TfReference) and not base.attribute and hasattr(base, "member"):
            return [self._below(base, scope)]
        if isinstance(base, Unknown):
            step = base.child("[*]") if isinstance(base, TfReference) else base
            return self._below(step, scope)
        if base is None:
            return []
        items = base if isinstance(base, list) else [base]
        scope.budget.spend(len(items))
        return [self._below(item, scope) for item in items]

    def _below(self, item: object, scope: Scope) -> object:
        return self.each.value(scope.inner({SplatElement.NAME: item}))


class SplatElement(Expression):
    """The element of the innermost splat."""

    __slots__ = ()
    NAME = "*"

    def value(self, scope: Scope) -> object:
        return scope.lookup(self.NAME)


class Tuple(Expression):
    __slots__ = ("items",)

    def __init__(self, start: int, end: int, items: list[Expression]) -> None:
        super().__init__(start, end)
        self.items = items

    def value(self, scope: Scope) -> object:
        scope.budget.spend(1 + len(self.items))
        return [item.value(scope) for item in self.items]


class Object(Expression):
    """``{key = value}``; a bare name as a key is a :class:`Literal`.

    With a key that is not known the value is a call of ``object``: keys and values in turn.
    """

    __slots__ = ("items",)

    def __init__(self, start: int, end: int, items: list[tuple[Expression, Expression]]) -> None:
        super().__init__(start, end)
        self.items = items

    def value(self, scope: Scope) -> object:
        scope.budget.spend(1 + len(self.items))
        pairs = [(key.value(scope), expression.value(scope)) for key, expression in self.items]
        unknown = next((key for key, _ in pairs if isinstance(key, Unknown)), None)
        if unknown is not None:
            return TfCall("object", [part for pair in pairs for part in pair], unknown)
        return {text(key): value for key, value in pairs}


class Call(Expression):
    __slots__ = ("args", "expand", "name")

    def __init__(self, start: int, end: int, name: str, args: list[Expression], expand: bool) -> None:
        super().__init__(start, end)
        self.name = name
        self.args = args
        self.expand = expand

    def value(self, scope: Scope) -> object:
        if self.name in {"try", "can"} and not self.expand:
            return self._first_success(scope)
        args = [arg.value(scope) for arg in self.args]
        if self.expand and args:
            last = args.pop()
            if isinstance(last, Unknown):
                return TfCall(self.name, [*args, last], last)
            args.extend(elements(last))
        return scope.call(self.name, args)

    def _first_success(self, scope: Scope) -> object:
        for arg in self.args:
            try:
                found = arg.value(scope)
            except EvaluationError:
                continue
            if self.name == "try" or isinstance(found, Unknown):
                return found
            return True
        if self.name == "can":
            return False
        raise EvaluationError("no argument of try() could be evaluated")


class Conditional(Expression):
    __slots__ = ("condition", "no", "yes")

    def __init__(self, condition: Expression, yes: Expression, no: Expression) -> None:
        super().__init__(condition.start, no.end)
        self.condition = condition
        self.yes = yes
        self.no = no

    def value(self, scope: Scope) -> object:
        condition = self.condition.value(scope)
        if isinstance(condition, Unknown):
            return self._either(condition, scope)
        chosen, other = (self.yes, self.no) if flag(condition) else (self.no, self.yes)
        result = chosen.value(scope)
        if result is None or isinstance(result, (str, Unknown)):
            return result
        try:
            alternative = other.value(scope)
        except EvaluationError:
            return result
        return unify_values([result, alternative], scope.budget)[0]

    def _either(self, condition: Unknown, scope: Scope) -> object:
        """Where the condition is unknown the value is known only if both branches agree."""
        try:
            yes, no = self.yes.value(scope), self.no.value(scope)
        except EvaluationError:
            return Unknown(condition.reason, condition.repair)
        if equal(yes, no, scope.budget) is True:
            return yes
        return TfCall("if", [condition, yes, no], condition)


class Unary(Expression):
    __slots__ = ("operand", "operator")

    def __init__(self, start: int, operator: str, operand: Expression) -> None:
        super().__init__(start, operand.end)
        self.operator = operator
        self.operand = operand

    def value(self, scope: Scope) -> object:
        operand = self.operand.value(scope)
        if isinstance(operand, Unknown):
            return Unknown(operand.reason, operand.repair)
        return not flag(operand) if self.operator == "!" else -number(operand)


class Binary(Expression):
    __slots__ = ("left", "operator", "right")

    def __init__(self, left: Expression, operator: str, right: Expression) -> None:
        super().__init__(left.start, right.end)
        self.left = left
        self.operator = operator
        self.right = right

    def value(self, scope: Scope) -> object:
        if self.operator in {"&&", "||"}:
            return self._logic(scope)
        left, right = self.left.value(scope), self.right.value(scope)
        if self.operator == "==":
            return equal(left, right, scope.budget)
        if self.operator == "!=":
            same = equal(left, right, scope.budget)
            return same if isinstance(same, Unknown) else not same
        for side in (left, right):
            if isinstance(side, Unknown):
                return Unknown(side.reason, side.repair)
        return ARITHMETIC[self.operator](number(left), number(right))

    def _logic(self, scope: Scope) -> object:
        decisive = self.operator == "||"
        left = self.left.value(scope)
        if not isinstance(left, Unknown) and flag(left) is decisive:
            return decisive
        right = self.right.value(scope)
        if not isinstance(right, Unknown) and flag(right) is decisive:
            return decisive
        for side in (left, right):
            if isinstance(side, Unknown):
                return Unknown(side.reason, side.repair)
        return not decisive


def _divide(left: Number, right: Number) -> Number:
    if right == 0:
        raise EvaluationError("division by zero")
    return normalise(exact(left) / exact(right))


def _remainder(left: Number, right: Number) -> Number:
    if right == 0:
        return left
    quotient = exact(left) / exact(right)
    truncated = abs(quotient).__floor__() * (1 if quotient >= 0 else -1)
    return normalise(exact(left) - truncated * exact(right))


ARITHMETIC: dict[str, Callable[[Number, Number], object]] = {
    "+": lambda left, right: normalise(exact(left) + exact(right)),
    "-": lambda left, right: normalise(exact(left) - exact(right)),
    "*": lambda left, right: normalise(exact(left) * exact(right)),
    "/": _divide,
    "%": _remainder,
    "<": lambda left, right: exact(left) < exact(right),
    "<=": lambda left, right: exact(left) <= exact(right),
    ">": lambda left, right: exact(left) > exact(right),
    ">=": lambda left, right: exact(left) >= exact(right),
}


class ForIntro:
    """``for key, name in collection``, and the condition at the end."""

    __slots__ = ("collection", "condition", "key", "name")

    def __init__(self, key: str, name: str, collection: Expression) -> None:
        self.key = key
        self.name = name
        self.collection = collection
        self.condition: Expression | None = None

    def scopes(self, scope: Scope) -> list[Scope] | Unknown:
        """One scope for each element that the condition keeps; unknown when that is not known."""
        collection = self.collection.value(scope)
        if isinstance(collection, Unknown):
            return collection
        found = pairs(collection)
        scope.budget.spend(1 + 4 * len(found))
        kept: list[Scope] = []
        for key, item in found:
            inner = scope.inner({self.key: key, self.name: item} if self.key else {self.name: item})
            keep = True if self.condition is None else self.condition.value(inner)
            if isinstance(keep, Unknown):
                return keep
            if flag(keep):
                kept.append(inner)
        return kept


class ForTuple(Expression):
    __slots__ = ("intro", "result")

    def __init__(self, start: int, end: int, intro: ForIntro, result: Expression) -> None:
        super().__init__(start, end)
        self.intro = intro
        self.result = result

    def value(self, scope: Scope) -> object:
        scopes = self.intro.scopes(scope)
        if isinstance(scopes, Unknown):
            return TfCall("for", [scopes], scopes)
        return [self.result.value(inner) for inner in scopes]


class ForObject(Expression):
    __slots__ = ("group", "intro", "key", "result")

    def __init__(
        self, start: int, end: int, intro: ForIntro, key: Expression, result: Expression, group: bool
    ) -> None:
        super().__init__(start, end)
        self.intro = intro
        self.key = key
        self.result = result
        self.group = group

    def value(self, scope: Scope) -> object:
        scopes = self.intro.scopes(scope)
        if isinstance(scopes, Unknown):
            return TfCall("for", [scopes], scopes)
        result: dict[str, object] = {}
        groups: dict[str, list[object]] = {}
        for inner in scopes:
            key = self.key.value(inner)
            if isinstance(key, Unknown):
                return TfCall("for", [key], key)
            name = text(key)
            if self.group:
                groups.setdefault(name, []).append(self.result.value(inner))
            elif name in result:
                raise EvaluationError("two elements of a `for` expression have the same key; group with ...")
            else:
                result[name] = self.result.value(inner)
        return {**groups} if self.group else result


class Template(Expression):
    """Text with interpolations and directives; always a string."""

    __slots__ = ("parts",)

    def __init__(self, start: int, end: int, parts: Sequence[str | Expression]) -> None:
        super().__init__(start, end)
        self.parts = parts

    def value(self, scope: Scope) -> object:
        found: list[str | Unknown] = []
        size = 0
        for part in self.parts:
            item = part if isinstance(part, str) else part.value(scope)
            if not isinstance(item, Unknown):
                item = text(item)
                size += len(item)
                scope.budget.string(size, len(item))
            found.append(item)
        return join_text(found)


def join_text(parts: Sequence[str | Unknown]) -> object:
    """A string, or a template when a part is unknown."""
    if any(isinstance(part, Unknown) for part in parts):
        return TfTemplate(parts)
    return "".join(part for part in parts if isinstance(part, str))


class TemplateFor(Expression):
    """``%{ for }`` in a template."""

    __slots__ = ("body", "intro")

    def __init__(self, start: int, end: int, intro: ForIntro, body: Expression) -> None:
        super().__init__(start, end)
        self.intro = intro
        self.body = body

    def value(self, scope: Scope) -> object:
        scopes = self.intro.scopes(scope)
        if isinstance(scopes, Unknown):
            return TfCall("for", [scopes], scopes)
        found: list[str | Unknown] = []
        size = 0
        for inner in scopes:
            piece = self.body.value(inner)
            if isinstance(piece, str):
                size += len(piece)
                scope.budget.string(size, len(piece))
            found.append(piece if isinstance(piece, (str, Unknown)) else text(piece))
        return join_text(found)


def get_attribute(base: object, name: str) -> object:
    """``base.name``"""
    member = getattr(base, "member", None)
    if member is not None:
        return member(name)
    if isinstance(base, TfReference):
        return base.child(name)
    if isinstance(base, Unknown):
        return Unknown(base.reason, base.repair)
    if isinstance(base, dict):
        if name not in base:
            raise EvaluationError(f"this object has no attribute {name!r}")
        return base[name]
    raise EvaluationError(f"{type_name(base)} has no attribute {name!r}")


def get_index(base: object, key: object) -> object:
    """``base[key]``"""
    if isinstance(key, Unknown):
        return TfCall("index", [base if isinstance(base, Unknown) else Unknown(key.reason), key], key)
    element = getattr(base, "element", None)
    if element is not None:
        return element(key)
    if isinstance(base, TfReference):
        return base.child(index_step(key))
    if isinstance(base, Unknown):
        return TfCall("index", [base, key], base)
    if isinstance(base, dict):
        return get_attribute(base, text(key))
    if isinstance(base, list) and not isinstance(base, SetValue):
        position = whole(key)
        if not 0 <= position < len(base):
            raise EvaluationError("index out of range")
        return base[position]
    if isinstance(base, Unknown):
        raise UnknownUsed(base)
    raise EvaluationError(f"{type_name(base)} cannot be indexed")
