"""Files of the repository by the paths that Terraform writes, and never a file outside it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from auditor.terraform.config import Read
from auditor.terraform.errors import EvaluationError
from auditor.terraform.limits import Limits
from auditor.terraform.paths import inside, is_terraform


class RepositoryFiles:
    """What `file()` and its relatives may see. Paths are relative to ``directory``, the root module."""

    def __init__(self, directory: str, files: Iterable[str], read: Read, limits: Limits) -> None:
        self.directory = directory
        self.files = frozenset(files)
        self.read = read
        self.limits = limits
        self._by_directory: dict[str, list[str]] | None = None

    def _resolve(self, path: str) -> str:
        found = inside(self.directory, path)
        if found is None:
            raise EvaluationError("a path outside the repository is not read")
        return found

    def read_bytes(self, path: str) -> bytes:
        found = self._resolve(path)
        if found not in self.files:
            raise EvaluationError("no such file in the repository")
        try:
            data = self.read(found)
        except (OSError, KeyError, ValueError):
            raise EvaluationError("the file cannot be read") from None
        if len(data) > self.limits.file_bytes:
            raise EvaluationError(f"the file is larger than {self.limits.file_bytes} bytes")
        return data

    def read_text(self, path: str) -> str:
        try:
            return self.read_bytes(path).decode()
        except UnicodeDecodeError:
            raise EvaluationError("the file is not UTF-8") from None

    def exists(self, path: str) -> bool:
        return self._resolve(path) in self.files

    def under(self, path: str) -> list[str]:
        prefix = self._resolve(path)
        start = f"{prefix}/" if prefix else ""
        return sorted(each[len(start) :] for each in self.files if each.startswith(start))

    def module_files(self, directory: str) -> list[str]:
        """The .tf and .tf.json files that lie directly in a directory."""
        if self._by_directory is None:
            self._by_directory = {}
            for path in self.files:
                if is_terraform(path):
                    self._by_directory.setdefault(posixpath.dirname(path), []).append(path)
        return self._by_directory.get(directory, [])
