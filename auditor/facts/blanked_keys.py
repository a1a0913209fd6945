"""AWS keys in running objects: they were blanked where they were read, and what stood there is still known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.masking import keys_in
from auditor.model import Path
from auditor.paths import render
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class BlankedKeys:
    """``facts.blanked_keys`` of an object: ``[{kind, at}]``; of a Secret only where ``--secret-shapes`` was given."""

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        found = [
            {"kind": kind, "at": render(body, path)}
            for path, text in _texts(body, ())
            for kind in keys_in(text)
        ]
        shapes = body.get("shapes")
        for key, kind in (shapes if type(shapes) is dict else {}).items():
            if kind:
                found.append({"kind": str(kind), "at": render(body, ("data", key))})
        return found


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text long enough to hold a key."""
    if type(value) is dict:
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif type(value) is list:
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    elif type(value) is str and len(value) >= 20:
        yield path, value
