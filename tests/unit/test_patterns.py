"""Patterns that are compiled when first used, and the start that hands out small modules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.patterns import compiled_when_used, regex

ROOT = Path(__file__).resolve().parents[2]


def test_a_pattern_is_compiled_when_it_is_used() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.match("(")


def test_a_pattern_has_the_methods_and_attributes_of_a_compiled_one() -> None:
    words = regex(r"(?P<word>\w+)", re.ASCII)
    assert words.pattern == r"(?P<word>\w+)"
    assert words.flags & re.ASCII
    assert dict(words.groupindex) == {"word": 1}
    assert words.sub("x", "one two") == "x x"
    assert [match["word"] for match in words.finditer("one two")] == ["one", "two"]
    with pytest.raises(AttributeError):
        _ = words.nonsense  # type: ignore[attr-defined]


def test_modules_inside_compile_later_and_those_outside_at_once() -> None:
    with compiled_when_used():
        later = re.compile("a+")
        assert not isinstance(later, re.Pattern)
        assert later.fullmatch("aaa")
    assert isinstance(re.compile("b+"), re.Pattern)


def test_no_module_compiles_patterns_while_it_loads() -> None:
    sources = {
        path: path.read_text() for path in (ROOT / "auditor").rglob("*.py") if path.name != "patterns.py"
    }
    lines = {
        f"{path.relative_to(ROOT)}: {line}" for path, text in sources.items() for line in text.splitlines()
    }
    assert [line for line in sorted(lines) if re.search(r": \S.*=.*\bre\.compile\(", line)] == []


def alone(code: str) -> str:
    """What a process of its own prints."""
    begin = "from auditor.cli.lean import start_lean\nstart_lean()\n"
    return subprocess.run(
        [sys.executable, "-c", begin + code], capture_output=True, text=True, check=True
    ).stdout


def test_no_stand_in_stays() -> None:
    code = """
import gettext, platform, typing_extensions, urllib.parse, pathlib, textwrap, uuid
print(platform.python_version().count("."), gettext.gettext("usage: "), typing_extensions.TypedDict.__name__)
print(urllib.parse.urlsplit("https://a/b").path, pathlib.Path("/a b").as_uri(), textwrap.fill("a b", 1).count("\\n"))
"""
    assert alone(code) == "2 usage:  TypedDict\n/b file:///a%20b 1\n"


def test_argparse_speaks_as_ever() -> None:
    code = """
import argparse
parser = argparse.ArgumentParser("x")
parser.add_argument("--one", nargs=2, choices=("a", "b"))
try: parser.parse_args(["--one", "c"])
except SystemExit: pass
print(parser.format_help())
"""
    begin = "import argparse as _, sys\n"
    plain = subprocess.run([sys.executable, "-c", begin + code], capture_output=True, text=True, check=True)
    assert alone(code) == plain.stdout
    assert "options" in plain.stdout


@pytest.mark.parametrize(
    ("module", "other"), [("msgspec", "platform"), ("argparse", "gettext"), ("pathlib", "urllib.parse")]
)
def test_a_module_that_wants_more_of_a_stand_in_loads_as_ever(module: str, other: str) -> None:
    code = f"""
import sys
from auditor.cli import lean
lean._load({module!r}, {other!r}, object())
print({module!r} in sys.modules)
import {module}
print({other!r} in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"
