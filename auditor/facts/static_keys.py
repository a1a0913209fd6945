"""AWS keys in the values of Terraform arguments: user data, environments of functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.masking import BLANKED, keys_in
from auditor.model import Path
from auditor.paths import render
from auditor.patterns import regex
from auditor.secrets import find_keys
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.terraform_values import readable

if TYPE_CHECKING:
    from auditor.world import World

_KEY = regex(r"[A-Za-z0-9/+=]{20,}")
FIELDS = {"user_data": ("user_data", "user_data_base64"), "environment": ("environment",)}


class StaticKeys:
    """``facts.static_keys`` of a Terraform block: for ``user_data`` and ``environment`` ``[{kind, masked, at}]``.

    ``read`` names those of the two of which some text can be read at all.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        body = instance.resource.body
        read = {
            field: any(readable(value) for name in names for value in _leaves(body.get(name)))
            for field, names in FIELDS.items()
        }
        return {"read": [field for field, any_text in read.items() if any_text]} | {
            field: [row for name in names for row in _rows(body, (name,), body.get(name))]
            for field, names in FIELDS.items()
        }


def _leaves(value: Any) -> Iterator[Any]:
    if type(value) is dict:
        value = list(value.values())
    if type(value) is list:
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _rows(body: dict[str, Any], path: Path, value: Any) -> Iterator[dict[str, str]]:
    if type(value) is dict:
        for key, item in value.items():
            yield from _rows(body, (*path, key), item)
    elif type(value) is list:
        for index, item in enumerate(value):
            yield from _rows(body, (*path, index), item)
    elif isinstance(value, str | Unknown):
        text = readable(value)
        for key in find_keys(text.encode()):
            yield {"kind": key.kind, "masked": key.masked, "at": render(body, path)}
        for kind in keys_in(text):
            yield {"kind": kind, "masked": BLANKED, "at": render(body, path)}


class ProviderKeys:
    """``facts.provider_keys`` of a Terraform root: ``[{name, alias, field}]``: providers of AWS that hold keys.

    A key counts when it looks like one, or when a variable gives it; dummies for LocalStack do not.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        return [
            {"name": provider["name"], "alias": provider["alias"], "field": field}
            for provider in instance.resource.body.get("providers", [])
            for field in ("access_key", "secret_key")
            if provider["name"] == "aws" and _is_key(provider.get("config", {}).get(field))
        ]


def _is_key(value: Any) -> bool:
    if isinstance(value, Unknown):
        return True
    return isinstance(value, str) and _KEY.search(value) is not None
