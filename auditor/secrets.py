"""AWS keys in a text: find them, and never show them.

Everything that a reporter prints of the audited tree goes through :func:`masked` first.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import NamedTuple

HINTS = (b"AKIA", b"ASIA", b"QUtJQ", b"QVNJQ", b"ecret", b"ECRET")
"""A file without any of these holds no AWS key; ``QUtJQ`` and ``QVNJQ`` are base64 for AKIA and ASIA."""

ACCESS_KEY = re.compile(rb"(?<![A-Za-z0-9+/])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9+/=])")
ENCODED_ACCESS_KEY = re.compile(rb"(?<![A-Za-z0-9+/])(?:QUtJQ|QVNJQ)[A-Za-z0-9+/]{22,23}={0,2}")
SECRET_KEY = re.compile(
    rb"(?i)secret_?(?:access)?_?key[\"']?(?:\s{0,4}[:=]{1,2}>?\s{0,4}|\s{1,80}value\s?[:=]\s?)[\"']?"
    rb"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
LOOSE_SECRET = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")
SECRET_HINT = re.compile(rb"(?i)secret_?(?:access)?_?key")


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
        for m in ACCESS_KEY.finditer(data)
        if _real(m.group())
    ]
    for match in ENCODED_ACCESS_KEY.finditer(data):
        decoded = _decoded(match.group())
        if ACCESS_KEY.fullmatch(decoded) and _real(decoded):
            found.append(Key("base64 of an access key id", _mask(decoded), *match.span()))
    if SECRET_HINT.search(data):
        secrets = (
            match
            for match in SECRET_KEY.finditer(data)
            if _real(match.group(1)) and _is_random(match.group(1))
        )
        found += [Key("secret access key", _mask(match.group(1)), *match.span(1)) for match in secrets]
    return sorted(found, key=lambda key: key.start)


def mentions_keys(data: bytes) -> bool:
    """Whether a text speaks of AWS keys at all."""
    return any(hint in data for hint in HINTS[:4]) or bool(SECRET_HINT.search(data))


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
    data = ENCODED_ACCESS_KEY.sub(lambda match: b"*" * len(match.group()), data)
    data = ACCESS_KEY.sub(
        lambda match: match.group()[:4].ljust(20, b"*") if _real(match.group()) else match.group(), data
    )
    return LOOSE_SECRET.sub(lambda match: b"*" * 40 if _is_random(match.group()) else match.group(), data)


def masked_text(text: str) -> str:
    """:func:`masked` for a string."""
    return masked(text.encode("utf-8", "replace")).decode("utf-8", "replace")
