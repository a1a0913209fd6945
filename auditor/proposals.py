"""The repairs that a report shows beside its findings: planned on the audited text, each as if it were the only one.

``auditor fix`` proves a repair by auditing the edited tree again before it writes; a report only proposes.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff

from msgspec.structs import replace

from auditor.compiled import CompiledPolicy
from auditor.fixes import Fix, Read, plan
from auditor.guard import described
from auditor.model import Status, Verdict
from auditor.policy import Policy
from auditor.repair import identity
from auditor.report import Finding, FixInfo, Replacement, Report
from auditor.sources.tree import Unreadable
from auditor.spans import Edit
from auditor.yamlio import apply

MAX_PARSED = 4 * 1024 * 1024
"""Bytes of one file that are parsed to plan its repairs: a hundred in a file of 40 kB."""
TOO_MUCH = "one of very many in a large file: `auditor fix --diff` plans them all"


def with_fixes(
    report: Report,
    verdicts: list[Verdict],
    policies: Mapping[str, Policy],
    read: Read,
    *,
    only_new: bool = False,
) -> Report:
    """The report with a proposal beside every open finding whose policy has a fix (only new ones, if asked)."""
    rows = (
        [row for row in report.findings if row.status == "fail" and row.new is not False]
        if only_new
        else None
    )
    wanted = {mark for row in (report.findings if rows is None else rows) for mark in row.fingerprints}
    compiled: dict[str, CompiledPolicy] = {}
    proposals: dict[str, FixInfo] = {}
    spent: dict[str, int] = {}
    for verdict in verdicts:
        policy = policies[verdict.policy]
        if verdict.status is not Status.FAIL or policy.fix is None or verdict.resource.origin.source != "git":
            continue
        mark = identity(verdict)
        if mark in wanted and mark not in proposals:
            if not _affordable(verdict.resource.origin.file, read, spent):
                proposals[mark] = FixInfo(policy.fix.title, policy.fix.safety, refused=TOO_MUCH)
                continue
            ready = compiled.setdefault(policy.code, CompiledPolicy(policy))
            try:
                proposals[mark] = _proposal(plan(verdict, ready, read), read)
            except Exception as error:
                refused = f"no repair could be planned: {described(error)}"
                proposals[mark] = FixInfo(policy.fix.title, policy.fix.safety, refused=refused)
    return replace(report, findings=tuple(_with(row, proposals) for row in report.findings))


def _affordable(file: str, read: Read, spent: dict[str, int]) -> bool:
    """Whether one more repair of this file can be planned: each of them parses the whole file again."""
    try:
        size = len(read(file))
    except Unreadable:
        size = 0
    spent[file] = spent.get(file, 0) + size
    return spent[file] <= MAX_PARSED


def _with(row: Finding, proposals: Mapping[str, FixInfo]) -> Finding:
    found = next((proposals[mark] for mark in row.fingerprints if mark in proposals), None)
    return row if found is None or row.status != "fail" else replace(row, fix=found)


def _proposal(fix: Fix, read: Read) -> FixInfo:
    declared = fix.policy.fix
    assert declared is not None
    if fix.refused:
        return FixInfo(declared.title, declared.safety, refused=fix.refused)
    edits = tuple(_replacement(file, edit, read) for file, edit in fix.edits)
    return FixInfo(declared.title, declared.safety, _diff(fix, read), edits)


def _replacement(file: str, edit: Edit, read: Read) -> Replacement:
    data = read(file)
    line, column = _place(data, edit.start)
    end_line, end_column = _place(data, edit.end)
    text = edit.text.decode("utf-8", "replace")
    return Replacement(file, edit.start, edit.end, text, line, column, end_line, end_column)


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column of an offset, in characters and from 1, as spans count them."""
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[start:offset].decode("utf-8", "replace")) + 1


def _diff(fix: Fix, read: Read) -> str:
    by_file: dict[str, list[Edit]] = {}
    for file, edit in fix.edits:
        by_file.setdefault(file, []).append(edit)
    return "".join(
        diff(file, read(file), apply(read(file), edits)) for file, edits in sorted(by_file.items())
    )


def diff(file: str, before: bytes, after: bytes) -> str:
    """A unified diff that ``git apply`` and ``patch -p1`` take."""
    old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    lines = unified_diff(old, new, f"a/{file}", f"b/{file}")
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines
    )
