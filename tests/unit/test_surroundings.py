"""Whatever the machine is like: another locale, no home, closed streams, odd folders, every kind of checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.command import run
from tests.unit.repos import STRAY, Repo

ROOT = Path(__file__).parents[2]
POLICY = ("--policy", "GPU-004")
ODD = "ö ä\nn/😀"
FORMATS = ("terminal", "json", "sarif", "junit", "github", "gitlab", "markdown", "html")


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A shell script in which ``auditor`` is the command; nothing of this process's environment but PATH."""
    command = f'auditor() {{ "{sys.executable}" -m auditor "$@"; }}\n{script}'
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one finding, in a folder with an odd name."""
    folder = tmp_path / "tree" / ODD
    folder.mkdir(parents=True)
    (folder / "a b.yaml").write_text(STRAY.format(name="stray"))
    return tmp_path / "tree"


@pytest.mark.parametrize("name", FORMATS)
def test_an_ascii_locale_changes_nothing(name: str, tree: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = shell(f"auditor check . --policy GPU-004 --format {name}", tree, **ascii_only)
    assert (done.returncode, done.stderr) == (1, "") and "GPU-004" in done.stdout


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("auditor check . --policy GPU-004", 1),
        ("HOME=/proc XDG_CACHE_HOME=/proc/x auditor check . --policy GPU-004", 1),
        ("HOME=/nowhere auditor check . --policy GPU-004", 1),
        ("auditor check . --policy GPU-004 >&-", 1),
        ("auditor check . --policy GPU-004 <&-", 1),
        ("auditor check . --policy GPU-004 >&- 2>&- <&-", 1),
        ("auditor check - <&-", 2),
        ("auditor check . --policy GPU-004 > /dev/full", 2),
        ("auditor policy list > /dev/full", 2),
        ("auditor check . --policy GPU-004 | head -c 1 > /dev/null; exit ${PIPESTATUS[1]}", 0),
        ("auditor policy list --format json | head -c 1 > /dev/null; exit ${PIPESTATUS[1]}", 0),
        ("mkdir gone; cd gone; rmdir ../gone; auditor check .", 2),
        ("mkdir gone; cd gone; rmdir ../gone; auditor check - < /dev/null", 2),
    ],
)
def test_streams_and_folders_that_are_missing(script: str, code: int, tree: Path) -> None:
    done = shell(script, tree)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and "internal error" not in done.stderr
    assert done.stderr.count("\n") == (code == 2)


def test_a_reader_that_goes_away_is_no_failure(tree: Path) -> None:
    done = shell(
        'set -o pipefail; auditor check . --format html | (exec <&-; sleep 1); exit "${PIPESTATUS[0]}"', tree
    )
    assert done.returncode in (0, 1) and done.stderr == ""


def test_files_are_found_however_the_path_is_written(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    file = tree / ODD / "a b.yaml"
    for path in (
        ".",
        "..//tree",
        str(tree),
        str(file),
        str(file.relative_to(tree)),
        ODD.split("\n")[0] + "\nn",
    ):
        outcome = run("check", path, *POLICY)
        assert outcome.code == 1 and "a b.yaml" in outcome.out, path


def test_every_kind_of_checkout_is_audited(tmp_path: Path) -> None:
    inner, repo = Repo(tmp_path / "inner"), Repo(tmp_path / "repo")
    inner.write("inner.yaml", STRAY.format(name="inner"))
    inner.commit()
    repo.write("sub/deep/outer.yaml", STRAY.format(name="outer"))
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "module")
    repo.commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "other"), "HEAD")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    nested = Repo(repo.root / "nested")
    nested.write("nested.yaml", STRAY.format(name="nested"))
    nested.commit()
    seen = {
        repo.root: ("outer.yaml", "inner.yaml", "nested.yaml"),
        repo.root / "sub": ("outer.yaml",),
        repo.root / "module": ("inner.yaml",),
        tmp_path / "other": ("outer.yaml",),
    }
    for folder, files in seen.items():
        outcome = run("check", folder, *POLICY, "--verbose")
        assert outcome.code == 1 and all(file in outcome.out for file in files), folder
    for folder in (repo.root / "sub", repo.root / "module", tmp_path / "other"):
        assert run("check", folder, *POLICY, "--changed-since", "HEAD", "--trust-base", "HEAD").code == 0
    bare = run("check", tmp_path / "bare.git")
    assert bare.code == 2 and "a bare repository holds no files" in bare.err
