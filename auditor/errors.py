"""What stops a run before it begins, in words a person can act on."""

from __future__ import annotations

from collections.abc import Iterable


class UsageError(Exception):
    """A wrong flag, configuration or policy file (exit code 2); the text says what, where and what to do."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``; did you mean 'fail_on'?``, or the names to choose from when none is close."""
    from difflib import get_close_matches

    known = sorted(names)
    close = get_close_matches(name, known, 1, 0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; choose from: {', '.join(known)}" if 0 < len(known) <= 12 else ""
