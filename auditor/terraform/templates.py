"""From the tokens of a template to an expression: white space first, then structure."""

from __future__ import annotations

import re
from typing import TypeAlias

from msgspec import Struct

from auditor.patterns import regex
from auditor.terraform.errors import HclSyntaxError
from auditor.terraform.expressions import (
    Conditional,
    Expression,
    ForIntro,
    Template,
    TemplateFor,
)

ESCAPE = regex(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|(\$\$|%%)\{", re.DOTALL)
LITERAL_ESCAPE = regex(r"(\$\$|%%)\{")
CHARACTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Text(Struct):
    """Literal text; in heredocs never more than one line."""

    text: str


class Directive(Struct):
    """``${…}`` (kind "value") or ``%{…}``; ``left``/``right`` say that a strip marker stands there."""

    kind: str
    start: int
    expression: Expression | None
    intro: ForIntro | None = None
    left: bool = False
    right: bool = False


Piece: TypeAlias = "Text | Directive"


def unescape(raw: str, *, quoted: bool) -> str:
    """The text that a literal stands for; backslashes count in quoted strings only."""
    if not quoted:
        return LITERAL_ESCAPE.sub(lambda found: found.group(1)[0] + "{", raw) if "{" in raw else raw
    if "\\" not in raw and "{" not in raw:
        return raw
    return ESCAPE.sub(_escape, raw)


def _escape(found: re.Match[str]) -> str:
    if found.group(2):
        return found.group(2)[0] + "{"
    code = found.group(1)
    if code in CHARACTERS:
        return CHARACTERS[code]
    if code[0] in "uU" and len(code) > 1:
        point = int(code[1:], 16)
        if point < 0x110000 and not 0xD800 <= point < 0xE000:
            return chr(point)
    raise ValueError(f"\\{code[0]} is not an escape sequence")


def trim(pieces: list[Piece]) -> None:
    """Apply strip markers: each takes the white space of the one token beside it."""
    for index, piece in enumerate(pieces):
        if not isinstance(piece, Directive):
            continue
        if piece.left and index:
            before = pieces[index - 1]
            if isinstance(before, Text):
                before.text = before.text.rstrip()
        if piece.right and index + 1 < len(pieces):
            after = pieces[index + 1]
            if isinstance(after, Text):
                after.text = after.text.lstrip()


def strip_indentation(pieces: list[Piece]) -> None:
    """``<<-``: take the smallest indentation of all lines from each of them; blank lines do not count."""
    starts: list[Text] = []
    smallest: int | None = None
    line_start = True
    for piece in pieces:
        if line_start:
            line_start = False
            indent: int | None = 0
            if isinstance(piece, Text):
                stripped = piece.text.lstrip()
                indent = (
                    None if not stripped and piece.text.endswith("\n") else len(piece.text) - len(stripped)
                )
                if indent is not None:
                    starts.append(piece)
            if indent is not None:
                smallest = indent if smallest is None else min(smallest, indent)
        if isinstance(piece, Text) and piece.text.endswith("\n"):
            line_start = True
    for text in starts:
        text.text = text.text[smallest or 0 :]


class Builder:
    """Gives the tokens the structure of their directives."""

    __slots__ = ("at", "pieces")

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        self.at = 0

    def template(self, start: int, end: int, stops: frozenset[str] = frozenset()) -> Template:
        """The parts up to one of the directives ``stops`` (which is left to the caller) or the end."""
        parts: list[str | Expression] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            if isinstance(piece, Directive) and piece.kind in stops:
                return Template(start, end, parts)
            self.at += 1
            if isinstance(piece, Text):
                parts.append(piece.text)
            else:
                parts.append(self._part(piece, end))
        if stops:
            raise HclSyntaxError(f"{{{sorted(stops)[-1]}}} is missing", start)
        return Template(start, end, parts)

    def _part(self, piece: Directive, end: int) -> Expression:
        if piece.kind == "value" and piece.expression is not None:
            return piece.expression
        if piece.kind == "for" and piece.intro is not None:
            body = self.template(piece.start, end, frozenset({"endfor"}))
            self.at += 1
            return TemplateFor(piece.start, end, piece.intro, body)
        if piece.kind == "if" and piece.expression is not None:
            return self._if(piece, piece.expression, end)
        raise HclSyntaxError(f"%{{ {piece.kind} }} without its beginning", piece.start)

    def _if(self, piece: Directive, condition: Expression, end: int) -> Expression:
        yes = self.template(piece.start, end, frozenset({"else", "endif"}))
        no = Template(piece.start, end, [])
        closing = self.pieces[self.at]
        self.at += 1
        if isinstance(closing, Directive) and closing.kind == "else":
            no = self.template(closing.start, end, frozenset({"endif"}))
            self.at += 1
        return Conditional(condition, yes, no)


def build(pieces: list[Piece], start: int, end: int, *, wrap: bool) -> Expression:
    """The expression of a template. With ``wrap``, one sole interpolation keeps its type."""
    if wrap and len(pieces) == 1:
        only = pieces[0]
        if isinstance(only, Directive) and only.kind == "value" and only.expression is not None:
            return only.expression
    return Builder(pieces).template(start, end)
