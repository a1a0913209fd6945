"""How far a live read went. What was not seen is unknown: its absence is no evidence of anything. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Literal

from msgspec import Struct, field

from auditor.unknown import Unknown

Domain = Literal["kubernetes", "terraform", "metrics"]
"""What a source can speak of. AWS resources bear Terraform's types, so that one policy serves both."""

Kind = tuple[str, str]
"""(group, kind), as :meth:`auditor.world.World.kind` takes them."""


def domain_of(group: str) -> Domain | None:
    """The domain that an API group belongs to; None for files, which nobody reads live."""
    if group == "file":
        return None
    return group if group in ("terraform", "metrics") else "kubernetes"  # type: ignore[return-value]


class Unread(Struct, frozen=True):
    """A kind that is not at hand, and why."""

    api_version: str
    kind: str
    why: Unknown


class Reach(Struct):
    """What one live target holds whole, and what it lacks."""

    domain: Domain
    read: frozenset[Kind] = frozenset()
    """Kinds whose every object is in the target."""
    unread: dict[Kind, Unread] = field(default_factory=dict)
    """Kinds that a chosen policy needs and that could not be read: refused, timed out, broken."""
    skipped: dict[Kind, Unread] = field(default_factory=dict)
    """Kinds that nobody was known to need."""
    absent: dict[Kind, Unread] = field(default_factory=dict)
    """Kinds that the source does not serve at all: there are none, and there is nothing to judge."""

    others: frozenset[Kind] | None = None
    """Further kinds that the source serves and that are never read; None where that is not known."""

    def unknown(self, group: str, kind: str) -> Unknown | None:
        """Why nothing can be said of a kind; None where it was read whole, or belongs to another domain."""
        key = (group, kind)
        if domain_of(group) != self.domain or key in self.read or key in self.absent:
            return None
        found = self.unread.get(key) or self.skipped.get(key)
        if found is None and self.others is not None and key not in self.others:
            return None  # the source has nothing of the kind
        return (
            found.why if found else Unknown(f"{kind} is never read live", "audit the manifests, with --git")
        )


def unknown_kind(reaches: Iterable[Reach | None], group: str, kind: str) -> Unknown | None:
    """The first reason why objects of a kind may be missing from what was read."""
    for reach in reaches:
        why = reach.unknown(group, kind) if reach is not None else None
        if why is not None:
            return why
    return None


def failed(reach: Reach, reads: Callable[[str, str], bool]) -> Unknown | None:
    """Why a kind that ``reads(api_version, kind)`` holds for is not at hand; None when all of them are."""
    lost = chain(reach.unread.values(), reach.skipped.values())
    return next((each.why for each in lost if reads(each.api_version, each.kind)), None)
