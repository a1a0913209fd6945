"""Reading a tree that is not trusted: nothing outside it, nothing hidden, nothing that hangs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditor.sources.tree import Tree, Unreadable


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], cwd=folder, check=True
    )


def test_gitignore_is_honoured_outside_git(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.log", "sub/c.yaml", "sub/d.log", "out/e.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("*.log\nout/\n")
    assert Tree(tmp_path).files() == [".gitignore", "a.yaml", "sub/c.yaml"]


def test_a_tracked_file_cannot_be_hidden_by_gitignore(tmp_path: Path) -> None:
    (tmp_path / "hidden.yaml").write_text("x")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "hidden.yaml")
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / "untracked.yaml").write_text("x")
    assert Tree(tmp_path).files() == ["hidden.yaml"]


def test_git_settings_of_the_tree_run_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    marker = tmp_path / "ran"
    hook = tmp_path / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(hook))
    (tmp_path / "a.yaml").write_text("x")
    assert "a.yaml" in Tree(tmp_path).files()
    assert not marker.exists()


@pytest.mark.parametrize("link", ["file", "folder"])
def test_links_out_of_the_tree_are_refused(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside / "secret" if link == "file" else outside)
    with pytest.raises(Unreadable, match="leads out of the audited tree"):
        Tree(inside).read("link" if link == "file" else "link/secret")


def test_links_inside_the_tree_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert Tree(tmp_path).read("b") == b"x"


def test_a_loop_of_links_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Unreadable):
        Tree(tmp_path).read("a")


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(Unreadable, match="a pipe, not a file"):
        Tree(tmp_path).read("pipe.yaml")


def test_a_file_too_large_says_so(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"x" * 2_000_000)
    with pytest.raises(Unreadable, match="2 MB, more than the 1 MB") as caught:
        Tree(tmp_path, max_bytes=1_000_000).read("big.yaml")
    assert caught.value.too_large
