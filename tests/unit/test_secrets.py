"""Keys are starred out in whatever is printed, and nothing else is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.secrets import masked, shows_keys

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


_PARTS = st.sampled_from(
    [
        SECRET.decode(),
        "AKIA" + "Q3EGT7WZ5XN2KLMV",
        "UUtJQVEz",
        "\n",
        "\t",
        "\\",
        "\x01",
        "é",
        "n",
        "u0001",
        " ",
        "=",
    ]
)


@given(st.lists(st.lists(_PARTS, max_size=4).map("".join), max_size=3))
@example(["\\" + SECRET.decode()])
@example(["n" + SECRET.decode(), "\\n" + SECRET.decode()])
@example(["\x01" + SECRET.decode() + "\n"])
def test_a_key_in_a_string_is_seen_in_the_json_that_holds_it(texts: list[str]) -> None:
    hidden = any(masked(text.encode()) != text.encode() for text in texts)
    assert shows_keys(msgspec.json.encode(texts)) or not hidden


def test_words_like_no_secret_key_are_not_seen_in_json() -> None:
    words = [SECRET[1:].decode(), SECRET.decode() + "A", "n" + SECRET.decode(), "x" * 45]
    assert not shows_keys(msgspec.json.encode(words))
