"""Whole lists, page by page. A list is complete or it is an error: half a list would make things look absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from auditor.masking import blanked
from auditor.sources.cluster.client import ApiError, Client

PAGE = 500
RESTARTS = 3
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

Item = TypeVar("Item")


class _ListMeta(msgspec.Struct):
    next: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    items: list[msgspec.Raw] | None = None
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)


_PAGES = msgspec.json.Decoder(_Page)


def listed(
    client: Client,
    path: str,
    project: Callable[[msgspec.Raw], Item],
    *,
    metadata_only: bool = False,
    blank: Callable[[bytes], bytes] = blanked,
    selector: str = "",
) -> list[Item]:
    """Every item of a list, projected page by page. :class:`ApiError` when a page cannot be had.

    ``blank`` takes keys out of a page before anything looks at it. ``selector`` is one of labels.

    A 410 means that the server has forgotten where the list began: all of it is read again.
    """
    accept = METADATA_ONLY if metadata_only else "application/json"
    first = {"limit": str(PAGE), **({"labelSelector": selector} if selector else {})}
    for attempt in range(RESTARTS + 1):
        try:
            return [
                item for page in _pages(client, path, first, accept, blank) for item in map(project, page)
            ]
        except ApiError as error:
            if error.status != 410 or attempt == RESTARTS:
                raise
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ApiError(200, f"the answer is no list of objects: {error}") from error
    raise AssertionError("unreachable")


def _pages(
    client: Client, path: str, first: dict[str, str], accept: str, blank: Callable[[bytes], bytes]
) -> Iterator[list[msgspec.Raw]]:
    query = first
    while True:
        page = _PAGES.decode(blank(client.get(path, query, accept)))
        yield page.items or []
        if not page.metadata.next:
            return
        query = {**first, "continue": page.metadata.next}
