"""Findings → edits. Planning is pure; what is written is proved first by auditing the edited tree again.

A fix touches only its own bytes. Its operations are paths of the policy's view; the origin of the resource says
which file they stand in, or why they cannot be edited there. Fixes that do not remove their finding, or that
bring a new one, are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from auditor.cel import CelError
from auditor.compiled import CompiledPolicy
from auditor.model import Evaluation, Path, Status, Verdict
from auditor.paths import PathPattern, expand, get, parse
from auditor.policy import FixOp, Policy
from auditor.spans import Edit
from auditor.unknown import Unknown

_GONE: Any = object()


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """Why a finding cannot be fixed by an edit, in words."""


class Editable(NamedTuple):
    """Where a resource can be edited: the file, and functions that turn operations into edits of its bytes."""

    file: str
    set: Callable[[Path, Any], Edit]
    append: Callable[[Path, Any], Edit]
    remove: Callable[[Path], Edit]
    note: str = ""


class Fix(Struct):
    """The edits that would repair one finding, or why there are none."""

    verdict: Verdict
    policy: Policy
    edits: tuple[tuple[str, Edit], ...] = ()
    refused: str = ""
    note: str = ""


def plan(verdict: Verdict, compiled: CompiledPolicy) -> Fix:
    """The fix of one failure. ``refused`` says in words why there is none."""
    policy = compiled.policy
    fix = Fix(verdict, policy)
    try:
        fix.edits, fix.note = _edits(verdict, compiled)
    except Refused as refusal:
        fix.refused = str(refusal)
    return fix


def _edits(verdict: Verdict, compiled: CompiledPolicy) -> tuple[tuple[tuple[str, Edit], ...], str]:
    declared, seen = compiled.policy.fix, verdict.evaluation
    if declared is None:
        raise Refused("the policy has no fix")
    if seen is None or verdict.status is not Status.FAIL:
        raise Refused("only open failures are fixed")
    edits: list[tuple[str, Edit]] = []
    notes: list[str] = []
    for operation in declared.ops:
        for path, pattern in _places(operation, seen):
            site = editable(verdict, path)
            edits.append((site.file, _edit(operation, pattern, path, site, compiled, seen)))
            if site.note and site.note not in notes:
                notes.append(site.note)
    if not edits:
        raise Refused(
            "there is nothing to edit at " + ", ".join(_path_text(op) or "the node" for op in declared.ops)
        )
    return tuple(edits), "; ".join(notes)


def _path_text(operation: FixOp) -> str:
    return operation.set or operation.add or operation.remove


def _places(operation: FixOp, seen: Evaluation) -> Iterable[tuple[Path, PathPattern]]:
    """Source paths that an operation means, with its parsed pattern. What is not there needs no removal."""
    pattern = parse(_path_text(operation))
    for path in expand(pattern, get(seen.value, seen.node)):
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


def edited(fixes: Iterable[Fix], read: Callable[[str], bytes]) -> Mapping[str, bytes]:
    """The new content of every file that the fixes touch."""
    from auditor.yamlio import apply

    by_file: dict[str, list[Edit]] = {}
    for fix in fixes:
        for file, edit in fix.edits:
            by_file.setdefault(file, []).append(edit)
    return {file: apply(read(file), edits) for file, edits in sorted(by_file.items())}
