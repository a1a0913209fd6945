"""SARIF 2.1.0, within what GitHub code scanning accepts.

``results`` holds failures and waived failures only, each with a physical location: one result without
a location makes GitHub refuse the whole upload. Errors, what could not be assessed and unreadable inputs are
``toolExecutionNotifications``. Columns count Unicode code points.
"""

from __future__ import annotations

import gzip
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from auditor.patterns import regex
from auditor.report import Finding, FixInfo, Judged, Location, PolicyResult, ProblemRow, Report
from auditor.reporters.interface import LEVELS, RenderOptions, is_complete, with_status, words
from auditor.reporters.text import one_line, visible

MAX_RESULTS = 25_000
SHOWN_RESULTS = 5_000
MAX_NOTIFICATIONS = 25_000
MAX_GZIP = 10_000_000
MAX_TAGS = 20
MAX_RELATED = 100
ROOT = "SRCROOT"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}
PROBLEM_SEVERITY = {"critical": "error", "high": "error", "medium": "warning", "low": "recommendation"}
SECURITY_CODES = ("SEC-", "IAM-", "RBAC-", "NET-", "IMG-")
"""GitHub ranks by ``security-severity`` only where a rule is tagged ``security``."""
_KINDS = {"pass": "pass", "not-applicable": "notApplicable", "not-assessed": "open", "error": "open"}
_LINK = regex(r"\]\(")
_UNSAFE_LINK_TEXT = regex(r"([\\\[\]])")

Json = dict[str, Any]


def render(report: Report, options: RenderOptions) -> bytes:
    """One run. The gravest results come first, so that any limit cuts the least grave ones."""
    log = _Log(report, options)
    results, notifications = log.results(), log.notifications()
    keep = _Keep(min(len(results), MAX_RESULTS), min(len(notifications), MAX_NOTIFICATIONS))
    while True:
        data = log.assemble(results, notifications, keep)
        if not any(keep) or len(data) <= MAX_GZIP or len(gzip.compress(data, mtime=0)) <= MAX_GZIP:
            return data
        keep = keep.smaller()


class _Keep(NamedTuple):
    """How many of each fit."""

    results: int
    notifications: int

    def smaller(self) -> _Keep:
        """Notifications go first, then a fifth of the results at a time, then the last notifications."""
        if self.notifications > 100 or not self.results:
            return _Keep(self.results, self.notifications // 2)
        return _Keep(self.results * 4 // 5, self.notifications)


class _Log:
    """One report being turned into SARIF."""

    __slots__ = ("index", "options", "report")

    def __init__(self, report: Report, options: RenderOptions) -> None:
        self.report, self.options = report, options
        self.index = {policy.code: at for at, policy in enumerate(report.policies)}

    def results(self) -> list[Json]:
        """Failures and waived failures, gravest first; then the other verdicts when asked for."""
        found = [self._result(finding) for finding in with_status(self.report, "fail", "waived")]
        if self.options.sarif_verdicts == "all":
            found += [self._undecided(f) for f in with_status(self.report, "error", "not-assessed")]
            found += [self._judged(judged) for judged in self.report.judged]
        return found

    def notifications(self) -> list[Json]:
        """Unreadable inputs, errors, warnings, and what could not be assessed, in this order."""
        report = self.report
        rows = [_problem(row, "problem", "error" if row.incomplete else "warning") for row in report.problems]
        rows += [self._notification(finding, "error") for finding in with_status(report, "error")]
        rows += [_problem(row, "warning", "warning") for row in report.warnings]
        rows += [self._notification(finding, "note") for finding in with_status(report, "not-assessed")]
        return rows

    def assemble(self, results: list[Json], notifications: list[Json], keep: _Keep) -> bytes:
        """The whole file with as much as ``keep`` allows, and a notification about what it does not."""
        left_out = _left_out(len(results), len(notifications), keep)
        run = {
            "tool": {"driver": self._driver()},
            "automationDetails": {"id": f"auditor/{_uri(one_line(self.report.scope))}/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the audited tree."}}},
            "invocations": [self._invocation(left_out + notifications[: keep.notifications])],
            "results": results[: keep.results],
            "properties": {
                "score": msgspec.to_builtins(self.report.score),
                "policySet": self.report.policy_set,
            },
        }
        data = msgspec.json.encode(_clean({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))
        return msgspec.json.format(data, indent=2) + b"\n"

    def _driver(self) -> Json:
        return {
            "name": self.report.tool,
            "version": self.report.tool_version,
            "rules": [self._rule(policy) for policy in self.report.policies],
            "notifications": [
                {"id": "error", "shortDescription": {"text": "A policy could not be evaluated."}},
                {"id": "left-out", "shortDescription": {"text": "More was found than fits in this file."}},
                {"id": "not-assessed", "shortDescription": {"text": "Something needed is not known."}},
                {"id": "problem", "shortDescription": {"text": "An input could not be used."}},
                {"id": "warning", "shortDescription": {"text": "Worth knowing; changes no verdict."}},
            ],
        }

    def _rule(self, policy: PolicyResult) -> Json:
        rule: Json = {
            "id": policy.code,
            "name": policy.id,
            "shortDescription": {"text": policy.title},
            "fullDescription": {"text": policy.rationale.strip() or policy.title},
            "help": {"text": _help(policy, markdown=False), "markdown": _help(policy, markdown=True)},
            "defaultConfiguration": {"level": LEVELS[policy.severity]},
            "properties": {
                "tags": _tags(policy),
                "precision": policy.confidence
                if policy.confidence in ("high", "medium", "low")
                else "medium",
                "problem.severity": PROBLEM_SEVERITY[policy.severity],
                "security-severity": SECURITY_SEVERITY[policy.severity],
            },
        }
        address = self._help_uri(policy)
        return rule | {"helpUri": address} if address else rule

    def _help_uri(self, policy: PolicyResult) -> str:
        if self.options.docs_base:
            return f"{self.options.docs_base.rstrip('/')}/{_uri(policy.id)}.md"
        found = next((r for r in policy.references if r.startswith(("https://", "http://"))), "")
        return quote(found, safe=":/?#[]@!$&'()*+,;=-._~%")

    def _invocation(self, notifications: list[Json]) -> Json:
        gate = self.report.gate
        invocation: Json = {
            "executionSuccessful": is_complete(self.report) and gate.exit_code in (0, 1),
            "exitCode": gate.exit_code,
            "endTimeUtc": self.report.generated_at,
            "toolExecutionNotifications": notifications,
        }
        if gate.reasons:
            invocation["exitCodeDescription"] = "; ".join(gate.reasons)
        return invocation

    def _result(self, finding: Finding) -> Json:
        result = self._base(finding, LEVELS[finding.severity], "fail")
        related = finding.related[:MAX_RELATED]
        if related:
            result["relatedLocations"] = [
                _location(end.location) | {"id": at, "message": {"text": _text(end.what)}}
                for at, end in enumerate(related, 1)
            ]
            ends = ", ".join(f"[{_link_text(end.what)}]({at})" for at, end in enumerate(related, 1))
            result["message"]["text"] += f"\nSee {ends}."
        if finding.new is not None:
            result["baselineState"] = "new" if finding.new else "unchanged"
        if finding.status == "waived":
            result["suppressions"] = [_suppression(finding)]
        if finding.fix is not None and finding.fix.edits:
            result["fixes"] = [_fix(finding.fix)]
        return result

    def _undecided(self, finding: Finding) -> Json:
        return self._base(finding, "none", _KINDS[finding.status])

    def _base(self, finding: Finding, level: str, kind: str) -> Json:
        properties = {
            "verdict": finding.status,
            "resource": finding.resource,
            "targets": list(finding.targets),
            "severity": finding.severity,
            "path": finding.path,
            "precision": finding.location.precision,
            "costUsdPerMonth": finding.cost,
            "repair": finding.repair,
        }
        result = self._identified(finding.policy) | {
            "kind": kind,
            "level": level,
            "message": {"text": _text(words(finding))},
            "locations": [_location(finding.location) | _logical(finding.resource)],
            "properties": {name: value for name, value in properties.items() if value not in ("", None)},
        }
        if finding.fingerprints:
            result["partialFingerprints"] = _fingerprints(finding.fingerprints)
        return result

    def _judged(self, judged: Judged) -> Json:
        return self._identified(judged.policy) | {
            "kind": _KINDS[judged.status],
            "level": "none",
            "message": {"text": _text(f"{judged.status}: {judged.resource}")},
            "locations": [_location(judged.location) | _logical(judged.resource)],
            "properties": {
                "verdict": judged.status,
                "resource": judged.resource,
                "targets": list(judged.targets),
            },
        }

    def _identified(self, code: str) -> Json:
        index = self.index.get(code)
        return {"ruleId": code} if index is None else {"ruleId": code, "ruleIndex": index}

    def _notification(self, finding: Finding, level: str) -> Json:
        text = f"{finding.policy}: {one_line(finding.title)}: {words(finding)}"
        if finding.repair:
            text += f". Repair: {one_line(finding.repair)}"
        rule: Json = {"id": finding.policy}
        if finding.policy in self.index:
            rule["index"] = self.index[finding.policy]
        notification: Json = {
            "descriptor": {"id": finding.status},
            "associatedRule": rule,
            "level": level,
            "message": {"text": _text(text)},
            "properties": {
                "verdict": finding.status,
                "resource": finding.resource,
                "targets": list(finding.targets),
                "repair": finding.repair,
            },
        }
        if finding.location.file:
            notification["locations"] = [_location(finding.location)]
        return notification


def _problem(row: ProblemRow, kind: str, level: str) -> Json:
    text = f"{one_line(row.what)}{'. Repair: ' if row.repair else ''}{one_line(row.repair)}"
    notification: Json = {"descriptor": {"id": kind}, "level": level, "message": {"text": _text(text)}}
    if row.file:
        notification["locations"] = [_location(Location(row.file, row.line, row.column))]
    return notification


def _left_out(results: int, notifications: int, keep: _Keep) -> list[Json]:
    texts = []
    if results > keep.results:
        texts.append(f"{results - keep.results} of {results} results are left out, the least grave ones.")
    if keep.results > SHOWN_RESULTS:
        texts.append(
            f"GitHub shows the first {SHOWN_RESULTS} of {keep.results} results; all are in the JSON."
        )
    if notifications > keep.notifications:
        texts.append(f"{notifications - keep.notifications} of {notifications} notifications are left out.")
    return [{"descriptor": {"id": "left-out"}, "level": "warning", "message": {"text": t}} for t in texts]


def _location(location: Location) -> Json:
    physical: Json = {"artifactLocation": {"uri": _uri(location.file) or ".", "uriBaseId": ROOT}}
    if location.line:
        physical["region"] = _region(location)
    found: Json = {"physicalLocation": physical}
    if location.note:
        found["message"] = {"text": _text(location.note)}
    return found


def _logical(resource: str) -> Json:
    return {"logicalLocations": [{"fullyQualifiedName": resource, "kind": "resource"}]}


def _region(location: Location) -> Json:
    region: Json = {"startLine": location.line}
    if not location.column:
        if location.end_line > location.line:
            region["endLine"] = location.end_line
        return region
    region["startColumn"] = location.column
    if location.end_line > location.line and location.end_column:
        return region | {"endLine": location.end_line, "endColumn": location.end_column}
    if location.end_column >= location.column and location.end_line in (0, location.line):
        region["endColumn"] = location.end_column
    return region


def _fix(fix: FixInfo) -> Json:
    files: dict[str, list[Json]] = {}
    for edit in sorted(fix.edits, key=lambda e: (e.file, e.start, e.end)):
        deleted = {
            "startLine": edit.line,
            "startColumn": edit.column,
            "endLine": edit.end_line,
            "endColumn": edit.end_column,
            "byteOffset": edit.start,
            "byteLength": edit.end - edit.start,
        }
        replacement = {"deletedRegion": deleted, "insertedContent": {"text": edit.text}}
        files.setdefault(edit.file, []).append(replacement)
    changes = [
        {"artifactLocation": {"uri": _uri(file) or ".", "uriBaseId": ROOT}, "replacements": replacements}
        for file, replacements in files.items()
    ]
    return {"description": {"text": _text(fix.title)}, "artifactChanges": changes}


def _suppression(finding: Finding) -> Json:
    waiver = finding.waiver
    if waiver is None:
        return {"kind": "external", "status": "accepted"}
    file, _, line = waiver.place.rpartition(":")
    inside = file == finding.location.file
    suppression: Json = {
        "kind": "inSource" if inside else "external",
        "status": "accepted",
        "justification": _justification(waiver.reason, waiver.by, waiver.until, waiver.ticket),
    }
    if file and line.isdigit():
        suppression["location"] = _location(Location(file, int(line)))
    return suppression


def _justification(reason: str, by: str, until: str, ticket: str) -> str:
    facts = (("by", by), ("until", until), ("ticket", ticket))
    return "; ".join([one_line(reason), *(f"{name} {one_line(value)}" for name, value in facts if value)])


def _fingerprints(prints: tuple[str, ...]) -> Json:
    return {
        "auditorFingerprint/v1" if at == 0 else f"auditorFingerprint/v1/{at}": value
        for at, value in enumerate(prints[:MAX_RELATED])
    }


def _tags(policy: PolicyResult) -> list[str]:
    first = ["security"] if policy.code.startswith(SECURITY_CODES) else []
    return list(dict.fromkeys([*first, policy.category, *policy.controls]))[:MAX_TAGS]


def _help(policy: PolicyResult, *, markdown: bool) -> str:
    name = f"`{policy.id}`" if markdown else policy.id
    title = f"**{policy.title}**" if markdown else policy.title
    parts = [f"{title} ({name}, {policy.severity})", policy.rationale.strip()]
    if policy.fix:
        parts.append(f"Repair: {policy.fix}")
    if policy.references:
        parts.append("\n".join(f"- <{link}>" if markdown else link for link in policy.references))
    if policy.controls:
        parts.append(f"Controls: {', '.join(policy.controls)}")
    return "\n\n".join(part for part in parts if part)


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"), safe="/-._~")


def _text(text: str) -> str:
    """Words from the tree as plain text: ``[x](y)`` would be a link in a SARIF message."""
    return _LINK.sub("] (", visible(text)) or "(no text)"


def _link_text(text: str) -> str:
    return _UNSAFE_LINK_TEXT.sub(r"\\\1", one_line(text)) or "here"


def _clean(value: Any) -> Any:
    """Lone surrogates cannot be written as JSON."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
