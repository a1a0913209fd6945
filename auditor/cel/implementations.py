"""Functions by module and name. Modules load when a function is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any


@cache
def load(module: str, attribute: str) -> Callable[..., Any]:
    """The implementation of a function."""
    path = "auditor.cel.operators" if module == "operators" else f"auditor.cel.functions.{module}"
    implementation: Callable[..., Any] = getattr(import_module(path), attribute)
    return implementation
