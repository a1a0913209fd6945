"""``auditor report`` and where files are named from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli.entry import main

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  tolerations: [{key: nvidia.com/gpu}]
  containers: []
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "platform").mkdir()
    (tmp_path / "platform" / "pod.yaml").write_text(POD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(tree: Path, name: str, *arguments: str) -> Path:
    file = tree / name
    main(["check", "platform", "--format", "json", "--output", str(file), *arguments])
    return file


def test_files_are_named_from_the_working_directory(tree: Path) -> None:
    report = json.loads(saved(tree, "a.json").read_text())
    assert {row["location"]["file"] for row in report["findings"]} == {"platform/pod.yaml"}


def test_a_finding_keeps_its_identity_wherever_it_is_audited_from(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = json.loads(saved(tree, "a.json").read_text())
    monkeypatch.chdir(tree / "platform")
    main(["check", ".", "--format", "json", "--output", str(tree / "b.json")])
    inside = json.loads((tree / "b.json").read_text())
    assert [row["fingerprints"] for row in above["findings"]] == [
        row["fingerprints"] for row in inside["findings"]
    ]


def test_convert_gives_what_check_would_have_given(
    tree: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = saved(tree, "a.json")
    assert main(["report", "convert", str(file), "--format", "json", "--output", str(tree / "b.json")]) == 0
    assert (tree / "b.json").read_bytes() == file.read_bytes()


def test_compare_fails_on_new_findings_only(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = saved(tree, "old.json")
    (tree / "platform" / "more.yaml").write_text(POD.replace("name: a", "name: b"))
    new = saved(tree, "new.json")
    assert main(["report", "compare", str(old), str(new)]) == 1
    assert main(["report", "compare", str(new), str(old)]) == 0
    assert main(["report", "compare", str(old), str(old)]) == 0


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\x00", '{"schema_version": "x"}'])
def test_a_file_that_is_no_result_is_a_usage_error(
    tree: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "broken.json").write_text(text)
    assert main(["report", "convert", "broken.json"]) == 2
    assert "not a saved result" in capsys.readouterr().err


def test_a_missing_file_is_a_usage_error(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "convert", "none.json"]) == 2
    assert "none.json: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    from auditor.cli.dispatch import COMMANDS

    assert main(["completion", shell]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)
    assert "fail-on" in shown
