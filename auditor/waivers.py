"""Waivers: who accepted which failure, why, and until when. Pure: rules and verdicts in, verdicts out.

A rule comes from the waiver file (:mod:`auditor.waiver_file`), from a comment beside the thing waived
(:mod:`auditor.waiver_comments`), or from a peer's own suppression (:mod:`auditor.waiver_peers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from auditor.catalog import find
from auditor.model import Place, Status, Verdict, Waiver
from auditor.policy import Policy
from auditor.spans import Problem


class Rule(Struct, frozen=True):
    """One accepted failure, or a pattern of them. ``file`` and ``line`` say where the rule itself stands."""

    policy: str
    """Our code or id, an alias, or a peer's rule id."""
    file: str
    line: int
    reason: str
    owner: str = "*"
    """Glob over ``group/kind/namespace/name``, the Terraform address, or the file's path."""
    target: str = "*"
    by: str = ""
    until: date | None = None
    """The last day on which it holds."""
    ticket: str = ""
    covers: tuple[str, int] | None = None
    """For a comment: the file and line it speaks of."""
    tool: str = ""
    """For a peer's suppression: the peer, whose rule ``policy`` then names."""

    @property
    def place(self) -> str:
        """``file:line`` of the rule."""
        return f"{self.file}:{self.line}"

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and today > self.until

    def waiver(self) -> Waiver:
        """What a waived verdict carries."""
        until = self.until.isoformat() if self.until else ""
        return Waiver(self.reason, self.by, until, self.ticket, self.place)

    def same(self) -> tuple[object, ...]:
        """What makes two rules the same wherever they stand in their file."""
        return self.policy, self.owner, self.target, self.reason, self.by, self.until, self.ticket


def apply(
    verdicts: Sequence[Verdict],
    rules: Iterable[Rule],
    policies: Mapping[str, Policy],
    known: Sequence[Policy],
    today: date,
) -> tuple[list[Verdict], list[Problem]]:
    """The verdicts with accepted failures waived, and a warning for each rule that is expired or unused.

    An expired rule waives nothing: the failure stays, and its message says so. ``policies`` are those of
    the run; a rule for another policy is neither used nor unused.
    """
    by_code: dict[str, list[Rule]] = {}
    for rule in rules:
        for policy in meant(rule, known):
            if policy.code in policies:
                by_code.setdefault(policy.code, []).append(rule)
    used: set[Rule] = set()
    judged = [
        _judge(verdict, by_code[verdict.policy], used, today)
        if verdict.status is Status.FAIL and verdict.policy in by_code
        else verdict
        for verdict in verdicts
    ]
    asked = {rule: None for listed in by_code.values() for rule in listed}
    return judged, [row for rule in asked if (row := _warning(rule, rule in used, today))]


def meant(rule: Rule, known: Sequence[Policy]) -> list[Policy]:
    """The policies that a rule speaks of. A peer's suppression reaches those that ask for as much or more."""
    if not rule.tool:
        return find(known, rule.policy)
    name = rule.policy.lower()
    return [
        policy
        for policy in known
        if any(
            each.relation in ("exact", "stricter") and name in (each.id.lower(), "*")
            for each in policy.equivalents.get(rule.tool, ())
        )
    ]


def _judge(verdict: Verdict, rules: Sequence[Rule], used: set[Rule], today: date) -> Verdict:
    found = [rule for rule in rules if _about(rule, verdict)]
    used.update(found)
    valid = next((rule for rule in found if not rule.expired(today)), None)
    if valid is not None:
        return replace(verdict, status=Status.WAIVED, waiver=valid.waiver())
    if found:
        said = f" (the waiver at {found[0].place} expired on {found[0].until})"
        return replace(verdict, message=verdict.message + said)
    return verdict


def _about(rule: Rule, verdict: Verdict) -> bool:
    if not fnmatchcase(verdict.resource.key, rule.owner) or not fnmatchcase(verdict.target, rule.target):
        return False
    return rule.covers is None or rule.covers in lines_of(verdict)


def lines_of(verdict: Verdict) -> list[tuple[str, int]]:
    """Where a comment about the verdict may stand: the finding, the judged node, the resource and its kind."""
    locate = verdict.resource.origin.locate
    paths = dict.fromkeys((verdict.at, verdict.path, (), ("kind",)))
    return [line for path in paths if (line := _line(locate(path)))]


def _line(place: Place) -> tuple[str, int] | None:
    return (place.file, place.span.line) if place.span else None


def _warning(rule: Rule, used: bool, today: date) -> Problem | None:
    whom = "" if rule.owner == "*" else f" for {rule.owner}"
    if rule.tool:
        return None  # the peer's own runs say whether its suppressions are still needed
    if not used:
        what = f"the waiver of {rule.policy}{whom} waives nothing"
        return Problem(rule.file, rule.line, 1, what, "remove it, or correct its policy, owner or place")
    if rule.expired(today):
        what = f"the waiver of {rule.policy}{whom} expired on {rule.until}: its findings fail again"
        return Problem(rule.file, rule.line, 1, what, "repair the findings, or agree on a new date")
    return None
