"""HCL's expression and template grammar, as HashiCorp's parser reads it.

Newlines end an expression except inside brackets; operators bind as the language says; templates lose
white space at strip markers and indentation in ``<<-`` heredocs token by token, a line being a token.
"""

from __future__ import annotations

import re
from fractions import Fraction

from auditor.patterns import regex
from auditor.terraform.errors import HclSyntaxError
from auditor.terraform.expressions import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Expression,
    ForIntro,
    ForObject,
    ForTuple,
    Index,
    Literal,
    Name,
    Object,
    Parentheses,
    Splat,
    SplatElement,
    Tuple,
    Unary,
)
from auditor.terraform.templates import Directive, Piece, Text, build, strip_indentation, trim, unescape
from auditor.terraform.values import normalise
from auditor.unknown import UnknownUsed

MAX_DEPTH = 60
SPACE = regex(r"(?:[ \t\r]+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
SPACE_AND_LINES = regex(r"(?:\s+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
IDENTIFIER = regex(r"[^\W\d][\w-]*")
FUNCTION = regex(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*")
NUMERIC = regex(r"\d+(?:\.\d+)?(?:[eE][+-]?\d{1,4})?")
DIGITS = regex(r"\d+")
OPERATOR = regex(r"==|!=|<=|>=|&&|\|\||[<>+\-*/%]")
HEREDOC = regex(r"<<(-?)([^\W\d][\w-]*)\r?\n")
QUOTED_TEXT = regex(r'(?:[^"\\$%\n]|\\[^\n]|\$\$\{|%%\{|\$(?!\{)|%(?!\{))+')
PLAIN_TEXT = regex(r"(?:[^$%\n]|\$\$\{|%%\{|\$(?!\{)|%(?!\{))*\n?")
BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
BINDING |= {"+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
CONSTANTS = {"true": True, "false": False, "null": None}


class Parser:
    """Reads one expression or template out of ``text``, between ``at`` and ``end``."""

    __slots__ = ("at", "depth", "end", "lines", "text")

    def __init__(self, text: str, at: int = 0, end: int | None = None) -> None:
        self.text = text
        self.at = at
        self.end = len(text) if end is None else end
        self.lines = False
        self.depth = 0

    def whole_expression(self) -> Expression:
        """The expression that fills the whole stretch."""
        found = self.expression()
        self._skip()
        if self.at < self.end:
            raise HclSyntaxError(f"unexpected {self._shown()} after an expression", self.at)
        return found

    def whole_expression_at(self, start: int, end: int) -> Expression:
        """The expression, with the place it has in the file that quotes it."""
        found = self.whole_expression()
        found.start, found.end = start, end
        return found

    def whole_template(self) -> Expression:
        """The template that fills the whole stretch, as in a file for templatefile()."""
        start = self.at
        pieces = self._pieces(None)
        return build(pieces, start, self.end, wrap=True)

    def _skip(self) -> None:
        pattern = SPACE_AND_LINES if self.lines else SPACE
        found = pattern.match(self.text, self.at, self.end)
        if found is not None:
            self.at = found.end()

    def _peek(self) -> str:
        self._skip()
        return self.text[self.at] if self.at < self.end else ""

    def _shown(self) -> str:
        found = self.text[self.at : self.at + 1] if self.at < self.end else ""
        return {"": "end of the expression", "\n": "end of line"}.get(found, repr(found))

    def _take(self, token: str) -> bool:
        self._skip()
        if self.text.startswith(token, self.at, self.end):
            self.at += len(token)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise HclSyntaxError(f"expected {token!r} but found {self._shown()}", self.at)

    def _identifier(self) -> str:
        self._skip()
        found = IDENTIFIER.match(self.text, self.at, self.end)
        if found is None:
            raise HclSyntaxError(f"expected a name but found {self._shown()}", self.at)
        self.at = found.end()
        return found.group()

    def _keyword(self, word: str) -> bool:
        self._skip()
        found = IDENTIFIER.match(self.text, self.at, self.end)
        if found is None or found.group() != word:
            return False
        self.at = found.end()
        return True

    def expression(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise HclSyntaxError(f"expression is nested more than {MAX_DEPTH} deep", self.at)
        condition = self._operation(0)
        if self._take("?"):
            yes = self.expression()
            self._expect(":")
            condition = Conditional(condition, yes, self.expression())
        self.depth -= 1
        return condition

    def _operation(self, minimum: int) -> Expression:
        left = self._postfix()
        while True:
            self._skip()
            found = OPERATOR.match(self.text, self.at, self.end)
            if found is None or BINDING[found.group()] <= minimum:
                return left
            self.at = found.end()
            left = Binary(left, found.group(), self._operation(BINDING[found.group()]))

    def _postfix(self) -> Expression:
        return self._steps(self._term())

    def _steps(self, base: Expression) -> Expression:
        count = 0
        while True:
            next_character = self._peek()
            if next_character == "." and not self.text.startswith("...", self.at):
                base = self._dot(base)
            elif next_character == "[":
                base = self._bracket(base)
            else:
                return base
            count += 1
            if count > 4 * MAX_DEPTH:
                raise HclSyntaxError("reference has too many steps", self.at)

    def _dot(self, base: Expression) -> Expression:
        self.at += 1
        if self._take("*"):
            return self._attribute_splat(base)
        self._skip()
        digits = DIGITS.match(self.text, self.at, self.end)
        if digits is None:
            name = self._identifier()
            return Attribute(self.at, base, name)
        self.at = digits.end()
        return Index(self.at, base, Literal(digits.start(), digits.end(), int(digits.group()[:9])))

    def _attribute_splat(self, base: Expression) -> Expression:
        element = SplatElement(self.at, self.at)
        each: Expression = element
        while self._peek() == "." and not self.text.startswith("...", self.at):
            each = self._dot(each)
        return Splat(self.at, base, each, element)

    def _bracket(self, base: Expression) -> Expression:
        outer, self.lines = self.lines, True
        self.at += 1
        if self._take("*"):
            self._expect("]")
            self.lines = outer
            element = SplatElement(self.at, self.at)
            each = self._steps(element)
            return Splat(self.at, base, each, element)
        key = self.expression()
        self._expect("]")
        self.lines = outer
        return Index(self.at, base, key)

    def _term(self) -> Expression:
        first = self._peek()
        start = self.at
        if first == '"':
            return self._quoted()
        if first == "(":
            return self._parentheses()
        if first == "[":
            return self._tuple()
        if first == "{":
            return self._object()
        if first in {"-", "!"}:
            return self._unary(first)
        if first == "<":
            return self._heredoc()
        if first.isdigit():
            return self._number()
        found = FUNCTION.match(self.text, self.at, self.end)
        if found is None:
            raise HclSyntaxError(f"expected an expression but found {self._shown()}", self.at)
        self.at = found.end()
        if self._peek() == "(":
            return self._call(start, found.group())
        self.at = found.end()
        if found.group() in CONSTANTS:
            return Literal(start, self.at, CONSTANTS[found.group()])
        return Name(start, self.at, found.group())

    def _unary(self, operator: str) -> Expression:
        start = self.at
        self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise HclSyntaxError(f"expression is nested more than {MAX_DEPTH} deep", start)
        operand = self._postfix()
        self.depth -= 1
        return Unary(start, operator, operand)

    def _number(self) -> Expression:
        start = self.at
        found = NUMERIC.match(self.text, self.at, self.end)
        if found is None:
            raise HclSyntaxError("this is not a number", start)
        self.at = found.end()
        if len(found.group()) > 200:
            raise HclSyntaxError("number is too long", start)
        try:
            return Literal(start, self.at, normalise(Fraction(found.group())))
        except UnknownUsed as used:
            return Literal(start, self.at, used.unknown)

    def _parentheses(self) -> Expression:
        start = self.at
        outer, self.lines = self.lines, True
        self.at += 1
        inside = self.expression()
        self._expect(")")
        self.lines = outer
        return Parentheses(start, self.at, inside)

    def _call(self, start: int, name: str) -> Expression:
        outer, self.lines = self.lines, True
        self._expect("(")
        args: list[Expression] = []
        expand = False
        while not self._take(")"):
            args.append(self.expression())
            if self._take("..."):
                expand = True
                self._expect(")")
                break
            if not self._take(","):
                self._expect(")")
                break
        self.lines = outer
        return Call(start, self.at, name, args, expand)

    def _tuple(self) -> Expression:
        start = self.at
        outer, self.lines = self.lines, True
        self.at += 1
        if self._keyword("for"):
            return self._for_tuple(start, outer)
        items: list[Expression] = []
        while not self._take("]"):
            items.append(self.expression())
            if not self._take(","):
                self._expect("]")
                break
        self.lines = outer
        return Tuple(start, self.at, items)

    def _for_intro(self) -> ForIntro:
        first = self._identifier()
        second = self._identifier() if self._take(",") else ""
        if not self._keyword("in"):
            raise HclSyntaxError(f"expected 'in' but found {self._shown()}", self.at)
        key, name = (first, second) if second else ("", first)
        return ForIntro(key, name, self.expression())

    def _for_tuple(self, start: int, outer: bool) -> Expression:
        intro = self._for_intro()
        self._expect(":")
        result = self.expression()
        if self._keyword("if"):
            intro.condition = self.expression()
        self._expect("]")
        self.lines = outer
        return ForTuple(start, self.at, intro, result)

    def _for_object(self, start: int, outer: bool) -> Expression:
        intro = self._for_intro()
        self._expect(":")
        key = self.expression()
        self._expect("=>")
        result = self.expression()
        group = self._take("...")
        if self._keyword("if"):
            intro.condition = self.expression()
        self._expect("}")
        self.lines = outer
        return ForObject(start, self.at, intro, key, result, group)

    def _object(self) -> Expression:
        start = self.at
        outer, self.lines = self.lines, True
        self.at += 1
        if self._keyword("for"):
            return self._for_object(start, outer)
        items: list[tuple[Expression, Expression]] = []
        while not self._take("}"):
            items.append(self._object_item())
            if self._peek() not in {",", "\n", "}"}:
                raise HclSyntaxError(
                    f"expected a comma, a new line or '}}' but found {self._shown()}", self.at
                )
            self.lines = True
            self._take(",")
        self.lines = outer
        return Object(start, self.at, items)

    def _object_item(self) -> tuple[Expression, Expression]:
        self._skip()
        self.lines = False
        key = self.expression()
        if isinstance(key, Name):
            key = Literal(key.start, key.end, key.name)
        elif isinstance(key, Literal) and not isinstance(key.constant, str):
            key = Literal(key.start, key.end, self.text[key.start : key.end])
        if not self._take("="):
            self._expect(":")
        return key, self.expression()

    def _quoted(self) -> Expression:
        start = self.at
        self.at += 1
        pieces = self._pieces('"')
        return build(pieces, start, self.at, wrap=True)

    def _heredoc(self) -> Expression:
        start = self.at
        opening = HEREDOC.match(self.text, self.at, self.end)
        if opening is None:
            raise HclSyntaxError("expected an expression but found '<'", start)
        self.at = opening.end()
        pieces = self._pieces(opening.group(2))
        if opening.group(1):
            strip_indentation(pieces)
        return build(pieces, start, self.at, wrap=False)

    def _pieces(self, stop: str | None) -> list[Piece]:
        """The tokens of a template up to a quote, a heredoc's closing word, or the end."""
        pieces: list[Piece] = []
        line_start = True
        while True:
            if stop not in {None, '"'} and line_start and self._closing_word(str(stop)):
                break
            if stop == '"' and self.text.startswith('"', self.at, self.end):
                self.at += 1
                break
            if self.at >= self.end:
                if stop is None:
                    break
                raise HclSyntaxError("string or heredoc is not closed", self.at)
            if self.text.startswith(("${", "%{"), self.at):
                pieces.append(self._inserted())
                line_start = False
                continue
            piece = self._text_piece(stop)
            line_start = piece.text.endswith("\n")
            pieces.append(piece)
        trim(pieces)
        return pieces

    def _closing_word(self, word: str) -> bool:
        end = self.text.find("\n", self.at, self.end)
        line = self.text[self.at : self.end if end < 0 else end]
        if line.strip() != word:
            return False
        self.at += len(line)
        return True

    def _text_piece(self, stop: str | None) -> Text:
        pattern = QUOTED_TEXT if stop == '"' else PLAIN_TEXT
        found = pattern.match(self.text, self.at, self.end)
        if found is None or not found.group():
            raise HclSyntaxError("string is not closed on its line", self.at)
        try:
            piece = Text(unescape(found.group(), quoted=stop == '"'))
        except ValueError as error:
            raise HclSyntaxError(str(error), self.at) from None
        self.at = found.end()
        return piece

    def _inserted(self) -> Piece:
        """``${ … }`` or ``%{ … }``"""
        start = self.at
        directive = self.text[start] == "%"
        outer, self.lines = self.lines, True
        self.at += 2
        left = self._take("~")
        piece = self._directive(start) if directive else Directive("value", start, self.expression())
        piece.left = left
        piece.right = self._take("~")
        self._expect("}")
        self.lines = outer
        return piece

    def _directive(self, start: int) -> Directive:
        word = self._identifier()
        if word == "if":
            return Directive("if", start, self.expression())
        if word == "for":
            intro = self._for_intro()
            return Directive("for", start, None, intro)
        if word in {"else", "endif", "endfor"}:
            return Directive(word, start, None)
        raise HclSyntaxError(f"{word!r} is not a template directive", start)
