"""GitLab's code quality report: the list that merge requests show beside the diff."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from auditor.report import Finding, Report
from auditor.reporters.interface import (
    RenderOptions,
    gravity,
    policies_by_code,
    policy_name,
    with_status,
    words,
)
from auditor.reporters.text import one_line, visible

SEVERITIES = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}


def render(report: Report, options: RenderOptions) -> bytes:
    """A JSON array: open failures by severity; errors and unreadable inputs as ``info``."""
    policies = policies_by_code(report)
    taken: set[str] = set()
    rows = [
        {
            "description": f"{policy_name(policies, f.policy)}: {words(f)}",
            "check_name": f.policy,
            "fingerprint": _unique(_identity(f), taken),
            "severity": SEVERITIES[f.severity] if f.status == "fail" else "info",
            "location": _location(f.location.file, f.location.line, f.location.end_line),
        }
        for f in sorted(with_status(report, "fail", "error"), key=gravity)
    ]
    rows += [
        {
            "description": one_line(f"{p.what}. {p.repair}"),
            "check_name": "input",
            "fingerprint": _unique(f"input\0{p.file}\0{p.what}", taken),
            "severity": "info",
            "location": _location(p.file, p.line, 0),
        }
        for p in report.problems
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n"


def _identity(finding: Finding) -> str:
    known = finding.fingerprints or (finding.resource, finding.path)
    return "\0".join((finding.policy, *known))


def _unique(identity: str, taken: set[str]) -> str:
    """GitLab drops rows whose fingerprint came before; twins are told apart by their number."""
    twin = 0
    while True:
        text = f"{identity}\0{twin}" if twin else identity
        digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
        if digest not in taken:
            taken.add(digest)
            return digest
        twin += 1


def _location(file: str, line: int, end_line: int) -> dict[str, Any]:
    lines = {"begin": max(line, 1)}
    if end_line > line:
        lines["end"] = end_line
    return {"path": visible(file), "lines": lines}
