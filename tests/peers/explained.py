"""Where an exact claim and the other tool part, in words, with the test that recognises the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.peers.compare import Difference


@dataclass(frozen=True, slots=True)
class Explanation:
    """A class of differences: which rules it touches, what differs, and why we hold to ours."""

    name: str
    rules: frozenset[str] | None
    """None: any rule."""
    words: str
    holds: Callable[[Difference], bool]

    def covers(self, difference: Difference) -> bool:
        """Whether the difference is of this class."""
        return (self.rules is None or difference.rule in self.rules) and self.holds(difference)


EXPLAINED: tuple[Explanation, ...] = (
    Explanation(
        "kinds", None, "x", lambda d: d.theirs is None and d.body.get("kind") in ("Rollout", "ScaledJob")
    ),
)
