"""From a file's bytes to UTF-8 that the parser may see, and from offsets to lines and columns."""

from __future__ import annotations

import codecs
from typing import Final

from auditor.spans import Problem, Span
from auditor.yamlio.document import Limits

UTF8_BOM: Final = codecs.BOM_UTF8
_UTF16_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK: Final = 4096
_BROKEN: Final = "surrogateescape"


class NotTextError(ValueError):
    """The bytes are no text that YAML allows; ``offset`` is the byte where that shows."""

    def __init__(self, what: str, repair: str, offset: int) -> None:
        super().__init__(what)
        self.what = what
        self.repair = repair
        self.offset = offset


def as_utf8(data: bytes) -> bytes:
    """``data`` itself, or a UTF-16 file (with its BOM, as Go's reader wants) as UTF-8.

    Whether it is valid UTF-8 is asked document by document. Raises :class:`NotTextError`.
    """
    if data[:2] in _UTF16_BOMS:
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise NotTextError(
                f"not valid UTF-16 at byte {error.start}", "save the file as UTF-8", error.start
            ) from None
    zero = data.find(b"\0")
    if zero >= 0:
        raise NotTextError(
            f"not a text file: NUL byte at byte {zero}",
            "save it as UTF-8 text, or exclude it in auditor.toml",
            zero,
        )
    return data


def check_utf8(data: bytes, start: int, end: int) -> None:
    """Raises :class:`NotTextError` when ``data[start:end]`` is not UTF-8."""
    chunk = data[start:end]
    if chunk.isascii():
        return
    try:
        chunk.decode()
    except UnicodeDecodeError as error:
        offset = start + error.start
        what = f"not valid UTF-8: byte 0x{data[offset]:02x} at byte {offset}"
        raise NotTextError(what, "save the file as UTF-8", offset) from None


def size_problem(data: bytes, path: str, limits: Limits) -> Problem | None:
    """The row for a file beyond ``limits.max_bytes``."""
    if len(data) <= limits.max_bytes:
        return None
    return Problem(
        path,
        0,
        0,
        f"file of {len(data):,} bytes is above the limit of {limits.max_bytes:,}",
        "split the file, or exclude it in auditor.toml",
    )


class ByteIndex:
    """Byte offsets of a UTF-8 text for the parser's offsets, which count code points."""

    __slots__ = ("_blocks", "_text")

    def __init__(self, chunk: bytes) -> None:
        self._text = "" if chunk.isascii() else chunk.decode("utf-8", _BROKEN)
        self._blocks = [0]
        for at in range(0, len(self._text), _BLOCK):
            self._blocks.append(self._blocks[-1] + len(self._text[at : at + _BLOCK].encode("utf-8", _BROKEN)))

    def byte(self, index: int) -> int:
        """The byte offset of the ``index``-th code point."""
        if not self._text:
            return index
        block = min(index // _BLOCK, len(self._blocks) - 1)
        return self._blocks[block] + len(self._text[block * _BLOCK : index].encode("utf-8", _BROKEN))


class Lines:
    """Line and column of byte offsets; a line ends at ``\\n``, as editors and code hosts count.

    Newlines are counted block by block, on demand and once, from ``start`` on, where ``line`` begins.
    """

    __slots__ = ("_blocks", "_data", "_start")

    def __init__(self, data: bytes, start: int = 0, line: int = 1) -> None:
        self._data = data
        self._start = start
        self._blocks = [line]

    def line(self, offset: int) -> int:
        """1-based line of a byte offset."""
        block = (offset - self._start) // _BLOCK
        while len(self._blocks) <= block:
            begin = self._start + (len(self._blocks) - 1) * _BLOCK
            self._blocks.append(self._blocks[-1] + self._data.count(b"\n", begin, begin + _BLOCK))
        return self._blocks[block] + self._data.count(b"\n", self._start + block * _BLOCK, offset)

    def place(self, offset: int) -> tuple[int, int]:
        """1-based line and column (in code points) of a byte offset."""
        return self.line(offset), column(self._data, offset)

    def span(self, start: int, end: int) -> Span:
        """The span of the bytes ``[start, end)``."""
        return Span(*self.place(start), *self.place(end), start, end)


def line_start(data: bytes, offset: int) -> int:
    """The offset of the first byte of the line that holds ``offset``."""
    return data.rfind(b"\n", 0, offset) + 1


def column(data: bytes, offset: int) -> int:
    """1-based column, in code points, of a byte offset."""
    before = data[line_start(data, offset) : offset]
    return len(before if before.isascii() else before.decode("utf-8", "replace")) + 1
