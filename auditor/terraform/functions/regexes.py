"""RE2's regular expressions on Python's engine, refused where backtracking could explode."""

from __future__ import annotations

import re

from auditor.patterns import regex
from auditor.terraform.errors import EvaluationError
from auditor.unknown import Unknown, UnknownUsed

MAX_PATTERN = 500
MAX_STEPS = 5_000_000
CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\t\n\v\f\r ",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "word": r"0-9A-Za-z_",
    "blank": r"\t ",
}
TOKEN = regex(
    r"(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])|(?P<escape>\\.)|(?P<open>\()|(?P<close>\))"
    r"|(?P<many>[*+]|\{\d+,\d*\}|\{\d{2,}\})|(?P<choice>[?|])",
    re.DOTALL,
)
NOT_PYTHON = regex(r"\\[pPQEC]|\(\?[a-z]*U|\[\[:\^")


def compile_regex(pattern: str, subject: int) -> re.Pattern[str]:
    """The pattern compiled; UnknownUsed when it could take too long on ``subject`` characters."""
    if len(pattern) > MAX_PATTERN or NOT_PYTHON.search(pattern):
        raise UnknownUsed(Unknown("a regular expression that is not evaluated here"))
    if _steps(pattern, subject) > MAX_STEPS:
        raise UnknownUsed(Unknown("a regular expression that could take too long on this text"))
    python = re.sub(r"\[:(\w+):\]", lambda found: CLASSES.get(found.group(1), found.group()), pattern)
    python = re.sub(r"(?<!\\)((?:\\\\)*)\\z", r"\1\\Z", python)
    python = re.sub(r"(?<!\\)((?:\\\\)*)\$$", r"\1\\Z", python) if "(?m" not in python else python
    try:
        return re.compile(python, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        raise EvaluationError("this is not a regular expression") from None


def _steps(pattern: str, subject: int) -> int:
    """An upper bound of what backtracking costs: nested repeats are exponential, others polynomial."""
    repeats, choices, nested = 0, 0, False
    repeated_inside: list[bool] = [False]
    closed_repeats = False
    for found in TOKEN.finditer(pattern):
        kind = found.lastgroup
        if kind == "open":
            repeated_inside.append(False)
        elif kind == "close" and len(repeated_inside) > 1:
            closed_repeats = repeated_inside.pop()
            repeated_inside[-1] |= closed_repeats
            continue
        elif kind == "many":
            nested |= closed_repeats
            repeats += 1
            repeated_inside[-1] = True
        elif kind == "choice":
            choices += 1
        closed_repeats = False
    size = max(subject, 2)
    if nested:
        return int(2 ** min(size, 64))
    return int(size ** min(repeats + 1, 12) * 2 ** min(choices, 40))


def matches(pattern: re.Pattern[str], source: str) -> list[re.Match[str]]:
    """All matches; as in Go, an empty one right behind another does not count."""
    found: list[re.Match[str]] = []
    for match in pattern.finditer(source):
        if match.group() or not found or found[-1].end() != match.start():
            found.append(match)
    return found


def expand_replacement(template: str, found: re.Match[str]) -> str:
    """Go's replacement syntax: ``$1``, ``${1}``, ``$name``, ``${name}``, ``$$``."""

    def group(reference: re.Match[str]) -> str:
        name = reference.group(1) or reference.group(2)
        if name is None:
            return "$"
        try:
            return found.group(int(name) if name.isdigit() else name) or ""
        except IndexError:
            return ""

    return re.sub(r"\$(?:\{(\w+)\}|(\w+)|\$)", group, template)
