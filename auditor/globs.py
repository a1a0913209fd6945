"""Names against shell patterns, where there are more patterns than names."""

from __future__ import annotations

from fnmatch import fnmatchcase


def is_glob(pattern: str) -> bool:
    """Whether a pattern can match more than itself."""
    return "*" in pattern or "?" in pattern or "[" in pattern


def fits(name: str, pattern: str) -> bool:
    """``fnmatchcase``, but one star is looked at by hand: compiling hundreds of patterns takes longer."""
    head, star, tail = pattern.partition("*")
    if is_glob(head + tail):
        return fnmatchcase(name, pattern)
    if not star:
        return name == pattern
    return len(name) >= len(head) + len(tail) and name.startswith(head) and name.endswith(tail)
