"""A tree with some files replaced: what an edit would look like, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.sources.tree import Tree


class OverlayTree(Tree):
    """The files of another tree; those in ``changed`` read as their new bytes."""

    def __init__(self, tree: Tree, changed: Mapping[str, bytes]) -> None:
        self._tree, self._changed = tree, changed
        files = tree.files()
        super().__init__(tree.root)
        self._files = files

    def _bytes(self, path: str) -> bytes:
        found = self._changed.get(path)
        return self._tree.read(path) if found is None else found
