"""AWS keys in the values of Terraform arguments: user data, environments of functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path
from auditor.paths import render
from auditor.secrets import find_keys
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.terraform_values import readable

if TYPE_CHECKING:
    from auditor.world import World

FIELDS = {"user_data": ("user_data", "user_data_base64"), "environment": ("environment",)}


class StaticKeys:
    """``facts.static_keys`` of a Terraform block: for ``user_data`` and ``environment`` ``[{kind, masked, at}]``."""

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        return {
            field: [row for name in names for row in _rows(body, (name,), body.get(name))]
            for field, names in FIELDS.items()
        }


def _rows(body: dict[str, Any], path: Path, value: Any) -> Iterator[dict[str, str]]:
    if type(value) is dict:
        for key, item in value.items():
            yield from _rows(body, (*path, key), item)
    elif type(value) is list:
        for index, item in enumerate(value):
            yield from _rows(body, (*path, index), item)
    elif isinstance(value, str | Unknown):
        for key in find_keys(readable(value).encode()):
            yield {"kind": key.kind, "masked": key.masked, "at": render(body, path)}
