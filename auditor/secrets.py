"""AWS keys in a text: find them, and never show them.

Everything that a reporter prints of the audited tree goes through :func:`masked` first.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterable, Iterator

from msgspec import Struct

from auditor.patterns import regex

_ENCODED_IDS = (b"QUtJQ", b"QVNJQ")
"""Base64 of the same beginnings."""
_SECRET_KEY = regex(rb"(?i)ecret[_-]?(?:access)?[_-]?key")
_SHOUTED_KEY = regex(rb"ECRET(?i:[_-]?(?:access)?[_-]?key)")
_ANY_ID = regex(rb"A[KS]IA")
_ID = regex(rb"A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9+/=])")
_ENCODED = regex(rb"Q(?:UtJQ|VNJQ)[A-Za-z0-9+/]{22,23}={0,2}")
_SECRET = (
    rb"(?i)ecret[_-]?(?:access)?[_-]?key[\"']?(?:\s{0,4}[:=]{1,2}>?\s{0,4}|\s{1,80}value\s?[:=]\s?)[\"']?"
    rb"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_SECRET_LENGTH = 40
_SHAPES = bytes(ord("x") if byte in _WORD else ord(" ") for byte in range(256))
_SECRET_SHAPE = b"x" * _SECRET_LENGTH
_BACKSLASH = ord("\\")
_ESCAPES = (len("n"), len("u0000"))
"""Letters behind a backslash in JSON."""


class Key(Struct, frozen=True):
    """A key found in a text. ``masked`` shows no more than a person needs to recognise it."""

    kind: str
    masked: str
    start: int
    end: int


class Mentions(Struct, frozen=True):
    """Where a text speaks of AWS keys: offsets of what may be a key's beginning, or the name of a secret."""

    ids: list[int]
    encoded: list[int]
    secrets: list[int]


def mentions(data: bytes) -> Mentions | None:
    """Every place in a text that speaks of AWS keys; None when there is none.

    Every byte of a repository comes by here: the searches are for what is rare in text, done in C.
    """
    secrets = [at for at in _all(data, b"ecret") if _SECRET_KEY.match(data, at)]
    secrets += [match.start() for match in _SHOUTED_KEY.finditer(data)]
    ids = [match.start() for match in _ANY_ID.finditer(data)]
    encoded = [at for at in _all(data, b"Q") if data.startswith(_ENCODED_IDS, at)]
    found = Mentions(ids, encoded, secrets)
    return found if ids or encoded or secrets else None


def _all(data: bytes, part: bytes) -> list[int]:
    found: list[int] = []
    at = data.find(part)
    while at >= 0:
        found.append(at)
        at = data.find(part, at + len(part))
    return found


def find_keys(data: bytes, places: Mentions | None = None) -> list[Key]:
    """Every AWS key in a text, in order; keys of AWS's documentation and placeholders are none.

    ``places`` is what :func:`mentions` gave for the text, where it has been asked already.
    """
    places = places or mentions(data)
    if places is None:
        return []
    found = [
        Key("access key id", _mask(m.group()), *m.span())
        for m in _matches(data, places.ids, _ID)
        if _starts_word(data, m) and _real(m.group())
    ]
    for match in _matches(data, places.encoded, _ENCODED):
        decoded = _decoded(match.group())
        if _starts_word(data, match) and _ID.fullmatch(decoded) and _real(decoded):
            found.append(Key("base64 of an access key id", _mask(decoded), *match.span()))
    secrets = (
        m
        for m in _matches(data, places.secrets, re.compile(_SECRET))
        if _real(m.group(1)) and _is_random(m.group(1))
    )
    found += [Key("secret access key", _mask(match.group(1)), *match.span(1)) for match in secrets]
    return sorted(found, key=lambda key: key.start)


def _matches(data: bytes, places: Iterable[int], pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Matches that begin at one of the places."""
    for at in places:
        match = pattern.match(data, at)
        if match is not None:
            yield match


def _starts_word(data: bytes, match: re.Match[bytes]) -> bool:
    return match.start() == 0 or data[match.start() - 1] not in _WORD


def _decoded(text: bytes) -> bytes:
    try:
        return a2b_base64(text + b"=" * (-len(text) % 4)).strip()
    except (Base64Error, ValueError):
        return b""


def _real(key: bytes) -> bool:
    """Neither one of AWS's documented examples nor a placeholder of few different characters."""
    return b"EXAMPLE" not in key.upper() and len(set(key[4:])) > 6


def _is_random(key: bytes) -> bool:
    """A secret key mixes upper case, lower case and digits; words, paths and digests do not."""
    return (
        re.search(rb"[A-Z]", key) is not None
        and re.search(rb"[a-z]", key) is not None
        and re.search(rb"[0-9]", key) is not None
    )


def _mask(key: bytes) -> str:
    text = key.decode()
    return f"{text[:4]}…{text[-2:]}" if text.startswith(("AKIA", "ASIA")) else f"…{text[-2:]}"


def masked(data: bytes) -> bytes:
    """The text with every key starred out, as long as before: places in it stay right.

    Stricter than :func:`find_keys`: in an excerpt a secret's name may be out of sight, so whatever looks like one
    is starred.
    """
    data = _ENCODED.sub(lambda match: b"*" * len(match.group()), data)
    data = _ID.sub(
        lambda match: match.group()[:4].ljust(20, b"*") if _real(match.group()) else match.group(), data
    )
    return _without_secrets(data)


def shows_keys(data: bytes) -> bool:
    """Whether :func:`masked` would star anything in one of the strings of a JSON text."""
    return (
        _ENCODED.search(data) is not None
        or any(_real(match.group()) for match in _ID.finditer(data))
        or any(True for _ in _secrets(data, escaped=True))
    )


def _without_secrets(data: bytes) -> bytes:
    """The text with every word starred out that is as long as a secret key and as random."""
    shown = bytearray(data)
    for start in _secrets(data):
        shown[start : start + _SECRET_LENGTH] = b"*" * _SECRET_LENGTH
    return bytes(shown)


def _secrets(data: bytes, *, escaped: bool = False) -> Iterator[int]:
    """Where words stand that are as long as a secret key and as random.

    In JSON (``escaped``) the letters behind a backslash may be of an escape: then the word that follows counts too.
    """
    shapes = data.translate(_SHAPES) + b" "
    start = shapes.find(_SECRET_SHAPE)
    while start >= 0:
        end = shapes.find(b" ", start)
        beyond = end - start - _SECRET_LENGTH
        whole = not beyond or (escaped and beyond in _ESCAPES and data[start - 1] == _BACKSLASH)
        if whole and not data.startswith(b"=", end) and _is_random(data[end - _SECRET_LENGTH : end]):
            yield end - _SECRET_LENGTH
        start = shapes.find(_SECRET_SHAPE, end)


def masked_text(text: str) -> str:
    """:func:`masked` for a string."""
    return masked(text.encode("utf-8", "replace")).decode("utf-8", "replace")
