"""A policy made ready to run: its expressions compiled, its paths parsed, the facts it reads found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from auditor.cel import CelSyntaxError, Program, compile_expr
from auditor.paths import PathPattern, parse
from auditor.patterns import regex
from auditor.policy import Policy
from auditor.views import view

BASE_VARIABLES = ("object", "it", "params", "facts", "origin")
VIEW_EXTRAS: dict[str, tuple[str, ...]] = {"Container": ("pod", "container_type")}


class PolicyBroken(Exception):
    """A policy whose expression does not compile; the message names policy, field, line and column."""


class Compiler(Protocol):
    """Makes programs: :func:`auditor.cel.compile_expr`, or something that remembers what it gave."""

    def __call__(self, source: str, *, variables: Collection[str] | None = None) -> Program:
        """The program; CelSyntaxError where there is none."""


class CompiledPolicy:
    """One policy, compiled lazily field by field and kept for the whole run."""

    __slots__ = (
        "_compiler",
        "_programs",
        "at",
        "at_once",
        "each",
        "facts",
        "lazy",
        "params",
        "policy",
        "select",
        "test",
        "variables",
        "when",
        "when_facts",
    )

    def __init__(
        self, policy: Policy, params: Mapping[str, Any] | None = None, compiler: Compiler = compile_expr
    ) -> None:
        self.policy = policy
        self._compiler = compiler
        self.params = {name: param.default for name, param in policy.params.items()} | dict(params or {})
        self.variables = variables_of(policy)
        self._programs: dict[str, Program] = {}
        self.select: PathPattern | None = parse(policy.select) if policy.select else None
        self.at: PathPattern = parse(policy.at) if policy.at else parse("")
        self.when = self.program("when") if policy.when else None
        self.each = self.program("each") if policy.each else None
        self.test = self.program("assert")
        self.when_facts = facts_read([self.when] if self.when else [])
        self.lazy = not any(
            asks_whether_facts_exist(each) for each in (self.test, self.when) if each is not None
        )
        """Whether facts may be computed one by one, as they are needed."""
        self.at_once = self.lazy and self.select is None and self.each is None
        """Whether the policy says one thing of each instance."""
        self.facts = facts_read([self.test, *([self.each] if self.each else [])])

    def program(self, field: str) -> Program:
        """The compiled expression of a field (``assert``, ``message``, ``cost`` …)."""
        found = self._programs.get(field)
        if found is None:
            source = getattr(self.policy, "assert_" if field == "assert" else field)
            found = self._programs[field] = self._compile(field, source)
        return found

    def expression(self, source: str, field: str) -> Program:
        """A further expression of the policy, such as the value of a fix operation."""
        found = self._programs.get(source)
        if found is None:
            found = self._programs[source] = self._compile(field, source)
        return found

    def _compile(self, field: str, source: str) -> Program:
        """One expression; PolicyBroken names the policy, the field and the place in it."""
        try:
            return self._compiler(source, variables=frozenset(self.variables))
        except CelSyntaxError as error:
            place = f"{self.policy.code} ({self.policy.id}) {field}, line {error.line} column {error.column}"
            raise PolicyBroken(f"{place}: {error.message}") from error


def variables_of(policy: Policy) -> tuple[str, ...]:
    """The names that the policy's expressions may use."""
    name = policy.match.view
    if not name:
        return BASE_VARIABLES
    return (*BASE_VARIABLES, view(name).variable, *VIEW_EXTRAS.get(name, ()))


def facts_read(programs: Iterable[Program]) -> tuple[str, ...]:
    """Names of the facts that the programs read, in the order in which they are written there."""
    places = {
        path[1]: (number, program.source.find(f"facts.{path[1]}"))
        for number, program in reversed([*enumerate(programs)])
        for path in program.reads
        if path[0] == "facts" and len(path) > 1
    }
    return tuple(sorted(places, key=lambda name: (places[name], name)))


_ASKS_FOR_FACTS = regex(r"has\(\s*facts\.\w+\s*\)|facts\s*\.\s*\?|facts\s*\[")


def asks_whether_facts_exist(program: Program) -> bool:
    """Whether the expression can tell a fact that was not computed from one that does not exist."""
    if "facts" not in program.source:
        return False
    return ("facts",) in program.reads or _ASKS_FOR_FACTS.search(program.source) is not None
