"""What Argo CD was told to leave alone: ``ignoreDifferences`` of an Application. Pure.

Semantics: https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from auditor.drift.managers import Manager
from auditor.model import Path, Resource
from auditor.paths import get
from auditor.unknown import Unknown

_STEP = re.compile(
    r"""\s*(?:
      \.?\[\s*\]\??                                     # every element
    | \.?\["(?P<quoted>[^"\\]+)"\]\??
    | \.(?P<key>[A-Za-z_][\w-]*)\??
    | \|\s*select\(\s*\.(?P<field>[\w-]+)\s*==\s*"(?P<value>[^"\\]*)"\s*\)\s*(?:\|\s*(?=\.))?
    | \.(?=\[)
    )""",
    re.VERBOSE,
)

Step = tuple[str, str, str]
"""(``key``, name, '') · (``all``, '', '') · (``select``, field, value)"""


def entries_for(application: dict[str, Any], resource: Resource) -> list[dict[str, Any]]:
    """Entries of ``spec.ignoreDifferences`` that are about a resource; groups and kinds are globs."""
    spec = application.get("spec")
    listed = spec.get("ignoreDifferences") if type(spec) is dict else None
    return [each for each in (listed if type(listed) is list else ()) if _about(each, resource)]


def _about(entry: Any, resource: Resource) -> bool:
    if type(entry) is not dict:
        return False
    return (
        fnmatchcase(resource.group, str(entry.get("group") or ""))
        and fnmatchcase(resource.kind, str(entry.get("kind") or ""))
        and entry.get("name") in (None, "", resource.name)
        and (not resource.namespace or entry.get("namespace") in (None, "", resource.namespace))
    )


def ignored(
    entries: Iterable[dict[str, Any]], live: dict[str, Any], path: Path, manager: Manager
) -> bool | Unknown:
    """Whether a difference at a path of the live object is to be left alone.

    Unknown where an entry has a jq expression beyond ``.a.b[].c`` and ``select(.x == "y")``: it may cover the path.
    """
    unread = ""
    for entry in entries:
        if manager.name in _texts(entry, "managedFieldsManagers"):
            return True
        if any(_covers(pointer_path(text), path) for text in _texts(entry, "jsonPointers")):
            return True
        for text in _texts(entry, "jqPathExpressions"):
            steps = jq_steps(text)
            if steps is None:
                unread = text
            elif any(_covers(place, path) for place in _places(steps, live)):
                return True
    return (
        Unknown(f"the jq expression {unread!r} is not evaluated here", "write it as a JSON pointer")
        if unread
        else False
    )


def _texts(entry: dict[str, Any], field: str) -> list[str]:
    found = entry.get(field)
    return [str(each) for each in found] if type(found) is list else []


def pointer_path(pointer: str) -> Path:
    """A JSON pointer (RFC 6901) as a path."""
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.strip().split("/")[1:])
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _covers(ignored_path: Path, path: Path) -> bool:
    """Whether one path leads to the other: what is above a difference covers it, what is below is part of it."""
    length = min(len(ignored_path), len(path))
    return bool(ignored_path) and ignored_path[:length] == path[:length]


def jq_steps(text: str) -> list[Step] | None:
    """The steps of a simple jq path; None for anything more."""
    steps: list[Step] = []
    at, text = 0, text.strip()
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or match.end() == at:
            return None
        name = match["key"] or match["quoted"]
        if name:
            steps.append(("key", name, ""))
        elif match["field"]:
            steps.append(("select", match["field"], match["value"]))
        elif "[" in match[0] and "]" in match[0]:
            steps.append(("all", "", ""))
        at = match.end()
    return steps


def _places(steps: list[Step], live: dict[str, Any]) -> Iterator[Path]:
    """Every path of the live object that the steps lead to."""
    found: list[Path] = [()]
    for sort, name, value in steps:
        if sort == "key":
            found = [(*path, name) for path in found]
        elif sort == "all":
            found = [(*path, n) for path in found for n in range(_length(get(live, path)))]
        else:
            found = [path for path in found if _field(get(live, path), name) == value]
    return iter(found)


def _length(value: Any) -> int:
    return len(value) if type(value) is list else 0


def _field(value: Any, name: str) -> Any:
    return value.get(name) if type(value) is dict else None
