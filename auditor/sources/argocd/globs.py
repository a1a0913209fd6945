"""The two ways in which Argo CD matches paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from auditor.patterns import regex

MAX_STARS: Final = 8
_PART: Final = regex(r"\*+|\?|\[[!^]?[^\]/]+\]|\{[^{}]*\}|.", re.DOTALL)


class GlobError(Exception):
    """A pattern that is not matched here; the text says why."""


def within(pattern: str) -> re.Pattern[str]:
    """Go's path.Match: ``*`` stays between two slashes; ``**`` crosses them."""
    return _compiled(pattern, "[^/]")


def across(pattern: str) -> re.Pattern[str]:
    """git's pathspecs: ``*`` crosses slashes."""
    return _compiled(pattern, ".")


def _compiled(pattern: str, anything: str) -> re.Pattern[str]:
    if pattern.count("*") > MAX_STARS or len(pattern) > 500:
        raise GlobError(f"the pattern {pattern[:60]} has more than {MAX_STARS} stars, or is very long")
    try:
        return re.compile("".join(_regex(pattern, anything)), re.DOTALL)
    except re.error as error:
        raise GlobError(f"the pattern {pattern[:60]} is not understood") from error


def _regex(pattern: str, anything: str) -> Iterator[str]:
    for match in _PART.finditer(pattern):
        part = match[0]
        if part[0] == "*":
            yield f"{anything}*" if len(part) == 1 else ".*"
        elif part == "?":
            yield anything
        elif part[0] == "[" and len(part) > 2:
            inner = part[1:-1].replace("\\", "\\\\")
            yield f"[^{inner[1:]}]" if inner[0] in "!^" else f"[{inner}]"
        elif part[0] == "{" and len(part) > 1:
            yield "(?:" + "|".join("".join(_regex(each, anything)) for each in part[1:-1].split(",")) + ")"
        else:
            yield re.escape(part)
