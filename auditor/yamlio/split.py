"""Splitting a stream at its markers, and naming a document's kind without parsing it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from auditor.patterns import regex
from auditor.yamlio.scalars import resolve

#: Everything libyaml takes for a line break, or skips, where a byte scan sees an ordinary character.
_FOREIGN: Final = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xef\xbb\xbf")
_DIRECTIVE: Final = regex(rb"%(?:(?<=[\n\r]%)|(?<=\xc2\x85%)|(?<=\xe2\x80[\xa8\xa9]%)|(?<=\xef\xbb\xbf%))")
_LEAD: Final = regex(
    rb"(?:\xef\xbb\xbf)?(?:(?:%[^\n]*|[ \t\r]*(?:#[^\n]*)?)\n)*+(?:---(?=[ \t\r\n]|\Z))?"
    rb"(?:[ \t\r]*(?:#[^\n]*)?\n)*+[ \t\r]*+"
)
_HEAD: Final = regex(
    rb"(?:---[ ]*\n)?(?:[ ]*(?:#[^\n]*)?\n)*+"
    rb"(apiVersion|kind):[ ]+([A-Za-z][A-Za-z0-9./-]*)[ ]*\n(?:[ ]*(?:#[^\n]*)?\n)*+"
    rb"(apiVersion|kind):[ ]+([A-Za-z][A-Za-z0-9./-]*)[ ]*(?:\n|\Z)(?:[ ]*(?:#[^\n]*)?\n)*+"
    rb"(?=[A-Za-z]|\Z)"
)
_COLUMN_ZERO: Final = regex(rb"\n([^ \n#][^\n]{0,63})")
_PLAIN_KEY: Final = regex(rb"([A-Za-z][A-Za-z0-9_-]*):(?= |\Z)")


def markers(data: bytes, begin: int, end: int) -> list[int]:
    """Offsets of the lines in ``data[begin:end]``, after the first line, that begin with ``---``.

    Exact, not a guess: libyaml and Go's port take ``---`` at column 0 before a blank for a document's
    start wherever it stands, and refuse it inside quotes and brackets; a block scalar cannot have
    content at column 0.
    """
    found: list[int] = []
    at = data.find(b"\n---", begin, end)
    while at >= 0:
        if data[at + 4 : at + 5] in b" \t\r\n":
            found.append(at + 1)
        at = data.find(b"\n---", at + 4, end)
    return found


def chunks(data: bytes, begin: int) -> list[tuple[int, int]]:
    """Byte ranges of ``data[begin:]`` that can be parsed one by one.

    A file with ``%`` directives is one chunk, because a directive stands before its marker.
    """
    if b"%" in data and (data.startswith(b"%", begin) or _DIRECTIVE.search(data)):
        return [(begin, len(data))]
    edges = [begin, *markers(data, begin, len(data)), len(data)]
    return list(pairwise(edges))


def content_start(data: bytes, start: int, end: int) -> int:
    """The offset of the first byte of ``data[start:end]`` that is no marker, directive or comment."""
    match = _LEAD.match(data, start, end)
    return match.end() if match and match.end() < end else start


def identity(chunk: bytes) -> tuple[str, str] | None:
    """``(apiVersion, kind)`` of a chunk's only document, or None unless that is certain.

    Certain is: ``apiVersion`` and ``kind`` are its first two lines of content, at column 0, plain and
    ended on their line, so nothing before them can have opened a quote; and every other line at column
    0 is a further plain key, each once, so nothing later can replace them. Lists hold other kinds and
    never count as certain. A document whose remainder is broken YAML does have an identity.
    """
    head = _HEAD.match(chunk)
    if head is None or b"\r" in chunk or head[1] == head[3]:
        return None
    if not chunk.isascii() and any(mark in chunk for mark in _FOREIGN):
        return None
    seen = {b"apiVersion", b"kind"}
    for line in _COLUMN_ZERO.findall(chunk, head.end() - 1):
        key = _PLAIN_KEY.match(line)
        if key is None:
            if line[:2] in (b"- ", b"-"):
                continue
            return None
        if key[1] in seen:
            return None
        seen.add(key[1])
    fields = {head[1]: head[2].decode(), head[3]: head[4].decode()}
    api_version, kind = fields[b"apiVersion"], fields[b"kind"]
    if kind.endswith("List") or resolve(kind) != kind or resolve(api_version) != api_version:
        return None
    return api_version, kind
