"""``auditor-waivers.yaml`` → rules: one file for CI and for the cluster. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from auditor.errors import UsageError, did_you_mean
from auditor.waivers import Rule
from auditor.yamlio import load_stream

FIELDS = ("policy", "owner", "target", "reason", "by", "until", "ticket")
REQUIRED = ("policy", "owner", "reason", "by")


def parse_waivers(data: bytes, file: str, *, require_until: bool) -> list[Rule]:
    """Every rule of the file, in its order. UsageError with file and line for the first that is not usable."""
    from auditor.yamlio import SourceMap

    rules: list[Rule] = []
    for document in load_stream(data, file):
        if document.problem is not None:
            problem = document.problem
            raise UsageError(f"{problem.file}:{problem.line}: {problem.what}; {problem.repair}")
        body: Any = document.body
        if body is None:
            continue
        if not isinstance(body, list):
            raise UsageError(f"{file}:{document.line}: not a list of waivers; begin each with `- policy: …`")
        places = SourceMap(data, document)
        for index, entry in enumerate(body):
            rules.append(_rule(entry, file, places.nearest((index,))[0].line, require_until))
    return rules


def parse_date(text: str) -> date | None:
    """A day written ``YYYY-MM-DD``; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _rule(entry: Any, file: str, line: int, require_until: bool) -> Rule:
    where = f"{file}:{line}"
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: a waiver is a map with {', '.join(REQUIRED)}; this is no map")
    for key, value in entry.items():
        if key not in FIELDS:
            raise UsageError(f"{where}: {key}: unknown key{did_you_mean(str(key), FIELDS)}")
        if not isinstance(value, str):
            raise UsageError(f"{where}: {key} is {value!r}: write text")
    for key in REQUIRED:
        if not entry.get(key, "").strip():
            raise UsageError(f"{where}: the waiver has no {key}; write `{key}: …`")
    until = parse_date(entry["until"]) if "until" in entry else None
    if "until" in entry and until is None:
        raise UsageError(f"{where}: until is {entry['until']!r}: write a day as YYYY-MM-DD")
    if until is None and require_until:
        raise UsageError(
            f"{where}: the waiver has no end; write `until: YYYY-MM-DD`, or set [waivers] require_until = false"
        )
    return Rule(
        entry["policy"].strip(),
        file,
        line,
        entry["reason"].strip(),
        entry["owner"].strip(),
        entry.get("target", "*").strip(),
        entry["by"].strip(),
        until,
        entry.get("ticket", "").strip(),
    )
