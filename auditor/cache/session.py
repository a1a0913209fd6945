"""One run's view of the cache."""

from __future__ import annotations

from pathlib import Path

from auditor.cache.programs import Programs
from auditor.cache.readings import KeptReadings
from auditor.cache.store import Store
from auditor.cel import compile_expr
from auditor.compiled import Compiler
from auditor.options import Settings
from auditor.sources.tree import PathsTree, Tree


class Cache:
    """What a run may look up and leave behind. Without a store it does neither."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store
        self._programs = Programs(store) if store is not None else None

    @classmethod
    def open(cls, root: Path | None, *, wanted: bool = True) -> Cache:
        """The user's cache for auditing ``root``; an empty one where it is not wanted or cannot be used."""
        return cls(Store.open(outside=root) if wanted else None)

    @property
    def compiler(self) -> Compiler:
        """Compiles expressions."""
        return self._programs.compile if self._programs is not None else compile_expr

    def readings(self, tree: Tree, settings: Settings) -> KeptReadings | None:
        """What the files of a tree said; None for a tree that is not simply what lies on the disk."""
        if self.store is None or type(tree) not in (Tree, PathsTree):
            return None
        return KeptReadings(self.store, tree, f"full={settings.full_parse}", *sorted(settings.honour))

    def save(self) -> None:
        """Keep what this run learnt."""
        if self._programs is not None:
            self._programs.save()
