"""Fix, audit again, keep or revert: nothing is offered that was not proved to repair.

Every round plans the fixes of all open findings on the current text, applies those that do not touch each
other, audits the result, and drops each fix whose finding is still there or beside which a new failure appeared.
What touched is planned again in the next round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol

from msgspec import Struct, field

from auditor.assemble import fingerprint
from auditor.compiled import CompiledPolicy
from auditor.fixes import Fix, Read, edited, plan, without_conflicts
from auditor.model import Status, Verdict
from auditor.paths import render
from auditor.policy import Policy
from auditor.secrets import masked_text

MAX_ROUNDS = 12


class Audited(Protocol):
    """What an audit of an edited tree gives back."""

    @property
    def verdicts(self) -> list[Verdict]:
        """Every verdict."""

    @property
    def policies(self) -> dict[str, Policy]:
        """The policies that judged, by code."""


Audit = Callable[[Mapping[str, bytes]], Audited]
"""Audits the tree with some files replaced by other bytes."""


class Outcome(Struct):
    """What was repaired and what was not."""

    files: dict[str, bytes] = field(default_factory=dict)
    """New content of every file that changed."""
    applied: list[Fix] = field(default_factory=list)
    refused: list[Fix] = field(default_factory=list)
    """Each with ``refused`` saying why."""


def identity(verdict: Verdict) -> str:
    """The finding's fingerprint, stable over edits elsewhere."""
    return fingerprint(
        verdict.policy, verdict.target, verdict.resource, render(verdict.resource.body, verdict.path)
    )


def repair(audit: Audit, read: Read, *, codes: Iterable[str] | None = None, unsafe: bool = False) -> Outcome:
    """Repair all open findings (of the policies ``codes``); ``unsafe`` fixes only when asked for."""
    chosen = None if codes is None else set(codes)
    outcome = Outcome()
    blocked: dict[str, Fix] = {}
    for _ in range(MAX_ROUNDS):
        run = audit(outcome.files)
        planned = _plan_all(run, chosen, unsafe, blocked, partial(_current, outcome.files, read))
        now, later = without_conflicts(fix for fix in planned if not fix.refused)
        for fix in planned:
            if fix.refused:
                blocked[identity(fix.verdict)] = fix
        kept = _prove(audit, read, run, now, outcome, blocked)
        if not kept and not (later and now):
            break
        outcome.applied += kept
    outcome.refused = [*blocked.values()]
    return outcome


def _current(files: Mapping[str, bytes], read: Read, file: str) -> bytes:
    """A file as the rounds so far have left it."""
    return files[file] if file in files else read(file)


def _plan_all(
    run: Audited, chosen: set[str] | None, unsafe: bool, blocked: Mapping[str, Fix], read: Read
) -> list[Fix]:
    compiled: dict[str, CompiledPolicy] = {}
    fixes: list[Fix] = []
    seen: set[str] = set()
    for verdict in run.verdicts:
        if verdict.status is not Status.FAIL or (chosen is not None and verdict.policy not in chosen):
            continue
        policy = run.policies[verdict.policy]
        name = identity(verdict)
        if policy.fix is None or name in blocked or name in seen:
            continue
        seen.add(name)
        ready = compiled.setdefault(policy.code, CompiledPolicy(policy))
        fix = plan(verdict, ready, read)
        if policy.fix.safety == "unsafe" and not unsafe:
            fix = Fix(verdict, policy, refused="it may change behaviour; --unsafe applies it")
        fixes.append(fix)
    return fixes


def _prove(
    audit: Audit,
    read: Read,
    before: Audited,
    fixes: list[Fix],
    outcome: Outcome,
    blocked: dict[str, Fix],
) -> list[Fix]:
    """Apply ``fixes`` on top of the outcome; keep those that hold, note the others as blocked."""
    known = {
        identity(verdict) for verdict in before.verdicts if verdict.status in (Status.FAIL, Status.ERROR)
    }

    while fixes:
        files = outcome.files | dict(edited(fixes, partial(_current, outcome.files, read)))
        after = audit(files)
        wrong = _disproved(after, fixes, known)
        if not wrong:
            outcome.files = files
            return fixes
        for fix, why in wrong:
            fix.refused = why
            blocked[identity(fix.verdict)] = fix
        fixes = [fix for fix in fixes if not fix.refused]
    return []


def _disproved(after: Audited, fixes: list[Fix], known: set[str]) -> list[tuple[Fix, str]]:
    """Fixes that did not remove their finding, or in whose files something new fails."""
    open_now = {identity(v): v for v in after.verdicts if v.status in (Status.FAIL, Status.ERROR)}
    wrong = [
        (fix, "the edit did not remove the finding") for fix in fixes if identity(fix.verdict) in open_now
    ]
    if wrong:
        return wrong
    fresh = [verdict for name, verdict in open_now.items() if name not in known]
    if not fresh:
        return []
    owners = {verdict.resource.key for verdict in fresh}
    suspects = [fix for fix in fixes if fix.verdict.resource.key in owners] or fixes
    return [
        (fix, f"the edit would bring {fresh[0].policy}: {masked_text(fresh[0].message)}") for fix in suspects
    ]
