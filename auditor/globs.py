"""Names against shell patterns, where there are more patterns than names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache


def is_glob(pattern: str) -> bool:
    """Whether a pattern can match more than itself."""
    return "*" in pattern or "?" in pattern or "[" in pattern


def fits(name: str, pattern: str) -> bool:
    """``fnmatchcase``, but one star is looked at by hand: compiling hundreds of patterns takes longer."""
    head, star, tail, simple = _parts(pattern)
    if not simple:
        return fnmatchcase(name, pattern)
    if not star:
        return name == pattern
    return len(name) >= len(head) + len(tail) and name.startswith(head) and name.endswith(tail)


@cache
def _parts(pattern: str) -> tuple[str, str, str, bool]:
    """What stands before the first star, the star, what stands after it, and whether that is all there is to it."""
    head, star, tail = pattern.partition("*")
    return head, star, tail, not is_glob(head + tail)
