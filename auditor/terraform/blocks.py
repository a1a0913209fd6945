"""The blocks and attributes of a file. What is broken becomes a Problem; the rest still loads.

Expressions are only skipped here and parsed when somebody asks for their value: most of the text of a
Terraform tree are descriptions and types that no audit evaluates.
"""

from __future__ import annotations

import re

from auditor.patterns import regex
from auditor.terraform.errors import HclSyntaxError
from auditor.terraform.expressions import Literal
from auditor.terraform.parser import IDENTIFIER, QUOTED_TEXT, SPACE, SPACE_AND_LINES
from auditor.terraform.source import AttributeNode, BlockNode, Body, SourceFile
from auditor.unknown import Unknown

MAX_BLOCK_DEPTH = 40
MAX_STRING_DEPTH = 40
MAX_PROBLEMS = 20
REPAIR = "run `terraform fmt` or `terraform validate` on the file and mend what it names"
PIECE = regex(
    r'[^"\n#/<()\[\]{}]*(?:(?P<quote>")|(?P<line>\n)|(?P<open>[(\[{])|(?P<close>[)\]}])'
    r"|(?P<comment>#[^\n]*|//[^\n]*|/\*.*?\*/)|(?P<heredoc><<-?(?P<word>[^\W\d][\w-]*)\r?\n)|(?P<other>[/<]))",
    re.DOTALL,
)
LABEL = regex(r'"((?:[^"\\\n]|\\.)*)"')
TOP_LEVEL = regex(
    r'^(?:(?:resource|data|ephemeral)\s+"[^"\n]*"\s+"[^"\n]*"|(?:module|variable|output|provider|check)\s+"[^"\n]*"'
    r"|locals|terraform|moved|import|removed)\s*\{",
    re.MULTILINE,
)
CLOSERS = {"(": ")", "[": "]", "{": "}"}


class BlockReader:
    """Reads one file; ``source.problems`` collects what is wrong with it."""

    __slots__ = ("at", "resynced", "source", "text")

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.resynced = False

    def read(self) -> None:
        """Fill ``source.body``."""
        while True:
            self.resynced = False
            self._entries(self.source.body, None, 0)
            if self.at >= len(self.text) or len(self.source.problems) >= MAX_PROBLEMS:
                return
            if not self.resynced:
                self._problem(self.at, "'}' without a block")
                self.at += 1

    def _problem(self, at: int, what: str) -> None:
        if len(self.source.problems) < MAX_PROBLEMS:
            self.source.problems.append(self.source.problem(at, what, REPAIR))

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

    def _next_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end + 1

    def _resync(self, at: int) -> None:
        """Go on at the next thing that can only be a top-level block."""
        found = TOP_LEVEL.search(self.text, at)
        self.at = found.start() if found else len(self.text)
        self.resynced = True

    def _entries(self, body: Body, opened: int | None, depth: int) -> None:
        """Attributes and blocks up to the closing brace, which is left to the caller, or the end."""
        while not self.resynced:
            self._skip(SPACE_AND_LINES)
            if self.at >= len(self.text):
                if opened is not None:
                    self._problem(opened, "block is not closed: '}' is missing")
                return
            if self.text[self.at] == "}" or len(self.source.problems) >= MAX_PROBLEMS:
                return
            if opened is not None and self._starts_top_level():
                self._problem(opened, "block is not closed: '}' is missing")
                self.resynced = True
                return
            try:
                self._entry(body, depth)
            except HclSyntaxError as error:
                self._problem(error.at, str(error))
                self._skip_entry(depth)

    def _skip_entry(self, depth: int) -> None:
        """Pass what is broken: to the end of its line, or of the block that the line opens."""
        start = self.at
        self._next_line()
        opens = self.text[start : self.at].rstrip().endswith("{")
        if opens and depth < MAX_BLOCK_DEPTH:
            self._entries(Body(), start, depth + 1)
            if self.text.startswith("}", self.at) and not self.resynced:
                self.at += 1

    def _starts_top_level(self) -> bool:
        at_margin = self.at == 0 or self.text[self.at - 1] == "\n"
        return at_margin and TOP_LEVEL.match(self.text, self.at) is not None

    def _entry(self, body: Body, depth: int) -> None:
        start = self.at
        name = IDENTIFIER.match(self.text, self.at)
        if name is None:
            quoted = LABEL.match(self.text, self.at)
            if quoted is None:
                raise HclSyntaxError(f"expected an argument or a block but found {self.text[start]!r}", start)
            raise HclSyntaxError("an argument's name is written without quotes", start)
        self.at = name.end()
        self._skip(SPACE)
        if self.text.startswith("=", self.at) and not self.text.startswith("==", self.at):
            self._attribute(body, name.group(), start)
        else:
            self._block(body, name.group(), start, depth)

    def _attribute(self, body: Body, name: str, start: int) -> None:
        self.at += 1
        self._skip(SPACE)
        value_start = self.at
        try:
            end = self._expression_end(self.at)
        except HclSyntaxError as error:
            self._problem(error.at, str(error))
            self._broken_attribute(body, name, start, value_start, error)
            return
        stripped = len(self.text[value_start:end].rstrip())
        self.at = end
        node = AttributeNode(name, self.source, start, value_start + stripped, value_start)
        if name in body.attributes:
            self._problem(start, f"argument {name!r} is set twice in this block")
        else:
            body.attributes[name] = node

    def _broken_attribute(
        self, body: Body, name: str, start: int, value_start: int, error: HclSyntaxError
    ) -> None:
        """Keep the name: the value is unknown, which is not the same as unset."""
        end = self.text.find("\n", value_start)
        end = len(self.text) if end < 0 else end
        unknown = Unknown(f"syntax error at {self.source.path}:{self.source.line(error.at)}: {error}")
        broken = Literal(value_start, end, unknown)
        body.attributes.setdefault(name, AttributeNode(name, self.source, start, end, value_start, broken))
        self._unclosed(value_start, end)

    def _unclosed(self, value_start: int, end: int) -> None:
        line = self.text[value_start:end]
        if "<<" in line or any(line.count(opener) > line.count(closer) for opener, closer in CLOSERS.items()):
            self._resync(end)
        else:
            self.at = end

    def _block(self, body: Body, kind: str, start: int, depth: int) -> None:
        labels: list[str] = []
        while not self.text.startswith("{", self.at):
            found = LABEL.match(self.text, self.at) or IDENTIFIER.match(self.text, self.at)
            if found is None:
                raise HclSyntaxError(f"expected '=' or '{{' after {kind!r}", self.at)
            labels.append(found.group(found.lastindex or 0))
            self.at = found.end()
            self._skip(SPACE)
        if depth >= MAX_BLOCK_DEPTH:
            self._problem(start, f"blocks are nested more than {MAX_BLOCK_DEPTH} deep")
            self._resync(self.at)
            return
        self.at += 1
        block = BlockNode(kind, labels, Body(), self.source, start, self.at)
        body.blocks.append(block)
        self._entries(block.body, start, depth + 1)
        if self.text.startswith("}", self.at) and not self.resynced:
            self.at += 1
        block.end = self.at

    def _expression_end(self, at: int) -> int:
        """Where the expression that begins at ``at`` ends: a line's end or a foreign closing brace."""
        stack: list[tuple[str, int]] = []
        while True:
            found = PIECE.match(self.text, at)
            if found is None:
                if stack:
                    raise _unclosed(stack)
                return len(self.text)
            kind = found.lastgroup
            if kind == "quote":
                at = self._string_end(found.end(), 0)
                continue
            if kind in {"word", "heredoc"}:
                at = self._heredoc_end(found)
                continue
            if kind == "line" and not stack:
                return found.start("line")
            if kind == "open":
                stack.append((found.group("open"), found.start("open")))
            elif kind == "close":
                if not stack:
                    return found.start("close")
                if CLOSERS[stack[-1][0]] != found.group("close"):
                    raise _unclosed(stack)
                stack.pop()
            at = found.end()

    def _string_end(self, at: int, depth: int) -> int:
        """After the quote that closes the string whose text begins at ``at``."""
        if depth > MAX_STRING_DEPTH:
            raise HclSyntaxError(f"strings are nested more than {MAX_STRING_DEPTH} deep", at)
        while True:
            found = QUOTED_TEXT.match(self.text, at)
            at = found.end() if found else at
            if self.text.startswith('"', at):
                return at + 1
            if not self.text.startswith(("${", "%{"), at):
                raise HclSyntaxError("string is not closed on its line", at)
            at = self._interpolation_end(at + 2, depth)

    def _interpolation_end(self, at: int, depth: int) -> int:
        level = 1
        while level:
            found = PIECE.match(self.text, at)
            if found is None:
                raise HclSyntaxError("'}' of an interpolation is missing", at)
            at = found.end()
            if found.lastgroup == "quote":
                at = self._string_end(at, depth + 1)
            elif found.lastgroup in {"word", "heredoc"}:
                at = self._heredoc_end(found)
            elif found.group("open") == "{":
                level += 1
            elif found.group("close") == "}":
                level -= 1
        return at

    def _heredoc_end(self, opening: re.Match[str]) -> int:
        word = opening.group("word")
        closing = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*\r?$", re.MULTILINE)
        found = closing.search(self.text, opening.end())
        if found is None:
            raise HclSyntaxError(f"heredoc is not closed: {word} is missing", opening.start("heredoc"))
        return found.end()


def _unclosed(stack: list[tuple[str, int]]) -> HclSyntaxError:
    bracket, at = stack[-1]
    return HclSyntaxError(f"{bracket!r} is not closed: {CLOSERS[bracket]!r} is missing", at)
