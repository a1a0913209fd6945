"""Compiled CEL between runs: compiling an expression takes ten times as long as loading it.

Those of built-in policies are kept too, although they come compiled: a run needs a sixth of them, and loading them
all takes longer than loading what the last runs used.

The code objects are ours, from a folder that only the user writes; ``Program.from_bytes`` refuses those of another
Python.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from auditor.cache.build import build
from auditor.cache.store import Store, digest
from auditor.cel import Program
from auditor.shipped import compile_known, key_of

MAX_KEPT = 5_000
"""Expressions; beyond it only those of the last run are kept."""


class Programs:
    """Compiles expressions, and remembers how."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._name = f"cel-{digest(build())}"
        self._loaded: dict[str, bytes] | None = None
        self._used: set[str] = set()
        self._added = False

    def compile(self, source: str, *, variables: Collection[str] | None = None) -> Program:
        """As :func:`auditor.cel.compile_expr`."""
        key = key_of(source, frozenset(variables or ()))
        self._used.add(key)
        kept = self._kept.get(key)
        if kept is not None:
            try:
                return Program.from_bytes(source, kept)
            except ValueError:
                del self._kept[key]
        program = compile_known(source, variables=variables)
        self._kept[key] = program.to_bytes()
        self._added = True
        return program

    @property
    def _kept(self) -> dict[str, bytes]:
        if self._loaded is None:
            self._loaded = _decoded(self._store.read(self._name))
        return self._loaded

    def save(self) -> None:
        """Write what is new."""
        if self._added:
            if len(self._kept) > MAX_KEPT:
                self._loaded = {key: self._kept[key] for key in self._used}
            self._store.keep(self._name, self._kept)
            self._added = False


def _decoded(data: bytes | None) -> dict[str, bytes]:
    if data is None:
        return {}
    try:
        return msgspec.msgpack.decode(data, type=dict[str, bytes])
    except msgspec.DecodeError:
        return {}
