"""Reading Terraform bodies: nested blocks, references to other blocks, texts with unknown parts."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World


def block(body: Any, name: str) -> Any:
    """The first nested block ``name`` as a dict; {} when there is none, Unknown when that is unknown."""
    found = body.get(name) if type(body) is dict else None
    if type(found) is list:
        found = found[0] if found else None
    if isinstance(found, Unknown):
        return found
    return found if type(found) is dict else {}


def blocks(body: Any, name: str) -> Any:
    """All nested blocks ``name``; Unknown when a dynamic block's elements are."""
    found = body.get(name) if type(body) is dict else None
    if isinstance(found, Unknown):
        return found
    if type(found) is dict:
        return [found]
    return records(found)


def get(body: Any, name: str, default: Any = None) -> Any:
    """A field of a dict that may itself be unknown."""
    if isinstance(body, Unknown):
        return body
    return body.get(name, default) if type(body) is dict else default


def targets_of(value: Any) -> list[tuple[str, str]]:
    """``(address, attribute)`` of every block that a value depends on."""
    from auditor.terraform import references

    return [(found.target, found.attribute) for found in references(value)]


def referenced(world: World, near: Resource, value: Any, kind: str) -> Resource | None:
    """The block of type ``kind`` that ``value`` refers to, by reference, or by its id or ARN."""
    for address, _ in targets_of(value):
        found = world.at_address(near, address)
        if found is not None and found.kind == kind:
            return found
    return world.identified(kind, value) if type(value) is str and value else None


def readable(value: Any) -> str:
    """The text of a value with NUL for what is unknown; base64 is decoded. '' when nothing is known."""
    from auditor.terraform import TfCall, TfTemplate

    if isinstance(value, TfTemplate):
        return "".join(part if isinstance(part, str) else "\0" for part in value.parts)
    if isinstance(value, TfCall):
        return "\n".join(text for arg in value.args if (text := readable(arg)))
    if not isinstance(value, str) or isinstance(value, Unknown):
        return ""
    try:
        return a2b_base64(value, strict_mode=True).decode()
    except (Base64Error, ValueError):
        return value
