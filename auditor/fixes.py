"""Findings → edits. Planning is pure; what is written is proved first by auditing the edited tree again.

A fix touches only its own bytes. Its operations are paths of the policy's view; the origin of the resource says
which file they stand in, or why they cannot be edited there. Fixes that do not remove their finding, or that
bring a new one, are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from auditor.cel import CelError
from auditor.compiled import CompiledPolicy
from auditor.model import Evaluation, Path, Status, Verdict
from auditor.paths import PathPattern, expand, get, parse
from auditor.policy import FixOp, Policy
from auditor.spans import Edit
from auditor.unknown import Unknown
from auditor.yamlio import apply

Read = Callable[[str], bytes]

_GONE: Any = object()


class Refused(Exception):
    """Why a finding cannot be fixed by an edit, in words."""


class Editable(Struct, frozen=True):
    """Where a resource can be edited: the file, and functions that turn operations into edits of its bytes."""

    file: str
    set: Callable[[Path, Any], Edit]
    append: Callable[[Path, Any], Edit]
    remove: Callable[[Path], Edit]
    note: str = ""
    again: Callable[[bytes], Editable] | None = None
    """The same place in other bytes of the file: what a further operation of one fix needs after the first."""


class Fix(Struct):
    """The edits that would repair one finding, or why there are none."""

    verdict: Verdict
    policy: Policy
    edits: tuple[tuple[str, Edit], ...] = ()
    refused: str = ""
    note: str = ""


def plan(verdict: Verdict, compiled: CompiledPolicy, read: Read) -> Fix:
    """The fix of one failure. ``refused`` says in words why there is none."""
    policy = compiled.policy
    fix = Fix(verdict, policy)
    try:
        fix.edits, fix.note = _edits(verdict, compiled, read)
    except Refused as refusal:
        fix.refused = str(refusal)
    return fix


def _edits(
    verdict: Verdict, compiled: CompiledPolicy, read: Read
) -> tuple[tuple[tuple[str, Edit], ...], str]:
    declared, seen = compiled.policy.fix, verdict.evaluation
    if declared is None:
        raise Refused("the policy has no fix")
    if seen is None or verdict.status is not Status.FAIL:
        raise Refused("only open failures are fixed")
    made = _Made(read)
    for operation in declared.ops:
        for path, pattern in _places(operation, seen):
            site = editable(verdict, path)
            made.add(site, lambda at: _edit(operation, pattern, path, at, compiled, seen))  # noqa: B023 - called at once
    if not made.edits:
        raise Refused(
            "there is nothing to edit at " + ", ".join(_path_text(op) or "the node" for op in declared.ops)
        )
    return tuple((file, edit) for file, edits in made.edits.items() for edit in edits), "; ".join(made.notes)


class _Made:
    """The edits of one fix so far. Each operation is planned on the bytes that the ones before it left."""

    def __init__(self, read: Read) -> None:
        self.edits: dict[str, list[Edit]] = {}
        self.notes: list[str] = []
        self._read = read

    def add(self, site: Editable, plan_at: Callable[[Editable], Edit]) -> None:
        earlier = self.edits.setdefault(site.file, [])
        if site.note and site.note not in self.notes:
            self.notes.append(site.note)
        if not earlier:
            earlier.append(plan_at(site))
        elif site.again is None:
            edit = plan_at(site)
            if any(_touches(edit, other) for other in earlier):
                raise Refused("two edits of the repair meet at one place; repair it by hand")
            earlier.append(edit)
        else:
            before = self._read(site.file)
            between = apply(before, earlier)
            after = apply(between, [plan_at(site.again(between))])
            self.edits[site.file] = [_difference(before, after)]


def _difference(before: bytes, after: bytes) -> Edit:
    """One edit that makes ``after`` of ``before`` and touches no more than it must."""
    most = min(len(before), len(after))
    start = next((i for i in range(most) if before[i] != after[i]), most)
    tail = next((i for i in range(most - start) if before[-1 - i] != after[-1 - i]), most - start)
    return Edit(start, len(before) - tail, after[start : len(after) - tail])


def _path_text(operation: FixOp) -> str:
    return operation.set or operation.add or operation.remove


def _places(operation: FixOp, seen: Evaluation) -> Iterable[tuple[Path, PathPattern]]:
    """Source paths that an operation means, with its parsed pattern. What is not there needs no removal."""
    pattern = parse(_path_text(operation))
    # From the end: taking one element out leaves the places of those before it as they are.
    for path in reversed(expand(pattern, get(seen.value, seen.node))):
        if operation.remove and get(seen.value, seen.node + path, _GONE) is _GONE:
            continue
        yield seen.source_path(seen.node + path), pattern


def editable(verdict: Verdict, path: Path) -> Editable:
    """Where the origin allows ``path`` to be edited; Refused with its reason when nowhere."""
    site: Callable[[Path], Editable] | None = getattr(verdict.resource.origin, "editable_at", None)
    if site is None:
        raise Refused(f"{verdict.resource.origin.file} is not a file that can be edited")
    return site(path)


def _edit(
    operation: FixOp,
    pattern: PathPattern,
    path: Path,
    site: Editable,
    compiled: CompiledPolicy,
    seen: Evaluation,
) -> Edit:
    if operation.add or operation.set:
        value = _value(operation, compiled, seen)
        return site.append(path, value) if pattern.appends else site.set(path, value)
    return site.remove(path)


def _value(operation: FixOp, compiled: CompiledPolicy, seen: Evaluation) -> Any:
    if not operation.value_expr:
        return operation.value
    try:
        value = compiled.expression(operation.value_expr, "fix")(seen.variables)
    except CelError as error:
        raise Refused(f"the value to write could not be computed: {error}") from error
    if isinstance(value, Unknown):
        raise Refused(f"the value to write is not known: {value.reason}")
    return value


def without_conflicts(fixes: Iterable[Fix]) -> tuple[list[Fix], list[Fix]]:
    """``(now, later)``: fixes whose edits do not touch each other's bytes, and the rest.

    Two different insertions at one place count as touching: both may create the same missing parent. They
    are planned again after the first round, on the text that then exists. Identical edits are one edit.
    """
    taken: dict[str, set[Edit]] = {}
    now: list[Fix] = []
    later: list[Fix] = []
    for fix in fixes:
        if any(_touches(other, edit) for file, edit in fix.edits for other in taken.get(file, ())):
            later.append(fix)
            continue
        now.append(fix)
        for file, edit in fix.edits:
            taken.setdefault(file, set()).add(edit)
    return now, later


def _touches(one: Edit, other: Edit) -> bool:
    return one != other and one.start <= other.end and other.start <= one.end


def edited(fixes: Iterable[Fix], read: Read) -> Mapping[str, bytes]:
    """The new content of every file that the fixes touch."""
    by_file: dict[str, list[Edit]] = {}
    for fix in fixes:
        for file, edit in fix.edits:
            by_file.setdefault(file, []).append(edit)
    return {file: apply(read(file), edits) for file, edits in sorted(by_file.items())}
