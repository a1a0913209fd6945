"""matches, find and findAll, with RE2's syntax on Python's ``re``.

``re`` can backtrack without bound on a hostile *pattern*. Patterns come from policies, which are trusted;
text of the audited tree is only ever matched against them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import integer, text
from auditor.patterns import regex

_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7F",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1F\\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_GROUP: Final = regex(r"\(\?(?:(P?)<([A-Za-z_]\w*)>|([imsU]*)(?:-([imsU]+))?([:)]))", re.ASCII)
_REPEAT: Final = regex(r"[*+?]|\{(\d+)(?:(,)(\d*))?\}")
_HEX: Final = regex(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_MAX_REPEAT: Final = 1000


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern in RE2's syntax; ``ValueError`` says what RE2 would refuse."""
    try:
        return re.compile(_Translator(pattern).translate(), re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"bad regular expression {pattern!r}: {error}") from None


class _Translator:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.out: list[str] = []
        self.multiline = [False]

    def fail(self, what: str) -> ValueError:
        return ValueError(f"bad regular expression {self.pattern!r}: {what}")

    def translate(self) -> str:
        while self.at < len(self.pattern):
            self.step()
        return "".join(self.out)

    def step(self) -> None:
        char = self.pattern[self.at]
        if char == "\\":
            self.escape()
        elif char == "[":
            self.character_class()
        elif char == "(":
            self.group()
        elif char in "*+?" or (char == "{" and _REPEAT.match(self.pattern, self.at)):
            self.repeat()
        else:
            self.at += 1
            if char == ")" and len(self.multiline) > 1:
                self.multiline.pop()
            self.out.append({"$": r"(?m:$)" if self.multiline[-1] else r"\Z", "{": r"\{"}.get(char, char))

    def escape(self) -> None:
        char = self.pattern[self.at + 1 : self.at + 2]
        if char == "Q":
            end = self.pattern.find("\\E", self.at)
            literal = self.pattern[self.at + 2 : end if end >= 0 else None]
            self.out.append("".join(map(re.escape, literal)))
            self.at = end + 2 if end >= 0 else len(self.pattern)
            return
        if char == "z":
            self.out.append(r"\Z")
        elif char and char in "AbB":
            self.out.append("\\" + char)
        else:
            self.out.append(self.escaped_character(char))
            return
        self.at += 2

    def escaped_character(self, char: str) -> str:
        """An escape that may stand inside a class too; moves behind it."""
        hexadecimal = _HEX.match(self.pattern, self.at + 1)
        if hexadecimal:
            self.at = hexadecimal.end()
            code = int(hexadecimal[1] or hexadecimal[2], 16)
            if code > 0x10FFFF:
                raise self.fail(f"\\{hexadecimal[0]} is no character")
            return re.escape(chr(code))
        octal = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{2}").match(self.pattern, self.at + 1)
        if octal:
            self.at = octal.end()
            return re.escape(chr(int(octal[0], 8)))
        self.at += 2
        if char and char in "dDwW":
            return "\\" + char
        if char in ("s", "S"):
            return r"[\t\n\f\r ]" if char == "s" else r"[^\t\n\f\r ]"
        if char and char in "afnrtv":
            return "\\" + char
        if char and not (char.isascii() and char.isalnum()):
            return re.escape(char)
        if char in ("p", "P"):
            raise self.fail("Unicode classes such as \\p{L} are not supported")
        raise self.fail(f"\\{char} is not in RE2's syntax" if char else "it ends with a backslash")

    def character_class(self) -> None:
        start = self.at
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        parts: list[str] = []
        first = True
        while first or not self.pattern.startswith("]", self.at):
            if self.at >= len(self.pattern):
                raise self.fail(f"the class at {start} is not closed")
            parts.append(self.class_item())
            first = False
        self.at += 1
        self.out.append(f"[{'^' if negated else ''}{''.join(parts)}]")

    def class_item(self) -> str:
        posix = re.compile(r"\[:(\^?)(\w+):\]").match(self.pattern, self.at)
        if posix:
            if posix[1] or posix[2] not in _POSIX:
                raise self.fail(f"the class {posix[0]} is not supported")
            self.at = posix.end()
            return _POSIX[posix[2]]
        char = self.pattern[self.at]
        if char == "\\":
            following = self.pattern[self.at + 1 : self.at + 2]
            item = self.escaped_character(following)
            if following == "S":
                raise self.fail("\\S inside a class is not supported")
            return r"\t\n\f\r " if following == "s" else item
        self.at += 1
        return char if char in "-" else re.escape(char)

    def group(self) -> None:
        if not self.pattern.startswith("(?", self.at):
            self.at += 1
            self.multiline.append(self.multiline[-1])
            self.out.append("(")
            return
        found = _GROUP.match(self.pattern, self.at)
        if found is None:
            raise self.fail("RE2 has no lookaround, conditions or atomic groups")
        self.at = found.end()
        if found[2]:
            self.multiline.append(self.multiline[-1])
            self.out.append(f"(?P<{found[2]}>")
            return
        self.flags(found[3], found[4] or "", found[5])

    def flags(self, on: str, off: str, end: str) -> None:
        if "U" in on + off:
            raise self.fail("the flag U is not supported")
        multiline = "m" in on or (self.multiline[-1] and "m" not in off)
        if end == ":":
            self.multiline.append(multiline)
            self.out.append(f"(?{on}{'-' + off if off else ''}:")
        elif self.out or off:
            raise self.fail("flags for the rest of the pattern must come first: write (?i:…)")
        else:
            self.multiline[-1] = multiline
            self.out.append(f"(?{on})" if on else "")

    def repeat(self) -> None:
        found = _REPEAT.match(self.pattern, self.at)
        if found is None:
            raise self.fail("a repetition is expected")
        if found[1] and max(int(found[1]), int(found[3] or 0)) > _MAX_REPEAT:
            raise self.fail(f"{found[0]} repeats more than {_MAX_REPEAT} times")
        self.at = found.end()
        self.out.append(found[0])
        if self.pattern.startswith("?", self.at):
            self.at += 1
            self.out.append("?")
        if self.pattern.startswith(("*", "+", "?"), self.at) or _REPEAT.match(self.pattern, self.at):
            raise self.fail("a repetition of a repetition is not in RE2's syntax")


def _pattern(value: Any) -> re.Pattern[str]:
    try:
        return compile_pattern(text("matches", value))
    except ValueError as error:
        raise CelError(str(error)) from None


def matches(target: Any, pattern: Any) -> bool:
    return _pattern(pattern).search(text("matches", target)) is not None


def find(target: Any, pattern: Any) -> str:
    """The first match, or an empty string."""
    found = _pattern(pattern).search(text("find", target))
    return found[0] if found else ""


def find_all(target: Any, pattern: Any, limit: Any = -1) -> list[str]:
    found = [match[0] for match in _pattern(pattern).finditer(text("findAll", target))]
    return found if integer("findAll", limit) < 0 else found[:limit]
