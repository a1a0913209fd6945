"""Text that comes from an audited tree, made safe to show: nothing in it may act on the reader's screen."""

from __future__ import annotations

import re

_HARMFUL = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 controls: terminal escapes, bells, carriage returns
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidirectional, invisible
    "\u2028\u2029\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"  # line breaks, surrogates, tags
)


def visible(text: str) -> str:
    """``text`` with controls, direction marks, lone surrogates and the like written as ``\\u202e``.

    Line feeds and tabs stay. Nothing harmful is printable, so most texts never meet the pattern.
    """
    return text if text.isprintable() else re.sub(_HARMFUL, _spelled, text)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str) -> str:
    """``text`` on one line: runs of white space become one blank, harmful characters are spelled out."""
    return visible(" ".join(text.split()))


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last an ellipsis when something was left out."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def longest_run(text: str, character: str) -> int:
    """The length of the longest run of ``character``."""
    return max((len(run) for run in re.findall(f"{re.escape(character)}+", text)), default=0)
