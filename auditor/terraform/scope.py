"""Where the expressions of a module find their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from auditor.terraform.errors import EvaluationError, HclSyntaxError
from auditor.terraform.expressions import Scope
from auditor.terraform.functions import call_function
from auditor.terraform.functions.context import Files
from auditor.terraform.limits import Budget
from auditor.terraform.parser import Parser

if TYPE_CHECKING:
    from auditor.terraform.instance import ModuleInstance


class Names:
    """A namespace such as ``var`` or ``data``: members, but no value."""

    __slots__ = ("member",)

    def __init__(self, member: Callable[[str], object]) -> None:
        self.member = member


class TemplateScope:
    """A scope with nothing but given names, as a template file has."""

    __slots__ = ("budget", "files", "names")

    def __init__(self, names: dict[str, object], budget: Budget, files: Files) -> None:
        self.names = names
        self.budget = budget
        self.files = files

    def lookup(self, name: str) -> object:
        if name not in self.names:
            raise EvaluationError(f"{name!r} is not declared")
        return self.names[name]

    def call(self, name: str, args: list[object]) -> object:
        return call_function(self, name, args)

    def inner(self, names: dict[str, object]) -> Scope:
        return TemplateScope({**self.names, **names}, self.budget, self.files)

    def render(self, template: str, names: dict[str, object]) -> object:
        self.budget.string(len(template))
        try:
            expression = Parser(template).whole_template()
        except (HclSyntaxError, RecursionError) as error:
            raise EvaluationError(f"the template is broken: {error}") from None
        return expression.value(TemplateScope(names, self.budget, self.files))


class ModuleScope(TemplateScope):
    """A scope inside a module: its own names (``each``, ``for``) first, then the module's."""

    __slots__ = ("module",)

    def __init__(self, module: ModuleInstance, names: dict[str, object]) -> None:
        super().__init__(names, module.root.budget, module.root.files)
        self.module = module

    def lookup(self, name: str) -> object:
        found = self.names.get(name, self)
        return self.module.lookup(name) if found is self else found

    def inner(self, names: dict[str, object]) -> Scope:
        return ModuleScope(self.module, {**self.names, **names})
