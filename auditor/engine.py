"""Policy × resource → verdict. Pure: no I/O, no clock, the same input gives the same verdicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from auditor.cel import CelError, Program, compile_expr
from auditor.compiled import CompiledPolicy, Compiler, PolicyBroken, facts_read
from auditor.globs import fits, is_glob
from auditor.model import Evaluation, Nowhere, Path, Related, Resource, Status, Verdict
from auditor.paths import PathPattern, PathSyntaxError, expand, get, nodes, parse
from auditor.policy import Policy, judges
from auditor.reach import Reach, Unread
from auditor.unknown import Unknown
from auditor.views import reads, view
from auditor.views.interface import Instance
from auditor.world import World

Node = tuple[Path, Any]
"""A selected node: its view path, and what ``it`` is."""


Only = Callable[[Resource], frozenset[str] | None]
Counted = tuple[Resource, dict[str, Status]]
"""A resource, and for each policy's code pass or not-applicable: the worse of the two where it said both."""


class Engine:
    """Judges worlds by a fixed set of policies."""

    def __init__(
        self,
        policies: Iterable[Policy],
        params: Mapping[str, Mapping[str, Any]] | None = None,
        compiler: Compiler = compile_expr,
    ) -> None:
        self._params = params or {}
        self._compiler = compiler
        self._policies = list(policies)
        self._compiled: dict[str, CompiledPolicy | str] = {}
        self._tables: dict[frozenset[str] | None, _Tables] = {}
        self._plans: dict[tuple[str, str, bool, frozenset[str] | None], list[tuple[str, list[Policy]]]] = {}

    def judge(
        self, world: World, only: Only | None = None, counted: list[Counted] | None = None
    ) -> list[Verdict]:
        """Verdicts on the target's own resources (not those it is tied to), in the inventory's order.

        ``only`` gives the codes of the policies that are asked of a resource; None: all that match. With
        ``counted`` what passes or is not meant becomes an entry there instead of a verdict.
        """
        verdicts: list[Verdict] = []
        live = world.is_live
        given = world.target.given
        for resource in world.target.resources:
            if given and resource.key in given:
                continue
            plan = self._plan(resource, live, only(resource) if only is not None else None)
            if not plan:
                continue
            plain: dict[str, Status] | None = None
            if counted is not None:
                plain = {}
                counted.append((resource, plain))
            for name, policies in plan:
                instances = (
                    world.instances_of(name, resource) if name else [Instance("", resource, resource.body)]
                )
                for instance in instances:
                    self._judge_instance(world, instance, policies, verdicts, plain)
        if world.target.reach is not None:
            verdicts += self._unseen(world, world.target.reach)
        return verdicts

    def _unseen(self, world: World, reach: Reach) -> Iterator[Verdict]:
        """A row for each policy and kind that it judges and nobody could read, and for each without any kind."""
        for policy in self._policies:
            if not judges(policy, live=True):
                continue
            gone = [each for each in reach.absent.values() if matches(policy, each.api_version, each.kind)]
            lost = [each for each in reach.unread.values() if matches(policy, each.api_version, each.kind)]
            if gone and not any(self._sees(policy, kind) for kind in reach.read):
                lost += gone[:1]
            for each in lost:
                yield _unseen_verdict(policy, world, each)

    def _sees(self, policy: Policy, kind: tuple[str, str]) -> bool:
        group, name = kind
        return matches(policy, f"{group}/v1" if group not in ("", "terraform") else group or "v1", name)

    def wants(self, api_version: str, kind: str) -> bool:
        """Whether any policy looks at this kind directly (joins may still need it)."""
        return any(matches(policy, api_version, kind) for policy in self._policies)

    def _plan(
        self, resource: Resource, live: bool, asked: frozenset[str] | None
    ) -> list[tuple[str, list[Policy]]]:
        """The policies that are asked of resources of this kind (all: None), by the view they look through."""
        key = (resource.api_version, resource.kind, live, asked)
        plan = self._plans.get(key)
        if plan is None:
            kind = key[:2]
            tables = self._tables.get(asked)
            if tables is None:
                mine = [each for each in self._policies if asked is None or each.code in asked]
                tables = self._tables[asked] = _Tables(mine, _by_view(mine), _by_kind(mine))
            places = {place for name in (resource.kind, _ANY) for place in tables.by_kind.get(name, ())}
            direct = [tables.policies[place] for place in sorted(places)]
            plan = [("", [each for each in direct if matches(each, *kind)])]
            plan += [(name, listed) for name, listed in tables.by_view if reads(name, *kind)]
            plan = [(name, [each for each in listed if judges(each, live=live)]) for name, listed in plan]
            plan = self._plans[key] = [pair for pair in plan if pair[1]]
        return plan

    def compiled(self, policy: Policy) -> CompiledPolicy | str:
        """The policy ready to run, or what is wrong with it."""
        found = self._compiled.get(policy.code)
        if found is None:
            try:
                params = self._params.get(policy.code) or self._params.get(policy.id)
                found = CompiledPolicy(policy, params, self._compiler)
            except (PolicyBroken, PathSyntaxError) as error:
                found = str(error)
            self._compiled[policy.code] = found
        return found

    def _judge_instance(
        self,
        world: World,
        instance: Instance,
        policies: Sequence[Policy],
        verdicts: list[Verdict],
        plain: dict[str, Status] | None,
    ) -> None:
        judge = _Judge(world, instance, plain)
        for policy in policies:
            compiled = self._compiled.get(policy.code) or self.compiled(policy)
            if isinstance(compiled, str):
                verdicts.append(_verdict(policy, Status.ERROR, world, instance, (), message=compiled))
            else:
                judge.by(compiled, verdicts)


class _Tables(Struct, frozen=True):
    """Policies, and where to find those that may look at a resource."""

    policies: list[Policy]
    by_view: list[tuple[str, list[Policy]]]
    by_kind: dict[str, list[int]]


def _by_view(policies: Iterable[Policy]) -> list[tuple[str, list[Policy]]]:
    """Each view that is looked through, by name, with its policies."""
    found: dict[str, list[Policy]] = {}
    for policy in policies:
        if policy.match.view:
            found.setdefault(policy.match.view, []).append(policy)
    return sorted(found.items())


_ANY = "*"


def _by_kind(policies: Sequence[Policy]) -> dict[str, list[int]]:
    """Kind, or ``_ANY``, and the places of the policies that may match it by pattern."""
    found: dict[str, list[int]] = {}
    for place, policy in enumerate(policies):
        for pattern in () if policy.match.view else policy.match.kinds:
            name = pattern.rpartition("/")[2]
            found.setdefault(_ANY if is_glob(name) else name, []).append(place)
    return found


def matches(policy: Policy, api_version: str, kind: str) -> bool:
    """Whether a policy looks at objects of this kind."""
    if policy.match.view:
        return reads(policy.match.view, api_version, kind)
    name = f"{api_version}/{kind}"
    return any(fits(name, pattern) for pattern in policy.match.kinds)


def variables_for(instance: Instance, facts: dict[str, Any]) -> dict[str, Any]:
    """What CEL sees of an instance; ``facts`` is filled as policies ask."""
    resource = instance.resource
    variables: dict[str, Any] = {"object": resource.body, "it": None, "facts": facts, **instance.extra}
    variables["origin"] = {"file": resource.origin.file, "source": resource.origin.source}
    if instance.view:
        variables[view(instance.view).variable] = instance.value
    return variables


class _Judge:
    """All policies on one instance, one after the other."""

    __slots__ = (
        "_plain_ones",
        "_selected",
        "_whole",
        "compiled",
        "facts",
        "instance",
        "policy",
        "variables",
        "world",
    )

    compiled: CompiledPolicy
    policy: Policy

    def __init__(self, world: World, instance: Instance, plain: dict[str, Status] | None) -> None:
        self.world, self.instance, self._plain_ones = world, instance, plain
        self.facts: dict[str, Any] = {}
        self.variables = variables_for(instance, self.facts)
        self._whole = instance.source_path(())
        self._selected: dict[str, Sequence[Node]] = {}

    def by(self, compiled: CompiledPolicy, verdicts: list[Verdict]) -> None:
        """Append one verdict a node."""
        self.compiled, self.policy = compiled, compiled.policy
        self.variables["params"] = compiled.params
        plain, code = self._plain_ones, compiled.policy.code
        if compiled.at_once and plain is not None:
            status = self._at_once()
            if status is not None:
                if status is _PASS or code not in plain:
                    plain[code] = status
                return
        try:
            found = self._nodes()
        except CelError as error:
            verdicts.append(self._error(error, ()))
            return
        if isinstance(found, Unknown):
            verdicts.append(self._not_assessed(found, ()))
            return
        for path, self.variables["it"] in found:
            status = self._at_once() if compiled.lazy else None
            if status is None:
                verdicts.append(self._judge(path))
            elif plain is None:
                verdicts.append(self._plain(status, path))
            elif status is _PASS or code not in plain:
                plain[code] = status
        self.variables["it"] = None
        if not found:
            verdicts.append(self._judge_empty())

    def _nodes(self) -> Sequence[Node] | Unknown:
        if self.compiled.select is not None:
            return self._selection(self.compiled.select)
        if self.compiled.each is None:
            return _WHOLE
        self._need(self.compiled.facts)
        listed = self.compiled.each(self.variables)
        if isinstance(listed, Unknown):
            return listed
        if not isinstance(listed, list):
            raise CelError("each is no list", 1, 1)
        return [((), item) for item in listed]

    def _selection(self, pattern: PathPattern) -> Sequence[Node]:
        """The nodes under a path; many policies share one."""
        found = self._selected.get(pattern.text)
        if found is None:
            found = self._selected[pattern.text] = nodes(pattern, self.instance.value)
        return found

    def _at_once(self) -> Status | None:
        """The verdict on a node where it is simple and needs no words; None: look closely.

        Nine verdicts of ten end here. Whatever is out of the ordinary raises, and is judged from the start.
        """
        compiled = self.compiled
        try:
            when = compiled.when
            if when is not None:
                facts = compiled.when_facts
                inside = self._ask(when, facts) if facts else when.fast(self.variables)
                if inside is not True:
                    return _OUTSIDE if inside is False else None
            facts = compiled.facts
            test = compiled.test
            answer = self._ask(test, facts) if facts else test.fast(self.variables)
            return _PASS if answer is True else None
        except Exception:
            return None

    def _ask(self, program: Program, facts: tuple[str, ...]) -> object:
        """The program's answer; facts are computed one by one, until those at hand decide it.

        That is sound because an expression that reads a fact which is not there fails: what it answers
        without failing, it answers whatever the fact may be.
        """
        for name in facts:
            if name not in self.facts:
                try:
                    answer = program.fast(self.variables)
                    if answer is True or answer is False:
                        return answer
                except Exception:
                    pass
                self.facts[name] = self.world.fact(name, self.instance)
        return program.fast(self.variables)

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
            answer = self.compiled.test(self.variables)
            if answer is True:
                return self._plain(Status.PASS, path)
            return self._fail(path) if answer is False else self._neither(answer, path, "assert")
        except CelError as error:
            return self._error(error, path)

    def _plain(self, status: Status, path: Path) -> Verdict:
        where = self.instance.source_path(path) if path else self._whole
        return Verdict(self.policy.code, status, self.instance.resource, self.world.name, where)

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


_NO_OVERLOAD = r"no such overload: (?:select \.\??(\w+)|(.+?))\(([\w, ]+)\)"


def _in_words(error: CelError) -> str:
    """What went wrong, for somebody who wrote the object and not the policy."""
    text = re.sub(_NO_OVERLOAD, _wrong_type, error.message)
    place = f" (in the policy's expression, line {error.line}, column {error.column})" if error.line else ""
    return f"{text}{place}"


def _wrong_type(match: re.Match[str]) -> str:
    field, operation, types = match.groups()
    if field or operation == "has":
        wanted = f"an object with the field {field}" if field else "an object"
        return f"a value of type {types} stands where {wanted} is expected"
    return f"{operation.replace('_', ' ').strip()} cannot be applied to values of type {types}"


_PASS, _OUTSIDE = Status.PASS, Status.NOT_APPLICABLE
"""Members of an enumeration are looked up by name each time."""
_WHOLE: Sequence[Node] = (((), None),)


def _unseen_verdict(policy: Policy, world: World, unread: Unread) -> Verdict:
    """A verdict on whatever there may be of a kind that was not read."""
    target = world.target
    resource = Resource(unread.api_version, unread.kind, "", "*", {}, Nowhere(target.path, target.source))
    verdict = Verdict(policy.code, Status.NOT_ASSESSED, resource, world.name)
    verdict.reason, verdict.repair = unread.why.reason, unread.why.repair
    return verdict


def _verdict(
    policy: Policy, status: Status, world: World, instance: Instance, path: Path, message: str = ""
) -> Verdict:
    where = instance.source_path(path)
    return Verdict(policy.code, status, instance.resource, world.name, where, where, message)


def judge_all(engine: Engine, worlds: Iterable[World]) -> list[Verdict]:
    """Verdicts of every target, in order."""
    return [verdict for world in worlds for verdict in engine.judge(world)]
