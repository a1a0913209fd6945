"""The baseline: findings that were there when gating began. Pure: bytes in, fingerprints out, and back.

One line a finding, sorted, without dates or versions: the same findings give the same bytes, and a diff of
the file reads as what was accepted or repaired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from auditor.errors import UsageError
from auditor.model import Status
from auditor.report import Finding
from auditor.spans import Problem

BASELINE_FILE = "auditor-baseline.json"
VERSION = 1
_NAMED = 3


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One accepted finding."""

    policy: str
    resource: str
    fingerprints: tuple[str, ...]
    path: str = ""


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    findings: tuple[Known, ...]

    def fingerprints(self) -> frozenset[str]:
        """Every accepted identity."""
        return frozenset(each for known in self.findings for each in known.fingerprints)


def encode(findings: Iterable[Finding]) -> bytes:
    """The baseline that accepts the failures among the findings."""
    known = {
        Known(finding.policy, finding.resource, finding.fingerprints, finding.path)
        for finding in findings
        if finding.status == Status.FAIL.value
    }
    rows = sorted(known, key=lambda each: (each.policy, each.resource, each.path, each.fingerprints))
    lines = b",\n".join(msgspec.json.encode(row) for row in rows)
    return b'{"version": %d, "findings": [\n' % VERSION + lines + b"\n]}\n"


def parse(data: bytes, file: str) -> Baseline:
    """Read a baseline; UsageError when it is none."""
    again = "write it again with `auditor baseline write`"
    try:
        baseline = msgspec.json.decode(data, type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{file}: not a baseline: {error}; {again}") from error
    if baseline.version != VERSION:
        raise UsageError(f"{file}: baseline version {baseline.version} is not {VERSION}; {again}")
    return baseline


def stale(
    baseline: Baseline, findings: Iterable[Finding], policies: Collection[str], file: str
) -> list[Problem]:
    """One warning for the entries that no longer fail; entries of policies outside the run are left alone."""
    open_ones = {
        each for finding in findings if finding.status == Status.FAIL.value for each in finding.fingerprints
    }
    gone = [
        (line, known)
        for line, known in enumerate(baseline.findings, 2)
        if known.policy in policies and open_ones.isdisjoint(known.fingerprints)
    ]
    if not gone:
        return []
    names = ", ".join(f"{known.policy} {known.resource}" for _, known in gone[:_NAMED])
    more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
    what = f"{len(gone)} entries of the baseline fail no longer: {names}{more}"
    if len(gone) == 1:
        what = f"1 entry of the baseline fails no longer: {names}"
    return [Problem(file, gone[0][0], 1, what, "write it again: auditor baseline write")]
