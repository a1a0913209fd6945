"""A random draw of findings, laid out so that a person can judge them against the files."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from auditor.report import Finding, PolicyResult
from tests.realworld.auditing import Measured

MISSION = frozenset({"gpu-scheduling", "scale-to-zero", "keda", "identity", "worker", "cost"})
AROUND = 6
"""Lines of the file that are shown before and after the place."""


class Drawn(NamedTuple):
    """One finding and where it comes from."""

    name: str
    root: Path
    finding: Finding
    policy: PolicyResult

    @property
    def deep(self) -> bool:
        """Whether it is one of the mission's questions, or a join of several places."""
        return self.policy.category in MISSION or bool(self.finding.related)


def draw(runs: Iterable[Measured], seed: int, size: int, deep: int, most: int = 0) -> list[Drawn]:
    """``size`` failures: ``deep`` of them joins or the mission's (all if fewer), the rest from all others.

    ``most`` limits the findings of one policy (0: no limit): a draw that a few frequent policies do not fill.
    """
    everything = [item for run in runs for item in _failures(run)]
    chance = random.Random(seed)
    if most:
        everything = _spread(chance, everything, most)
    first = _sample(chance, [item for item in everything if item.deep], deep)
    taken = {id(item) for item in first}
    rest = _sample(chance, [item for item in everything if id(item) not in taken], size - len(first))
    return [*first, *rest]


def show(number: int, item: Drawn) -> str:
    """One finding for the judge: policy, why, what it says, and the file around the place."""
    finding, place = item.finding, item.finding.location
    lines = [
        f"#{number} {finding.policy} {item.policy.id} [{finding.severity}] {item.name}",
        f"  why: {' '.join(item.policy.rationale.split())}",
        f"  {finding.title} {finding.path}",
        f"  says: {finding.message}",
        f"  at {place.file}:{place.line} ({place.precision}) {place.note}  targets: {', '.join(finding.targets[:4])}",
    ]
    for other in finding.related:
        lines.append(f"  other end: {other.what} {other.location.file}:{other.location.line}")
        lines += _excerpt(item.root / other.location.file, other.location.line, 2)
    return "\n".join([*lines, *_excerpt(item.root / place.file, place.line, AROUND)])


def row(number: int, item: Drawn) -> str:
    """One finding as a row of a Markdown table, whose last two cells the judge fills in."""
    place = item.finding.location
    return f"| {number} | {item.name} | {item.finding.policy} | {place.file}:{place.line} | | |"


def _failures(run: Measured) -> Iterator[Drawn]:
    policies = {policy.code: policy for policy in run.report.policies}
    for finding in run.report.findings:
        if finding.status == "fail":
            yield Drawn(run.name, run.root, finding, policies[finding.policy])


def _spread(chance: random.Random, items: Sequence[Drawn], most: int) -> list[Drawn]:
    by_policy: dict[str, list[Drawn]] = {}
    for item in items:
        by_policy.setdefault(item.policy.code, []).append(item)
    return [item for found in by_policy.values() for item in _sample(chance, found, most)]


def _sample(chance: random.Random, items: Sequence[Drawn], size: int) -> list[Drawn]:
    return chance.sample(items, min(size, len(items)))


def _excerpt(file: Path, line: int, around: int) -> list[str]:
    if not line or not file.is_file():
        return []
    text = file.read_text("utf-8", "replace").splitlines()
    first = max(line - around, 1)
    return [
        f"    {'>' if number == line else ' '} {number:5} {content[:160]}"
        for number, content in enumerate(text[first - 1 : line + around], first)
    ]
