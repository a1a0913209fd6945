"""Typed access to arguments. Each check refuses a wrong type, and an unknown as unknown."""

from __future__ import annotations

from typing import Any

from auditor.cel.values import UInt, refuse


def text(function: str, value: Any) -> str:
    if type(value) is str:
        return value
    return refuse(function, value)


def integer(function: str, value: Any) -> int:
    if type(value) is int:
        return value
    return refuse(function, value)


def items(function: str, value: Any) -> list[Any]:
    if type(value) is list:
        return value
    return refuse(function, value)


def boolean(function: str, value: Any) -> bool:
    if type(value) is bool:
        return value
    return refuse(function, value)


def number(function: str, value: Any) -> int | float:
    if type(value) in (int, float, UInt):
        return value  # type: ignore[no-any-return]
    return refuse(function, value)
