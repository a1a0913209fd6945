"""One run's view of the cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cache.programs import Programs
from auditor.cache.readings import KeptReadings
from auditor.cache.store import Store
from auditor.compiled import Compiler
from auditor.options import Settings
from auditor.policy import Policy
from auditor.shipped import compile_known
from auditor.sources.tree import PathsTree, Tree

if TYPE_CHECKING:
    from auditor.cache.verdicts import KeptVerdicts


class Cache:
    """What a run may look up and leave behind. Without a store it does neither."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store
        self._readings: KeptReadings | None = None
        self._programs = Programs(store) if store is not None else None

    @classmethod
    def open(cls, root: Path | None, *, wanted: bool = True) -> Cache:
        """The user's cache for auditing ``root``; an empty one where it is not wanted or cannot be used."""
        return cls(Store.open(outside=root) if wanted else None)

    @property
    def compiler(self) -> Compiler:
        """Compiles expressions."""
        return self._programs.compile if self._programs is not None else compile_known

    def readings(self, tree: Tree, settings: Settings) -> KeptReadings | None:
        """What the files of a tree said; None for a tree that is not simply what lies on the disk."""
        if self.store is None or type(tree) not in (Tree, PathsTree):
            return None
        settled = (f"full={settings.full_parse}", *sorted(settings.honour))
        self._readings = KeptReadings(self.store, tree, *settled)
        return self._readings

    def verdicts(
        self, policies: Mapping[str, Policy], policy_set: str, settings: Settings
    ) -> KeptVerdicts | None:
        """Verdicts on the files that :meth:`readings` last read; None where none were.

        ``policy_set`` is the digest of the policies and their params.
        """
        if self.store is None or self._readings is None:
            return None
        from auditor.cache.verdicts import KeptVerdicts

        asked = (
            policy_set,
            repr(
                (settings.render, settings.exclude, settings.targets, settings.region, settings.repositories)
            ),
            repr((sorted(settings.prices.items()), settings.declarations)),
        )
        tree = "" if settings.render else self._readings.everything()
        return KeptVerdicts(self.store, self._readings, policies, asked, tree)

    def save(self) -> None:
        """Keep what this run learnt."""
        if self._programs is not None:
            self._programs.save()
