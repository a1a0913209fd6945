"""How far a run has come: noted where the time goes, for whoever watches. Nobody else reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec import Struct

Item = TypeVar("Item")


class Step(Struct):
    """What the run is at: ``done`` of ``total``."""

    what: str = ""
    done: int = 0
    total: int = 0


NOW = Step()
"""The run of this process: there is one at a time."""


def over(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """The items, each noted when it is begun."""
    NOW.what, NOW.done, NOW.total = what, 0, total
    for item in items:
        yield item
        NOW.done += 1
