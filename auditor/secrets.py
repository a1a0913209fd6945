"""AWS keys in a text: find them, and never show them.

Everything that a reporter prints of the audited tree goes through :func:`masked` first.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from typing import NamedTuple

ID_HINTS = (b"AKIA", b"ASIA")
ENCODED_HINTS = (b"QUtJQ", b"QVNJQ")
"""Base64 of the same beginnings."""
SECRET_HINTS = (b"ecret", b"ECRET")

_ID = re.compile(rb"A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9+/=])")
_ENCODED = re.compile(rb"Q(?:UtJQ|VNJQ)[A-Za-z0-9+/]{22,23}={0,2}")
_SECRET = re.compile(
    rb"(?i)ecret[_-]?(?:access)?[_-]?key[\"']?(?:\s{0,4}[:=]{1,2}>?\s{0,4}|\s{1,80}value\s?[:=]\s?)[\"']?"
    rb"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_NAMES_SECRET = re.compile(rb"(?i)ecret[_-]?(?:access)?[_-]?key")
_LOOSE_SECRET = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


class Key(NamedTuple):
    """A key found in a text. ``masked`` shows no more than a person needs to recognise it."""

    kind: str
    masked: str
    start: int
    end: int


def find_keys(data: bytes) -> list[Key]:
    """Every AWS key in a text, in order; keys of AWS's documentation and placeholders are none."""
    found = [
        Key("access key id", _mask(m.group()), *m.span())
        for m in _matches(data, ID_HINTS, _ID)
        if _real(m.group())
    ]
    for match in _matches(data, ENCODED_HINTS, _ENCODED):
        decoded = _decoded(match.group())
        if _ID.fullmatch(decoded) and _real(decoded):
            found.append(Key("base64 of an access key id", _mask(decoded), *match.span()))
    secrets = (
        m for m in _matches(data, SECRET_HINTS, _SECRET) if _real(m.group(1)) and _is_random(m.group(1))
    )
    found += [Key("secret access key", _mask(match.group(1)), *match.span(1)) for match in secrets]
    return sorted(found, key=lambda key: key.start)


def mentions_keys(data: bytes) -> bool:
    """Whether a text speaks of AWS keys at all."""
    if any(hint in data for hint in (*ID_HINTS, *ENCODED_HINTS)):
        return True
    return next(_matches(data, SECRET_HINTS, _NAMES_SECRET), None) is not None


def _matches(data: bytes, hints: Iterable[bytes], pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Matches that begin at a hint: a substring search first, for a pattern alone costs ten times as much."""
    for hint in hints:
        at = data.find(hint)
        while at >= 0:
            match = pattern.match(data, at)
            if match is not None and (hint in SECRET_HINTS or at == 0 or data[at - 1] not in _WORD):
                yield match
            at = data.find(hint, at + len(hint))


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text + b"=" * (-len(text) % 4)).strip()
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
    return _LOOSE_SECRET.sub(lambda match: b"*" * 40 if _is_random(match.group()) else match.group(), data)


def masked_text(text: str) -> str:
    """:func:`masked` for a string."""
    return masked(text.encode("utf-8", "replace")).decode("utf-8", "replace")
