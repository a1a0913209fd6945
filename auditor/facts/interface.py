"""A fact is what a policy may know beyond the object it looks at: the result of a join, or a declaration.

Facts are computed once per target, indexed, and given to CEL as plain data under ``facts.<name>``. A policy
asks for a fact by reading it; facts nobody reads are never computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from auditor.model import Resource
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class Fact(Protocol):
    """One kind of knowledge, bound to the world of one target.

    The constructor may build indexes over ``world``; it must cost no more than one pass over the resources
    it joins.
    """

    def __init__(self, world: World) -> None: ...

    def of(self, instance: Instance) -> Any:
        """Plain data about ``instance``; :class:`auditor.unknown.Unknown` where it cannot be known.

        Data may carry refs (``world.ref(resource, path)``) to the other ends of the join, which a policy's
        ``related`` turns into places. ``UnknownUsed`` raised here means that the fact is that unknown.
        """


class Table(Protocol):
    """An index that several facts share.

    Whoever asks it depends on what it holds and not on all that it was made from.
    """

    def __init__(self, world: World) -> None: ...

    def rows(self) -> Iterable[tuple[Resource, Any]]:
        """All that it holds: resources, of which nobody takes more than names and places, and plain data."""
