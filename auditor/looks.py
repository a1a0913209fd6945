"""What facts and views look at, noted while they look.

A verdict that asks for a fact holds as long as nothing changes that the fact looked at. Nobody declares that:
the :class:`~auditor.world.World` notes every question that is put to it, for the fact or view that puts it.
Tables that a fact builds later, when another fact asks it, count as its own: all its methods are watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from auditor.facts.interface import Fact
from auditor.model import Resource
from auditor.views.interface import Instance, View

if TYPE_CHECKING:
    from auditor.world import World

_GENERATOR = 0x20
"""The flag of code that yields (``inspect.CO_GENERATOR``)."""


class Looks:
    """Things looked at, by who looked: ``fact NAME`` or ``view NAME``.

    A thing is a word that :mod:`auditor.cache.verdicts` can weigh (``kind apps/Deployment``, ``names`` …), or
    another fact or view, whose things then count too. What the engine itself asks is not noted.
    """

    __slots__ = ("_stack", "on", "seen")

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.seen: dict[str, set[str]] = {}
        self._stack: list[set[str]] = []

    def at(self, thing: str) -> None:
        """Note that something was looked at."""
        if self._stack:
            self._stack[-1].add(thing)

    def made(self, name: str, kind: type[Fact], world: World) -> Fact:
        """The fact, which looks around while it is made and whenever it is asked."""
        if not self.on:
            return kind(world)
        self.begin(f"fact {name}")
        try:
            found = _watched(kind, name)(world)
        finally:
            self.end()
        found.__dict__["_looks"] = self
        return found

    def shown(self, name: str, view: View, resource: Resource, world: World) -> list[Instance]:
        """What a view shows of a resource; the view may look around for it."""
        if not self.on:
            return list(view.instances(resource, world))
        self.begin(f"view {name}")
        try:
            return list(view.instances(resource, world))
        finally:
            self.end()

    def begin(self, who: str) -> None:
        """From now on ``who`` looks."""
        self._stack.append(self.seen.setdefault(who, set()))

    def end(self) -> None:
        """Whoever looked before looks again."""
        self._stack.pop()


@cache
def _watched(kind: type[Fact], name: str) -> type[Fact]:
    """The fact's class, with every public method noting what is looked at on its behalf."""
    methods = {
        key: _watching(method, f"fact {name}")
        for base in reversed(kind.__mro__)
        for key, method in vars(base).items()
        if not key.startswith("_") and callable(method)
    }
    return type(kind.__name__, (kind,), methods)


def _watching(method: Callable[..., Any], who: str) -> Callable[..., Any]:
    yields = bool(getattr(getattr(method, "__code__", None), "co_flags", 0) & _GENERATOR)

    @wraps(method)
    def watched(self: Any, *arguments: Any, **named: Any) -> Any:
        looks: Looks | None = self.__dict__.get("_looks")
        if looks is None:
            return method(self, *arguments, **named)
        looks.begin(who)
        try:
            found = method(self, *arguments, **named)
            return iter([*found]) if yields else found
        finally:
            looks.end()

    return watched


def things_of(names: Iterable[str], seen: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """All that the named facts and views looked at, through others too."""
    found: set[str] = set()
    open_ones = [*names]
    known = set(open_ones)
    while open_ones:
        for thing in seen.get(open_ones.pop(), ()):
            if thing.startswith(("fact ", "view ")):
                if thing not in known:
                    known.add(thing)
                    open_ones.append(thing)
            else:
                found.add(thing)
    return frozenset(found)
