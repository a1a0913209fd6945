"""Reads a committed table once, at its first use."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_HERE = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """The parsed file ``name`` of this folder; callers must not change it."""
    return msgspec.json.decode((_HERE / name).read_bytes(), type=dict[str, Any])


def nearest(word: str, known: list[str]) -> str | None:
    """The one of ``known`` that ``word`` was most likely meant to be, or None when nothing is close."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for candidate in sorted(known):
        folded.setdefault(candidate.lower(), candidate)
    close = get_close_matches(word.lower(), list(folded), n=1, cutoff=0.7)
    return folded[close[0]] if close else None
