"""Expressions of the built-in policies, compiled when they were released: compiling them takes a tenth of a run."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from xxhash import xxh3_128_hexdigest

from auditor.cel import Program, compile_expr


def key_of(source: str, variables: frozenset[str]) -> str:
    """By what the generated table knows an expression: its text, and the names that it may use."""
    return xxh3_128_hexdigest((source + _names(variables)).encode())


@cache
def _names(variables: frozenset[str]) -> str:
    return "\0".join(["", *sorted(variables)])


def shipped(source: str, variables: frozenset[str]) -> Program | None:
    """The program of a built-in policy's expression; None for any other."""
    from auditor.shipped_programs import PROGRAMS

    found = PROGRAMS.get(key_of(source, variables))
    return Program.linked(source, *found) if found is not None else None


def compile_known(source: str, *, variables: Collection[str] | None = None) -> Program:
    """As :func:`auditor.cel.compile_expr`."""
    found = shipped(source, frozenset(variables)) if variables is not None else None
    return found or compile_expr(source, variables=variables)
