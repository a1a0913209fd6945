"""What readers hand over: resources in Terraform's shape, and what they were refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from auditor.sources.aws.refusals import Refused
from auditor.sources.aws.session import Place
from auditor.unknown import Unknown

LIVE = "live"
"""The field of a body that holds what only AWS tells, and no argument of Terraform's: states, keys, counts."""


class Row(NamedTuple):
    """One resource: Terraform's type, a name that is unique in the place (an ARN where there is one), its body."""

    kind: str
    name: str
    body: dict[str, Any]


Found: TypeAlias = Iterable[Row | Refused]
Item = TypeVar("Item")


def once(read: Callable[[Place], Found]) -> Callable[[Place], Found]:
    """A reader that reads a place once, whoever asks."""

    def cached(place: Place) -> Found:
        return place.once(f"{read.__module__}.{read.__qualname__}", lambda: list(read(place)))

    return cached


def all_rows(found: Found) -> Iterator[Row]:
    """The rows, where there must be no gap between them. Raises Refused."""
    for row in found:
        if isinstance(row, Refused):
            raise row
        yield row


def each(place: Place, items: Iterable[Item], make: Callable[[Item], Row | None]) -> Iterator[Row | Refused]:
    """A row of every item; None leaves it out."""
    return (found for found in place.each(items, make) if found is not None)


def several(
    place: Place, items: Iterable[Item], make: Callable[[Item], Iterable[Row]]
) -> Iterator[Row | Refused]:
    """The rows of every item."""

    def listed(item: Item) -> list[Row]:
        return list(make(item))

    for found in place.each(items, listed):
        if isinstance(found, Refused):
            yield found
        else:
            yield from found


def field(body: dict[str, Any] | Unknown, name: str, default: Any = "") -> Any:
    """A field of an answer that may have been refused."""
    return body if isinstance(body, Unknown) else body.get(name, default)
