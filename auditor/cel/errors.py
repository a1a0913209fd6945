"""What can be wrong with an expression, before and while it runs."""

from __future__ import annotations


def position(source: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a code-point offset."""
    line = source.count("\n", 0, offset) + 1
    return line, offset - (source.rfind("\n", 0, offset) + 1) + 1


class _LocatedError(Exception):
    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message}" if self.line else self.message


class CelSyntaxError(_LocatedError):
    """The expression cannot be compiled. ``line`` and ``column`` count from 1 within the source."""


class CelError(_LocatedError):
    """The expression failed while it ran; ``line`` is 0 when the place is not known."""
