"""Places in a source file, and what is wrong at one."""

# Annotations are not postponed: msgspec would evaluate each from its text, which takes ten times as long.
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a UTF-8 text: lines and columns count from 1, offsets are 0-based byte offsets.

    ``end_line``/``end_column``/``end`` are exclusive: the first position after the stretch.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int


class Problem(NamedTuple):
    """An input that could not be read, parsed or rendered: one row of the report.

    ``what`` says what is wrong, ``repair`` what to do about it. ``line`` is 0 when it is the whole file.
    """

    file: str
    line: int
    column: int
    what: str
    repair: str


class Edit(NamedTuple):
    """Replace the bytes ``[start, end)`` of a file by ``text``."""

    start: int
    end: int
    text: bytes
