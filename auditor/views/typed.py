"""Fields of a view in the type they are documented with: what has another one is unknown, and says so.

Joins read views as plain Python; a manifest may hold anything anywhere. Terraform writes numbers as text where
it likes, so that a text of digits is a number.
"""

from __future__ import annotations

from typing import Any

from auditor.unknown import Unknown


def wrong(name: str, value: Any, wanted: str) -> Unknown:
    """Why a field cannot be used."""
    return Unknown(f"{name} is {type(value).__name__}, not {wanted}", f"write {name} as {wanted}")


def text(name: str, value: Any) -> str | Unknown:
    """A text; numbers and booleans as Terraform and YAML write them."""
    if isinstance(value, str | Unknown):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else wrong(name, value, "a text")


def number(name: str, value: Any) -> int | Unknown:
    """A whole number."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return wrong(name, value, "a whole number")


def flag(name: str, value: Any) -> bool | Unknown:
    """A boolean; Terraform's texts too."""
    if isinstance(value, bool | Unknown):
        return value
    known = {"true": True, "false": False}.get(value) if isinstance(value, str) else None
    return wrong(name, value, "a boolean") if known is None else known


def texts(name: str, value: Any) -> list[Any] | Unknown:
    """A list of texts."""
    if isinstance(value, Unknown):
        return value
    if type(value) is not list:
        return wrong(name, value, "a list")
    return [text(name, each) for each in value]


def text_map(name: str, value: Any) -> dict[str, Any] | Unknown:
    """A map of texts."""
    if isinstance(value, Unknown):
        return value
    if type(value) is not dict:
        return wrong(name, value, "a map")
    return {str(key): text(f"{name}.{key}", each) for key, each in value.items()}


def records(value: Any) -> list[dict[str, Any]]:
    """The maps of a list; nothing else is kept."""
    return [each for each in value if type(each) is dict] if type(value) is list else []
