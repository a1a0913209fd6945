"""A Terraform file in memory: its text, its blocks, and where everything stands."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from msgspec import Struct, field

from auditor.spans import Problem, Span
from auditor.terraform.errors import HclSyntaxError
from auditor.terraform.expressions import Expression, Literal, Template


class SourceFile:
    """One file. Offsets of nodes count characters; :meth:`span` turns them into byte offsets."""

    __slots__ = ("_line_bytes", "_lines", "body", "path", "problems", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.problems: list[Problem] = []
        self.body = Body()
        self._lines: list[int] | None = None
        self._line_bytes: list[int] | None = None

    def line(self, at: int) -> int:
        """The line of a character offset, from 1."""
        return self._position(at)[0]

    def _position(self, at: int) -> tuple[int, int]:
        if self._lines is None:
            starts, found = [0], self.text.find("\n")
            while found >= 0:
                starts.append(found + 1)
                found = self.text.find("\n", found + 1)
            self._lines = starts
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The place of the characters ``[start, end)``."""
        line, column = self._position(start)
        end_line, end_column = self._position(end)
        return Span(line, column, end_line, end_column, self._byte(start, line), self._byte(end, end_line))

    def _byte(self, at: int, line: int) -> int:
        """The byte offset of a character: counted from the beginning of its line, not of the file."""
        if self.text.isascii():
            return at
        lines = self._lines or [0]
        if self._line_bytes is None:
            ends = [*lines[1:], len(self.text)]
            sizes = (len(self.text[a:b].encode()) for a, b in zip(lines, ends, strict=True))
            self._line_bytes = [0, *accumulate(sizes)]
        return self._line_bytes[line - 1] + len(self.text[lines[line - 1] : at].encode())

    def problem(self, at: int, what: str, repair: str) -> Problem:
        line, column = self._position(min(at, len(self.text)))
        return Problem(self.path, line, column, what, repair)


class AttributeNode(Struct):
    """``name = expression``; the expression is parsed when it is first asked for."""

    name: str
    source: SourceFile
    start: int
    end: int
    value_start: int
    parsed: Expression | None = None

    def expression(self) -> Expression:
        """Raises :class:`HclSyntaxError`."""
        if self.parsed is None:
            from auditor.terraform.parser import Parser

            self.parsed = Parser(self.source.text, self.value_start, self.end).whole_expression()
        return self.parsed

    def line(self) -> int:
        return self.source.line(self.start)


class Body(Struct):
    """Attributes by name, and nested blocks in order."""

    attributes: dict[str, AttributeNode] = field(default_factory=dict)
    blocks: list[BlockNode] = field(default_factory=list)

    def blocks_of(self, kind: str) -> list[BlockNode]:
        return [block for block in self.blocks if block.kind == kind]


class BlockNode(Struct):
    """``kind "label" { body }``"""

    kind: str
    labels: list[str]
    body: Body
    source: SourceFile
    start: int
    end: int

    def line(self) -> int:
        return self.source.line(self.start)


def constant_text(attribute: AttributeNode | None) -> str | None:
    """The string of an attribute that is a plain literal, as `source` and `version` must be."""
    if attribute is None:
        return None
    try:
        expression = attribute.expression()
    except (HclSyntaxError, RecursionError):
        return None
    if isinstance(expression, Template) and all(isinstance(part, str) for part in expression.parts):
        return "".join(str(part) for part in expression.parts)
    if isinstance(expression, Literal) and isinstance(expression.constant, str):
        return expression.constant
    return None
