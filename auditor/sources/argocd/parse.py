"""Go templates as ApplicationSets use them: from text to a small tree.

A subset of text/template: actions, pipelines, variables, ``if``, ``range``, ``with`` and comments. ``define``,
``template``, ``block``, ``break`` and ``continue`` are refused by name.
"""

from __future__ import annotations

import ast
import re
from typing import Final, NamedTuple

from auditor.patterns import regex

MAX_NESTING: Final = 50
MAX_LENGTH: Final = 64 * 1024
_IN_ACTION: Final = regex(r'"(?:[^"\\\n]|\\.)*+"|`[^`]*+`|/\*.*?\*/|\}\}', re.DOTALL)
_TOKEN: Final = regex(
    r"""\s*(?:(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    |(?P<declare>:=)|(?P<assign>=)|(?P<pipe>\|)|(?P<open>\()|(?P<close>\)(?:\.[A-Za-z_]\w*)*)|(?P<comma>,)
    |(?P<variable>\$\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<field>\.(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?)
    |(?P<name>[A-Za-z_]\w*))""",
    re.VERBOSE,
)


class TemplateError(Exception):
    """A template that is wrong, or that uses what is not understood here; the text says what."""


class Text(NamedTuple):
    """Text between actions."""

    text: str


class Operand(NamedTuple):
    """``literal``, ``field`` of the dot, ``variable`` with its fields, ``call`` of a function, or ``pipe``."""

    kind: str
    value: object
    fields: tuple[str, ...] = ()


class Command(NamedTuple):
    """One stage of a pipeline: an operand, or a function with arguments."""

    operands: tuple[Operand, ...]


class Pipeline(NamedTuple):
    """Commands joined by ``|``; what it declares or assigns to, and whether it declares."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    declares: bool = True


class Block(NamedTuple):
    """``if``, ``range`` or ``with``."""

    kind: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node = Text | Pipeline | Block


class Token(NamedTuple):
    """A word of an action."""

    kind: str
    text: str


def parse(text: str) -> tuple[Node, ...]:
    """The nodes of a template. Raises :class:`TemplateError`."""
    return _Parser(_pieces(text)).nodes()


def _pieces(text: str) -> list[str | list[Token]]:
    """Texts and the tokens of actions, with white space trimmed where an action asks for it."""
    if len(text) > MAX_LENGTH:
        raise TemplateError(f"the template is longer than {MAX_LENGTH // 1024} KiB")
    pieces: list[str | list[Token]] = []
    at, trim = 0, False
    while (start := text.find("{{", at)) >= 0:
        end = _end(text, start)
        between, body = text[at:start], text[start + 2 : end - 2]
        between = between.lstrip() if trim else between
        left, trim = body[:1] == "-" and body[1:2].isspace(), body[-1:] == "-" and body[-2:-1].isspace()
        pieces.append(between.rstrip() if left else between)
        body = body[left : len(body) - trim].strip()
        if not body.startswith("/*"):
            pieces.append(_tokens(body))
        at = end
    pieces.append(text[at:].lstrip() if trim else text[at:])
    return pieces


def _end(text: str, start: int) -> int:
    """Behind the ``}}`` that closes the action at ``start``."""
    at = start + 2
    while found := _IN_ACTION.search(text, at):
        at = found.end()
        if found[0] == "}}":
            return at
    raise TemplateError(f"an action is not closed: {text[start : start + 60]}")


def _tokens(body: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(body):
        match = _TOKEN.match(body, at)
        if match is None or match.lastgroup is None:
            if not body[at:].strip():
                break
            raise TemplateError(f"{body[at:].strip()[:40]!r} is not understood")
        tokens.append(Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, pieces: list[str | list[Token]]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0

    def nodes(self) -> tuple[Node, ...]:
        """Everything, to the end."""
        found, stopped = self._until()
        if stopped:
            raise TemplateError(f"{stopped[0].text!r} stands outside of any block")
        return found

    def _until(self) -> tuple[tuple[Node, ...], list[Token]]:
        """Nodes up to ``else``, ``end`` or the end of the text, and the tokens of what stopped it."""
        found: list[Node] = []
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            self._at += 1
            if isinstance(piece, str):
                if piece:
                    found.append(Text(piece))
                continue
            word = piece[0].text if piece and piece[0].kind == "name" else ""
            if word in ("else", "end"):
                return tuple(found), piece
            if word in ("if", "range", "with"):
                found.append(self._block(word, piece[1:]))
            elif word in ("define", "template", "block", "break", "continue"):
                raise TemplateError(f"the action {word!r} is not evaluated here")
            elif piece:
                found.append(_pipeline(piece))
        return tuple(found), []

    def _block(self, kind: str, tokens: list[Token]) -> Block:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise TemplateError(f"blocks nest deeper than {MAX_NESTING}")
        pipeline = _pipeline(tokens)
        body, stop = self._until()
        otherwise: tuple[Node, ...] = ()
        if stop and stop[0].text == "else":
            if len(stop) > 1 and stop[1].text in ("if", "with"):
                otherwise = (self._block(stop[1].text, stop[2:]),)
                self._depth -= 1
                return Block(kind, pipeline, body, otherwise)
            otherwise, stop = self._until()
        if not stop or stop[0].text != "end":
            raise TemplateError(f"{kind!r} has no end")
        self._depth -= 1
        return Block(kind, pipeline, body, otherwise)


def _pipeline(tokens: list[Token]) -> Pipeline:
    variables: tuple[str, ...] = ()
    declares = True
    for at, token in enumerate(tokens[:4]):
        if token.kind in ("declare", "assign"):
            if any(each.kind not in ("variable", "comma") for each in tokens[:at]):
                raise TemplateError("only variables can be assigned to")
            variables = tuple(each.text for each in tokens[:at] if each.kind == "variable")
            declares, tokens = token.kind == "declare", tokens[at + 1 :]
            break
    commands, rest = _commands(tokens, 0, 0)
    if rest != len(tokens):
        raise TemplateError("a parenthesis is closed that was not opened")
    return Pipeline(commands, variables, declares)


def _commands(tokens: list[Token], at: int, depth: int) -> tuple[tuple[Command, ...], int]:
    """Commands up to a closing parenthesis or the end, and where that is."""
    if depth > MAX_NESTING:
        raise TemplateError(f"parentheses nest deeper than {MAX_NESTING}")
    commands: list[Command] = []
    operands: list[Operand] = []
    while at < len(tokens) and tokens[at].kind != "close":
        token = tokens[at]
        if token.kind == "pipe":
            commands.append(_command(operands))
            operands = []
        elif token.kind == "open":
            inner, at = _commands(tokens, at + 1, depth + 1)
            if at >= len(tokens):
                raise TemplateError("a parenthesis is not closed")
            fields = tuple(tokens[at].text[1:].split(".")[1:])
            operands.append(Operand("pipe", Pipeline(inner), fields))
        else:
            operands.append(_operand(token))
        at += 1
    commands.append(_command(operands))
    return tuple(commands), at


def _command(operands: list[Operand]) -> Command:
    if not operands:
        raise TemplateError("an action or a stage of a pipeline is empty")
    return Command(tuple(operands))


def _operand(token: Token) -> Operand:
    if token.kind == "string":
        return Operand("literal", token.text[1:-1] if token.text[0] == "`" else _unquoted(token.text))
    if token.kind == "number":
        return Operand("literal", float(token.text) if "." in token.text else int(token.text))
    if token.kind == "field":
        return Operand("field", None, tuple(token.text[1:].split(".")) if len(token.text) > 1 else ())
    if token.kind == "variable":
        name, *fields = token.text.split(".")
        return Operand("variable", name, tuple(fields))
    if token.kind == "name":
        constants = {"true": True, "false": False, "nil": None}
        if token.text in constants:
            return Operand("literal", constants[token.text])
        return Operand("call", token.text)
    raise TemplateError(f"{token.text!r} stands where a value is wanted")


def _unquoted(text: str) -> str:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise TemplateError(f"{text[:40]} is no string") from error
    return str(value)
