"""What functions may know of the world: the budget, and files inside the repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from auditor.terraform.limits import Budget


class Files(Protocol):
    """Files of the repository under audit, by a path as Terraform writes it (relative to the root)."""

    def read_text(self, path: str) -> str:
        """Raises EvaluationError when the file is missing, not UTF-8, or outside the repository."""

    def read_bytes(self, path: str) -> bytes: ...

    def exists(self, path: str) -> bool: ...

    def under(self, path: str) -> list[str]:
        """Paths of the files below a directory, relative to it, sorted."""


class Context(Protocol):
    """Passed to every function as its first argument."""

    budget: Budget
    files: Files

    def render(self, template: str, names: dict[str, object]) -> object:
        """The value of a template in a scope that holds only ``names``."""


Function: TypeAlias = Callable[..., object]
