"""What the paths on the command line name, and what may come by a pipe."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from auditor.cli.entry import main
from auditor.cli.run_flags import tree_of
from auditor.errors import UsageError
from auditor.sources.stdin import STDIN, StdinTree
from auditor.sources.tree import Unreadable
from tests.unit.repos import STRAY


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for file in ("a/app.yaml", "a/other.yaml", "b/app.yaml"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(STRAY.format(name=file.replace("/", "-").removesuffix(".yaml")))
    return tmp_path


def test_one_directory_is_the_root(here: Path) -> None:
    assert tree_of(["a"]).files() == ["app.yaml", "other.yaml"]


def test_files_are_named_from_the_working_directory(here: Path) -> None:
    tree = tree_of(["a/app.yaml"])
    assert tree.files() == ["a/app.yaml"]
    assert tree.read("a/app.yaml") == (here / "a" / "app.yaml").read_bytes()


def test_several_paths_are_one_tree_without_doubles(here: Path) -> None:
    assert tree_of(["a", "b/app.yaml", "a/app.yaml"]).files() == ["a/app.yaml", "a/other.yaml", "b/app.yaml"]


def test_paths_elsewhere_are_named_from_their_common_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "c").mkdir()
    monkeypatch.chdir(here / "c")
    assert tree_of(["../a/app.yaml", "../b"]).files() == ["a/app.yaml", "b/app.yaml"]


def test_a_path_that_is_not_there_is_named(here: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no such file or directory"):
        tree_of(["a", "nowhere"])


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_standard_input_is_audited(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    piped(monkeypatch, STRAY.format(name="page"))
    assert main(["check", "-", "--policy", "GPU-004", "--format", "json"]) == 1
    (finding,) = json.loads(capsysbinary.readouterr().out)["findings"]
    assert (finding["location"]["file"], finding["location"]["line"]) == ("<stdin>", 10)


def test_broken_standard_input_is_incomplete(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    piped(monkeypatch, "kind: [\napiVersion: v1\n")
    assert main(["check", "-"]) == 3


def test_standard_input_stands_alone_and_has_no_revisions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, "")
    assert main(["check", "-", "."]) == 2
    assert main(["check", "-", "--changed-since", "HEAD"]) == 2
    assert "standard input has no revisions" in capsys.readouterr().err
    assert main(["fix", "-", "--write"]) == 2
    assert "standard input has no files to repair" in capsys.readouterr().err


def test_more_than_the_limit_is_not_read() -> None:
    with pytest.raises(Unreadable):
        StdinTree(io.BytesIO(b"x" * 11), max_bytes=10).read(STDIN)
    assert StdinTree(io.BytesIO(b"x" * 10), max_bytes=10).read(STDIN) == b"x" * 10


@pytest.mark.parametrize("flags", [["--min-score", "101"], ["--min-coverage", "-1"], ["--min-score", "many"]])
def test_bounds_are_percentages(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", ".", *flags])
    assert stopped.value.code == 2


@pytest.mark.parametrize("flag", ["--no-cache", "--no-render", "--full-parse", "--no-config"])
def test_switches_are_accepted(here: Path, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", "--policy", "GPU-004", flag]) == 1


def test_packs_by_flag(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a", "--pack", "gpu-platform,cis-eks", "--fail-on", "critical"]) == 1
    assert main(["check", "a", "--pack", "cis-eks", "--fail-on", "critical"]) == 0
    assert main(["check", "a", "--pack", "defualt"]) == 2
