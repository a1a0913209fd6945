"""Patterns as .gitignore has them: for directories that are no Git checkout, and for ``exclude``.

Written out here because the library for it takes longer to load than a small audit takes to run; the property
test holds it against git itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Set
from pathlib import Path

from msgspec import Struct

from auditor.patterns import regex

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_SPECIAL = regex(r"[*?\[\\]")
_NAMED = regex(r"\[:(\w+):\]")


class Rule(Struct, frozen=True):
    """One line: what it matches, whether only directories, and whether it takes back what others ignore."""

    pattern: str
    anchored: bool
    """Whether it is held against the whole path, not only the last step."""
    directories: bool
    takes_back: bool
    head: str
    """The first step of the path, where it is plain text; '' where it may be many."""


class Ignore:
    """The rules of one .gitignore, relative to its folder (which ends in ``/`` unless it is the root)."""

    def __init__(self, lines: Iterable[str], folder: str = "") -> None:
        self._folder = folder
        self._rules = [rule for line in lines if (rule := _rule(line)) is not None]
        self._any_name = _any_of(rule.pattern for rule in self._rules if not rule.anchored)
        self._any_path = _any_of(rule.pattern for rule in self._rules if rule.anchored)
        self._heads = {rule.head for rule in self._rules if rule.anchored}
        self._silent: set[str] = set()
        """Names that no rule about names speaks of: a tree has many files of few names."""

    @classmethod
    def load(cls, root: Path, folder: str) -> Ignore:
        """Read ``folder/.gitignore``; one that is a link, no file or unreadable ignores nothing, as for git."""
        path = root / folder / ".gitignore"
        try:
            readable = path.is_file() and not path.is_symlink()
            lines = path.read_text("utf-8", "replace").split("\n") if readable else []
        except OSError:
            lines = []
        return cls(lines, folder)

    def silent_in(self, folder: str) -> Set[str]:
        """Names that no rule speaks of when they stand in ``folder`` (which ends in ``/``), as far as known yet."""
        head = folder.removeprefix(self._folder).partition("/")[0]
        may_speak = self._heads if not head or "" in self._heads else self._heads & {head}
        return frozenset() if may_speak else self._silent

    def verdict(self, path: str, directory: bool) -> bool | None:
        """Whether ``path`` (relative to the root) is ignored; None when no rule speaks of it."""
        name = path.rpartition("/")[2]
        relative = path.removeprefix(self._folder)
        if name in self._silent or not self._any_name(name):
            self._silent.add(name)
            if not self._any_path(relative):
                return None
        for rule in reversed(self._rules):
            text = relative if rule.anchored else name
            if (directory or not rule.directories) and re.fullmatch(rule.pattern, text, re.DOTALL):
                return not rule.takes_back
        return None

    def covers(self, path: str) -> bool:
        """Whether a file, or a folder above it, is ignored."""
        steps = path.split("/")
        above = ("/".join(steps[:length]) for length in range(1, len(steps)))
        return any(self.verdict(folder, True) for folder in above) or bool(self.verdict(path, False))


def _any_of(patterns: Iterable[str]) -> Callable[[str], object]:
    """Asks whether one of the patterns matches a text. They become one: compiling each takes longer than asking."""
    joint = "|".join(f"(?:{pattern})" for pattern in patterns)
    return re.compile(joint, re.DOTALL).fullmatch if joint else lambda _: None


def _rule(line: str) -> Rule | None:
    """What a line says; None for blank lines, comments and patterns that can match nothing."""
    text = _without_trailing_blanks(line.rstrip("\r"))
    if not text or text.startswith("#"):
        return None
    takes_back = text.startswith("!")
    text = text.removeprefix("!") if takes_back else text
    directories = text.endswith("/")
    text = text.removesuffix("/")
    if text.startswith("**/") and "/" not in text.removeprefix("**/"):
        text = text.removeprefix("**/")  # says no more than the name alone
    anchored = "/" in text
    try:
        pattern = _translated(text.removeprefix("/"))
        if "[" in text:
            re.compile(pattern)  # a range may run backwards
        head = text.removeprefix("/").partition("/")[0]
        return Rule(pattern, anchored, directories, takes_back, "" if _SPECIAL.search(head) else head)
    except (re.error, _Unmatchable):
        return None


class _Unmatchable(Exception):
    """A pattern with an open bracket or a lone backslash at its end."""


def _without_trailing_blanks(line: str) -> str:
    kept = line.rstrip(" ")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return kept + " " if len(kept) < len(line) and backslashes % 2 else kept


def _translated(glob: str) -> str:
    if not glob:
        raise _Unmatchable
    out: list[str] = []
    at = 0
    while at < len(glob):
        if glob[at] == "*":
            stop = at
            while stop < len(glob) and glob[stop] == "*":
                stop += 1
            piece, at = _stars(glob, at, stop)
            out.append(piece)
        elif glob[at] == "?":
            out.append("[^/]")
            at += 1
        elif glob[at] == "[":
            piece, at = _bracket(glob, at)
            out.append(piece)
        elif glob[at] == "\\":
            if at + 1 == len(glob):
                raise _Unmatchable
            out.append(re.escape(glob[at + 1]))
            at += 2
        else:
            out.append(re.escape(glob[at]))
            at += 1
    return "".join(out)


def _stars(glob: str, at: int, stop: int) -> tuple[str, int]:
    """``**`` that fills whole steps of the path crosses folders; any other run of stars stays inside one."""
    begins = at == 0 or glob[at - 1] == "/"
    if stop - at < 2 or not begins or glob[stop : stop + 1] not in ("", "/"):
        return "[^/]*", stop
    if stop == len(glob):
        return ".+" if at else ".*", stop
    return "(?:.*/)?", stop + 1


def _bracket(glob: str, at: int) -> tuple[str, int]:
    """A bracket expression; it never matches a slash."""
    stop = at + 1
    negated = glob[stop : stop + 1] in ("!", "^")
    stop += negated
    begin = stop
    pieces: list[str] = []
    while stop < len(glob) and (glob[stop] != "]" or stop == begin):
        named = _NAMED.match(glob, stop)
        if named:
            if named[1] not in _CLASSES:
                raise _Unmatchable
            pieces.append(_CLASSES[named[1]])
            stop = named.end()
        elif glob[stop] == "\\" and stop + 1 < len(glob):
            pieces.append(re.escape(glob[stop + 1]))
            stop += 2
        else:
            pieces.append("-" if glob[stop] == "-" else re.escape(glob[stop]))
            stop += 1
    if stop >= len(glob):
        raise _Unmatchable
    return f"(?!/)[{'^' if negated else ''}{''.join(pieces)}]", stop + 1
