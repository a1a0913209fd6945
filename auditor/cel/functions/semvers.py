"""semver(): Semantic Versioning 2.0.0."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import boolean, text
from auditor.cel.values import Value, refuse
from auditor.patterns import regex

_NUMBER: Final = r"(0|[1-9]\d{0,18})"
_WORD: Final = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER: Final = regex(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_WORD}(?:\.{_WORD})*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_LENIENT: Final = regex(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?", re.ASCII)
_Key = tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]


class Semver(Value):
    """A version; build metadata do not count when two are compared."""

    __slots__ = ("key", "source")
    type_name = "kubernetes.Semver"

    def __init__(self, source: str, key: _Key) -> None:
        self.source = source
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Semver) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key[0])

    def text(self) -> str:
        return self.source

    def compare(self, other: Any) -> int:
        if not isinstance(other, Semver):
            return refuse("compareTo", self, other)
        return (self.key > other.key) - (self.key < other.key)

    methods: ClassVar[dict[str, Any]] = {
        "major": lambda version: version.key[0][0],
        "minor": lambda version: version.key[0][1],
        "patch": lambda version: version.key[0][2],
        "compareTo": compare,
        "isLessThan": lambda version, other: version.compare(other) < 0,
        "isGreaterThan": lambda version, other: version.compare(other) > 0,
    }


def semver(value: Any, normalize: Any = False) -> Semver:
    """``normalize`` forgives a leading v, missing parts and leading zeros."""
    source = text("semver", value)
    if boolean("semver", normalize):
        source = _normal(source)
    found = _SEMVER.fullmatch(source)
    if found is None:
        raise CelError(f"semver({value!r}): not a semantic version such as 1.2.3")
    words = found[4].split(".") if found[4] else []
    release = [(not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in words]
    return Semver(source, ((int(found[1]), int(found[2]), int(found[3])), not release, release))


def _normal(source: str) -> str:
    found = _LENIENT.fullmatch(source)
    if found is None:
        return source
    return ".".join((part or "0").lstrip("0") or "0" for part in found.group(1, 2, 3)) + (found[4] or "")


def is_semver(value: Any, normalize: Any = False) -> bool:
    try:
        semver(value, normalize)
    except CelError:
        return (
            False if type(value) is str and type(normalize) is bool else refuse("isSemver", value, normalize)
        )
    return True
