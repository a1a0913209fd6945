"""Reads a committed table once, at its first use."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

_HERE = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """The parsed file ``name`` of this folder; callers must not change it."""
    return cast("dict[str, Any]", json.loads((_HERE / name).read_bytes()))


def nearest(word: str, known: list[str]) -> str | None:
    """The one of ``known`` that ``word`` was most likely meant to be, or None when nothing is close."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for candidate in sorted(known):
        folded.setdefault(candidate.lower(), candidate)
    close = get_close_matches(word.lower(), list(folded), n=1, cutoff=0.7)
    return folded[close[0]] if close else None
