"""What Argo CD was told to leave alone: ``ignoreDifferences`` of an Application, and of argocd-cm. Pure.

Semantics: https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from auditor.drift.compare import Difference, alike
from auditor.drift.managers import Manager
from auditor.model import Path, Resource
from auditor.paths import get
from auditor.patterns import regex
from auditor.unknown import Unknown

_STEP = regex(
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


def entries_of(application: dict[str, Any]) -> list[Any]:
    """``spec.ignoreDifferences`` of an Application."""
    spec = application.get("spec")
    listed = spec.get("ignoreDifferences") if type(spec) is dict else None
    return listed if type(listed) is list else []


def about(entries: Iterable[Any], resource: Resource) -> list[dict[str, Any]]:
    """The entries that are about a resource; groups and kinds are globs."""
    return [each for each in entries if _about(each, resource)]


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
    entries: Iterable[dict[str, Any]], live: dict[str, Any], found: Difference, owners: Sequence[Manager]
) -> bool | Unknown:
    """Whether a difference is to be left alone. ``owners`` are all that own the live value.

    What is ignored below a difference is taken out of both sides, and they are compared again. Unknown where an entry
    has a jq expression beyond ``.a.b[].c`` and ``select(.x == "y")``: it may cover the path.
    """
    unread, below = "", []
    for entry in entries:
        if any(owner.name in _texts(entry, "managedFieldsManagers") for owner in owners):
            return True
        places = [pointer_path(text) for text in _texts(entry, "jsonPointers")]
        for text in _texts(entry, "jqPathExpressions"):
            steps = jq_steps(text)
            unread = text if steps is None else unread
            places += () if steps is None else _places(steps, live)
        if any(place and found.there[: len(place)] == place for place in places):
            return True
        below += [place[len(found.there) :] for place in places if place[: len(found.there)] == found.there]
    if below and alike(_without(found.want, below), _without(found.have, below), found.path):
        return True
    return (
        Unknown(f"the jq expression {unread!r} is not evaluated here", "write it as a JSON pointer")
        if unread
        else False
    )


def _without(value: Any, places: Iterable[Path]) -> Any:
    """A copy of a value in which some places are not there."""
    gone = {place[0] for place in places if len(place) == 1}
    inner: dict[Any, list[Path]] = {}
    for place in places:
        if len(place) > 1:
            inner.setdefault(place[0], []).append(place[1:])
    if type(value) is dict:
        return {key: _without(each, inner.get(key, ())) for key, each in value.items() if key not in gone}
    if type(value) is list:
        return [_without(each, inner.get(n, ())) for n, each in enumerate(value) if n not in gone]
    return value


def _texts(entry: dict[str, Any], field: str) -> list[str]:
    found = entry.get(field)
    return [str(each) for each in found] if type(found) is list else []


def pointer_path(pointer: str) -> Path:
    """A JSON pointer (RFC 6901) as a path."""
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.strip().split("/")[1:])
    return tuple(int(part) if part.isdigit() else part for part in parts)


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
