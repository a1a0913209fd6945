"""Expressions of the built-in policies, compiled when they were released: compiling them takes a tenth of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256

from auditor.cel import Program, compile_expr


def key_of(source: str, variables: Iterable[str]) -> str:
    """By what the generated table knows an expression: its text, and the names that it may use."""
    return sha256("\0".join((source, *sorted({*variables}))).encode()).hexdigest()[:32]


def shipped(source: str, variables: Iterable[str]) -> Program | None:
    """The program of a built-in policy's expression; None for any other."""
    from auditor.shipped_programs import PROGRAMS

    found = PROGRAMS.get(key_of(source, variables))
    return Program.linked(source, *found) if found is not None else None


def compile_known(source: str, *, variables: Collection[str] | None = None) -> Program:
    """As :func:`auditor.cel.compile_expr`."""
    found = shipped(source, variables) if variables is not None else None
    return found or compile_expr(source, variables=variables)
