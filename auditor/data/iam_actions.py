"""IAM actions: what each does, and whether a policy can limit it to a resource; AWS's managed policies.

Made by ``tools/data/generate_iam_actions.py``. Actions that only read and cannot be limited are not in the
table: for them :func:`action` gives None, as for names that AWS does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple

from auditor.data._tables import table
from auditor.patterns import regex

Level = Literal["Read", "List", "Write", "Permissions management", "Tagging"]

_LEVELS: dict[str, Level] = {
    "r": "Read",
    "l": "List",
    "w": "Write",
    "p": "Permissions management",
    "t": "Tagging",
}
_MANAGED = regex(r"arn:aws[a-z-]*:iam::aws:policy/(.+)")


class Action(NamedTuple):
    """``name`` is spelled as AWS does: ``sqs:SendMessage``. ``limitable``: a resource can limit it."""

    name: str
    level: Level
    limitable: bool


def action(name: str) -> Action | None:
    """The action called ``name`` in whatever case; None when the table does not have it."""
    service, _, rest = name.lower().partition(":")
    return _service(service).get(rest)


def expand(pattern: str) -> list[Action]:
    """Every action of the table that a pattern such as ``s3:Get*`` or ``*`` means, sorted by name."""
    folded = pattern.lower()
    service, colon, rest = folded.partition(":")
    if "*" not in folded and "?" not in folded:
        found = action(folded)
        return [] if found is None else [found]
    if not colon:
        return list(_every()) if folded.strip("*") == "" else []
    services = table("iam_actions.json")["actions"]
    named = (
        [service] if service in services else [each for each in services if _glob(service).fullmatch(each)]
    )
    wanted = _glob(rest)
    return sorted(found for each in named for key, found in _service(each).items() if wanted.fullmatch(key))


def managed(arn: str) -> list[dict[str, Any]] | None:
    """The statements of an AWS managed policy; None when it is none, or none that the table holds."""
    found = _MANAGED.fullmatch(arn)
    statements: list[dict[str, Any]] | None = (
        table("iam_actions.json")["managed"].get(found.group(1)) if found else None
    )
    return statements


@cache
def _service(prefix: str) -> dict[str, Action]:
    rows = table("iam_actions.json")["actions"].get(prefix, {})
    found: dict[str, Action] = {}
    for letter, packed in rows.items():
        for name in _names(packed):
            found[name.lower()] = Action(f"{prefix}:{name}", _LEVELS[letter.lower()], letter.isupper())
    return found


def _names(packed: str) -> Iterator[str]:
    for group in packed.split():
        verb, _, rest = group.partition(":")
        for each in rest.split(","):
            yield verb + each


@cache
def _every() -> tuple[Action, ...]:
    prefixes = table("iam_actions.json")["actions"]
    return tuple(sorted(each for prefix in prefixes for each in _service(prefix).values()))


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))
