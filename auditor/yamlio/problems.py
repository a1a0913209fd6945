"""What a reader's error means to the person who has to repair the file."""

from __future__ import annotations

from typing import Final

from auditor.patterns import regex
from auditor.spans import Problem
from auditor.yamlio.construct import ConstructError
from auditor.yamlio.events import MarkedYAMLError, ReaderError
from auditor.yamlio.text import ByteIndex, Lines, NotTextError

_TEMPLATE: Final = regex(rb"\{\{|\{%")
_RENDER: Final = "render the template first and audit the result, or audit the chart it belongs to"
_UNCLOSED: Final = (
    "while scanning a quoted scalar",
    "while parsing a flow sequence",
    "while parsing a flow mapping",
)
_HINTS: Final = (
    ("found a tab", "a tab is used where YAML wants spaces", "indent with spaces"),
    ("document indicator", "a quoted text is not closed before '---'", "close the quote"),
    ("unexpected end of stream", "a quoted text is not closed", "close the quote"),
    ("mapping values are not allowed", "a ':' stands where no key can be", "quote the text or indent it"),
    ("did not find expected key", "the indentation fits no open block", "align it with its siblings"),
    ("did not find expected '-'", "the indentation fits no open list", "align it with the list's items"),
    ("',' or ']'", "a '[' is not closed", "close the bracket"),
    ("',' or '}'", "a '{' is not closed", "close the brace"),
    ("cannot start any token", "a character that must be quoted begins a value", "quote the value"),
    ("unknown escape", "unknown escape in a double-quoted text", "write '\\\\' or use single quotes"),
)


def from_error(
    error: Exception, data: bytes, start: int, end: int, path: str, lines: Lines
) -> tuple[Problem, int]:
    """The row for an error in the chunk ``data[start:end]``, and the byte offset it points to."""
    if isinstance(error, NotTextError):
        return Problem(path, *lines.place(error.offset), error.what, error.repair), error.offset
    chunk = data[start:end]
    offset = start + min(_offset(error, chunk), len(chunk))
    while start < offset == end and data[offset - 1 : offset] in b"\r\n ":
        offset = end = offset - 1
    what, repair = _words(error, data[offset : offset + 1])
    if _TEMPLATE.search(chunk):
        what, repair = f"looks like a template (Helm, Jinja), not YAML: {what}", _RENDER
    return Problem(path, *lines.place(offset), what, repair), offset


def _offset(error: Exception, chunk: bytes) -> int:
    if isinstance(error, ReaderError):
        return int(error.position)
    if isinstance(error, ConstructError):
        return ByteIndex(chunk).byte(error.index)
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        if error.context in _UNCLOSED and error.context_mark:
            mark = error.context_mark  # where it was opened says more than where the text ran out
        return ByteIndex(chunk).byte(mark.index) if mark else 0
    return 0


def _words(error: Exception, at: bytes) -> tuple[str, str]:
    if isinstance(error, ConstructError):
        if error.what.startswith("nested"):
            return error.what, "flatten it: no Kubernetes object nests so deep"
        return f"YAML that Kubernetes refuses: {error.what}", "change the value at this line"
    if isinstance(error, ReaderError):
        return (
            f"control character #x{_code_point(error):04x} is not allowed in YAML",
            'remove it, or write it as "\\x..": an escape in double quotes',
        )
    said = str(getattr(error, "problem", None) or error).replace("\n", " ")
    if at == b"\t" and "cannot start any token" in said:
        said = "found a tab"
    context = getattr(error, "context", None)
    told = f"{said} ({context})" if context else said
    for sign, what, repair in _HINTS:
        if sign in said:
            return f"not valid YAML: {what}: {told}", repair
    return f"not valid YAML: {told}", "repair the syntax at this line"


def _code_point(error: ReaderError) -> int:
    character: object = error.character
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")
