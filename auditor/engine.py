"""Policy × resource → verdict. Pure: no I/O, no clock, the same input gives the same verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from auditor.cel import CelError
from auditor.compiled import CompiledPolicy, PolicyBroken, facts_read
from auditor.model import Evaluation, Path, Related, Resource, Status, Verdict
from auditor.paths import PathSyntaxError, expand, get, parse
from auditor.policy import Policy
from auditor.unknown import Unknown
from auditor.views import view
from auditor.views.interface import Instance
from auditor.world import World

Node = tuple[Any, Path]
"""A selected node: what ``it`` is, and its view path."""


class Engine:
    """Judges worlds by a fixed set of policies."""

    def __init__(
        self, policies: Iterable[Policy], params: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._params = params or {}
        self._policies = list(policies)
        self._compiled: dict[str, CompiledPolicy | str] = {}
        self._plans: dict[tuple[str, str], list[tuple[str, list[Policy]]]] = {}

    def judge(self, world: World) -> list[Verdict]:
        """Verdicts on the target's own resources (not those it is tied to), in the inventory's order."""
        verdicts: list[Verdict] = []
        for resource in world.target.resources:
            for name, policies in self._plan(resource):
                instances = (
                    world.instances_of(name, resource) if name else [Instance("", resource, resource.body)]
                )
                for instance in instances:
                    self._judge_instance(world, instance, policies, verdicts)
        return verdicts

    def wants(self, api_version: str, kind: str) -> bool:
        """Whether any policy looks at this kind directly (joins may still need it)."""
        return any(matches(policy, api_version, kind) for policy in self._policies)

    def _plan(self, resource: Resource) -> list[tuple[str, list[Policy]]]:
        key = (resource.api_version, resource.kind)
        plan = self._plans.get(key)
        if plan is None:
            by_view: dict[str, list[Policy]] = {}
            for policy in self._policies:
                if matches(policy, *key):
                    by_view.setdefault(policy.match.view, []).append(policy)
            plan = self._plans[key] = sorted(by_view.items())
        return plan

    def compiled(self, policy: Policy) -> CompiledPolicy | str:
        """The policy ready to run, or what is wrong with it."""
        found = self._compiled.get(policy.code)
        if found is None:
            try:
                found = CompiledPolicy(policy, self._params.get(policy.code) or self._params.get(policy.id))
            except (PolicyBroken, PathSyntaxError) as error:
                found = str(error)
            self._compiled[policy.code] = found
        return found

    def _judge_instance(
        self, world: World, instance: Instance, policies: Sequence[Policy], verdicts: list[Verdict]
    ) -> None:
        facts: dict[str, Any] = {}
        variables = variables_for(instance, facts)
        for policy in policies:
            compiled = self.compiled(policy)
            if isinstance(compiled, str):
                verdicts.append(_verdict(policy, Status.ERROR, world, instance, (), message=compiled))
                continue
            variables["params"] = compiled.params
            _Judgment(world, instance, compiled, variables, facts).into(verdicts)


def matches(policy: Policy, api_version: str, kind: str) -> bool:
    """Whether a policy looks at objects of this kind."""
    if policy.match.view:
        return view(policy.match.view).reads(api_version, kind)
    return any(fnmatchcase(f"{api_version}/{kind}", pattern) for pattern in policy.match.kinds)


def variables_for(instance: Instance, facts: dict[str, Any]) -> dict[str, Any]:
    """What CEL sees of an instance; ``facts`` is filled as policies ask."""
    resource = instance.resource
    variables: dict[str, Any] = {"object": resource.body, "it": None, "facts": facts, **instance.extra}
    variables["origin"] = {"file": resource.origin.file, "source": resource.origin.source}
    if instance.view:
        variables[view(instance.view).variable] = instance.value
    return variables


class _Judgment:
    """One policy on one instance."""

    __slots__ = ("compiled", "facts", "instance", "policy", "variables", "world")

    def __init__(
        self,
        world: World,
        instance: Instance,
        compiled: CompiledPolicy,
        variables: dict[str, Any],
        facts: dict[str, Any],
    ) -> None:
        self.world, self.instance, self.compiled = world, instance, compiled
        self.policy, self.variables, self.facts = compiled.policy, variables, facts

    def into(self, verdicts: list[Verdict]) -> None:
        """Append one verdict a node."""
        try:
            nodes = self._nodes()
        except CelError as error:
            verdicts.append(self._error(error, ()))
            return
        if isinstance(nodes, Unknown):
            verdicts.append(self._not_assessed(nodes, ()))
            return
        for it, path in nodes:
            self.variables["it"] = it
            verdicts.append(self._judge(path))
        self.variables["it"] = None
        if not nodes:
            verdicts.append(self._judge_empty())

    def _nodes(self) -> Sequence[Node] | Unknown:
        if self.compiled.select is not None:
            return [(value, path) for path, value in _selected(self.compiled.select, self.instance.value)]
        if self.compiled.each is None:
            return _WHOLE
        self._need(self.compiled.facts)
        listed = self.compiled.each(self.variables)
        if isinstance(listed, Unknown):
            return listed
        if not isinstance(listed, list):
            raise CelError("each is no list", 1, 1)
        return [(item, ()) for item in listed]

    def _need(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.facts:
                self.facts[name] = self.world.fact(name, self.instance)

    def _judge_empty(self) -> Verdict:
        if self.policy.empty == "not-applicable":
            return self._plain(Status.NOT_APPLICABLE, ())
        try:
            return self._excluded(()) or self._plain(Status.PASS, ())
        except CelError as error:
            return self._error(error, ())

    def _excluded(self, path: Path) -> Verdict | None:
        """The verdict when the node is outside the policy's ``when``; None when it is inside."""
        if self.compiled.when is None:
            return None
        self._need(self.compiled.when_facts)
        answer = self.compiled.when(self.variables)
        if answer is True:
            return None
        return (
            self._plain(Status.NOT_APPLICABLE, path)
            if answer is False
            else self._neither(answer, path, "when")
        )

    def _judge(self, path: Path) -> Verdict:
        try:
            excluded = self._excluded(path)
            if excluded is not None:
                return excluded
            self._need(self.compiled.facts)
            answer = self.compiled.program("assert")(self.variables)
            if answer is True:
                return self._plain(Status.PASS, path)
            return self._fail(path) if answer is False else self._neither(answer, path, "assert")
        except CelError as error:
            return self._error(error, path)

    def _plain(self, status: Status, path: Path) -> Verdict:
        instance = self.instance
        return Verdict(
            self.policy.code, status, instance.resource, self.world.target.name, instance.source_path(path)
        )

    def _neither(self, answer: object, path: Path, field: str) -> Verdict:
        if isinstance(answer, Unknown):
            return self._not_assessed(answer, path)
        return self._error(CelError(f"{field} gave {type(answer).__name__}, not a boolean", 1, 1), path)

    def _not_assessed(self, unknown: Unknown, path: Path) -> Verdict:
        verdict = self._plain(Status.NOT_ASSESSED, path)
        verdict.reason, verdict.repair = unknown.reason, unknown.repair
        verdict.at = verdict.path
        return verdict

    def _error(self, error: CelError, path: Path) -> Verdict:
        verdict = self._plain(Status.ERROR, path)
        verdict.at = verdict.path
        verdict.message = f"could not be judged: {_in_words(error)}"
        verdict.repair = "give the field the type that its schema wants; if it has it, report the policy"
        return verdict

    def _fail(self, path: Path) -> Verdict:
        verdict = self._plain(Status.FAIL, path)
        shown = self._place(path)
        verdict.at = self.instance.source_path(shown)
        verdict.message = self._text("message") or self.policy.title
        verdict.related = self._other_end(shown) + self._related()
        verdict.cost = self._cost()
        verdict.evaluation = Evaluation(
            path, self.instance.source_path, self.instance.value, dict(self.variables)
        )
        return verdict

    def _optional(self, field: str) -> Any:
        program = self.compiled.program(field)
        self._need(facts_read([program]))
        try:
            return program(self.variables)
        except CelError:
            return None

    def _text(self, field: str) -> str:
        found = self._optional(field)
        return found if isinstance(found, str) else ""

    def _place(self, path: Path) -> Path:
        pattern = self.compiled.at
        if self.policy.at_expr:
            try:
                pattern, path = parse(self._text("at_expr")), ()
            except PathSyntaxError:
                return path
        found = expand(pattern, get(self.instance.value, path))
        return path + (found[0] if found else ())

    def _other_end(self, shown: Path) -> tuple[Related, ...]:
        found = self.instance.other_end(shown)
        return (Related(found[0].title, found[0].origin.locate(found[1])),) if found else ()

    def _related(self) -> tuple[Related, ...]:
        refs = self._optional("related") if self.policy.related else None
        return tuple(found for ref in refs if (found := self._end(ref))) if isinstance(refs, list) else ()

    def _end(self, ref: object) -> Related | None:
        resolved = self.world.resolve(ref) if isinstance(ref, str) else None
        if resolved is None:
            return None
        resource, path = resolved
        return Related(resource.title, resource.origin.locate(path))

    def _cost(self) -> float | None:
        found = self._optional("cost") if self.policy.cost else None
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


_NO_OVERLOAD = re.compile(r"no such overload: (?:select \.\??(\w+)|(.+?))\(([\w, ]+)\)")


def _in_words(error: CelError) -> str:
    """What went wrong, for somebody who wrote the object and not the policy."""
    text = _NO_OVERLOAD.sub(_wrong_type, error.message)
    place = f" (in the policy's expression, line {error.line}, column {error.column})" if error.line else ""
    return f"{text}{place}"


def _wrong_type(match: re.Match[str]) -> str:
    field, operation, types = match.groups()
    if field or operation == "has":
        wanted = f"an object with the field {field}" if field else "an object"
        return f"a value of type {types} stands where {wanted} is expected"
    return f"{operation.replace('_', ' ').strip()} cannot be applied to values of type {types}"


_WHOLE: Sequence[Node] = ((None, ()),)


def _verdict(
    policy: Policy, status: Status, world: World, instance: Instance, path: Path, message: str = ""
) -> Verdict:
    where = instance.source_path(path)
    return Verdict(policy.code, status, instance.resource, world.target.name, where, where, message)


def _selected(pattern: Any, body: Any) -> Iterable[tuple[Path, Any]]:
    for path in expand(pattern, body):
        found = get(body, path, _MISSING)
        if found is not _MISSING:
            yield path, found


_MISSING: Any = object()


def judge_all(engine: Engine, worlds: Iterable[World]) -> list[Verdict]:
    """Verdicts of every target, in order."""
    return [verdict for world in worlds for verdict in engine.judge(world)]
