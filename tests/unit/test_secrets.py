"""Keys are starred out in whatever is printed, and nothing else is."""

from __future__ import annotations

import pytest

from auditor.secrets import masked

SECRET = b"wJalrXUtnFEMIK7MDENGbPxRfiCYzQ9kLm3Np5Vt"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"key: " + SECRET, b"key: " + b"*" * 40),
        (SECRET, b"*" * 40),
        (SECRET + b" " + SECRET + b"\n", b"*" * 40 + b" " + b"*" * 40 + b"\n"),
        (b"\xc3\xa9" + SECRET + b"\xc3\xa9", b"\xc3\xa9" + b"*" * 40 + b"\xc3\xa9"),
    ],
)
def test_a_word_like_a_secret_key_is_starred_out(text: bytes, shown: bytes) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        SECRET[1:],
        SECRET + b"A",
        SECRET + b"=",
        b"0123456789abcdef0123456789abcdef01234567",
        b"x" * 40,
        b"sha256:" + b"0123456789abcdef" * 4,
        b"",
    ],
)
def test_other_words_stay(text: bytes) -> None:
    assert masked(b"a " + text + b" z") == b"a " + text + b" z"
