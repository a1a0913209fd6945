"""Our .gitignore grammar against git's: the same patterns and files, the same files left."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditor.sources.ignore import Ignore
from auditor.sources.tree import _walk

NAMES = ("a", "b", "ab", "a.b", "-", "c]", "d e", "#f", "!g")
PIECES = (
    "a",
    "b",
    "*",
    "**",
    "?",
    "/",
    ".",
    "[ab]",
    "[!a]",
    "[a-c]",
    "[^b/]",
    "[[:alpha:]]",
    "[]]",
    "[",
    "\\",
    "!",
    "#",
    " ",
    "-",
)
files = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join), min_size=1, max_size=8
)
lines = st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), max_size=4)


def lay(root: Path, paths: list[str], ignored: dict[str, list[str]]) -> None:
    """The files, as far as none of them is a folder of another, and a .gitignore in some folders."""
    for path in paths:
        if any(other.startswith(f"{path}/") for other in paths):
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    for folder, patterns in ignored.items():
        if (root / folder).is_dir():
            (root / folder / ".gitignore").write_text("\n".join(patterns))


def left_by_git(root: Path) -> list[str]:
    command = ["git", "ls-files", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    return sorted(done.stdout.decode().split("\0")[:-1])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files, lines, lines)
@example(["a/b", "b"], ["/*", "!/a"], ["*", "!b"])
@example(["a/b/ab"], ["a/**/ab"], [])
@example(["a/b", "ab"], ["**/b", "a?"], [])
@example(["a/b", "b/a"], ["a/**"], ["\\a"])
@example(["d e", "a"], ["d e ", "a\\ "], [])
def test_the_same_files_are_left_as_by_git(paths: list[str], above: list[str], below: list[str]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
        lay(root, paths, {"": above, "a": below})
        assert sorted(_walk(root)) == left_by_git(root)


@pytest.mark.parametrize(
    ("pattern", "path", "left_out"),
    [
        ("vendor/**", "vendor/x/y.yaml", True),
        ("vendor/", "vendor/x.yaml", True),
        ("*.gen.yaml", "deep/down/a.gen.yaml", True),
        ("/top.yaml", "deep/top.yaml", False),
        ("docs", "docs/a/b.yaml", True),
    ],
)
def test_exclude_covers_what_lies_in_an_excluded_folder(pattern: str, path: str, left_out: bool) -> None:
    assert Ignore([pattern]).covers(path) is left_out
