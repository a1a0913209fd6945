"""Text of a stranger's tree does nothing to the screen that shows it."""

from __future__ import annotations

import re
import sys

from auditor.reporters.text import _HARMFUL, visible


def test_nothing_harmful_counts_as_printable() -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    assert not [each for each in every if each.isprintable() and re.search(_HARMFUL, each)]


def test_harmful_characters_are_spelled_out_and_others_stay() -> None:
    assert visible("a\x1b[31mb\u202e\U000e0041") == "a\\x1b[31mb\\u202e\\U000e0041"
    assert visible("tab\tline\nü … 漢") == "tab\tline\nü … 漢"
