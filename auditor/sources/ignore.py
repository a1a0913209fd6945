"""One .gitignore file, for directories that are no Git checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Ignore:
    """The rules of one .gitignore, relative to its folder."""

    def __init__(self, folder: str, spec: Any) -> None:
        self._folder = folder
        self._spec = spec

    @classmethod
    def load(cls, root: Path, folder: str) -> Ignore:
        """Read ``folder/.gitignore``; an unreadable one ignores nothing."""
        from pathspec import GitIgnoreSpec

        try:
            lines = (root / folder / ".gitignore").read_text("utf-8", "replace").splitlines()
        except OSError:
            lines = []
        return cls(folder, GitIgnoreSpec.from_lines(lines))

    def ignores(self, path: str, directory: bool) -> bool:
        """Whether ``path`` (relative to the root) is ignored; directories are matched as such."""
        relative = path.removeprefix(self._folder) + ("/" if directory else "")
        return bool(self._spec.match_file(relative))
