"""A tree with some files replaced: what an edit would look like, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.sources.tree import Tree


class OverlayTree(Tree):
    """The files of another tree; those in ``changed`` read as their new bytes."""

    def __init__(self, tree: Tree, changed: Mapping[str, bytes]) -> None:
        super().__init__(tree.root)
        self._files = tree.files()
        self.root = tree.root
        self._real_root = tree.root.resolve()
        self._changed = changed

    def read(self, path: str) -> bytes:
        """The new bytes of a changed file, else what the tree says."""
        found = self._changed.get(path)
        return super().read(path) if found is None else found
