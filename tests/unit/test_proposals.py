"""Repairs shown in reports: a diff that applies, edits that say the same, and a reason where there is none."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.entry import main

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: dé}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      tolerations: [{operator: Exists}] # α
      containers: [{name: a, image: registry.example/a:1}]
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.yaml").write_text(BASE)
    return tmp_path


def findings(*arguments: str) -> list[dict[str, Any]]:
    main(
        ["check", ".", "--format", "json", "--output", "out.json", "--policy", "GPU-004,RES-004", *arguments]
    )
    rows: list[dict[str, Any]] = json.loads(Path("out.json").read_text())["findings"]
    return rows


def test_the_diff_applies_and_repairs(tree: Path) -> None:
    (row,) = [row for row in findings() if row["policy"] == "GPU-004"]
    (tree / "fix.diff").write_text(row["fix"]["diff"])
    subprocess.run(["git", "apply", "fix.diff"], check=True)
    assert "tolerations" not in (tree / "app.yaml").read_text()
    assert [row["policy"] for row in findings()] == ["RES-004"]


def test_the_edits_say_what_the_diff_says(tree: Path) -> None:
    (row,) = [row for row in findings() if row["policy"] == "GPU-004"]
    lines = BASE.splitlines(keepends=True)
    (edit,) = row["fix"]["edits"]
    before = "".join(lines[: edit["line"] - 1]) + lines[edit["line"] - 1][: edit["column"] - 1]
    after = "".join(lines[edit["end_line"] - 1 :])[edit["end_column"] - 1 :]
    subprocess.run(["git", "apply", "-"], input=row["fix"]["diff"], text=True, check=True)
    assert before + edit["text"] + after == (tree / "app.yaml").read_text()


def test_a_finding_without_a_fix_has_no_proposal(tree: Path) -> None:
    (row,) = [row for row in findings() if row["policy"] == "RES-004"]
    assert "fix" not in row


def test_sarif_carries_the_edit(tree: Path) -> None:
    main(["check", ".", "--format", "sarif", "--output", "out.sarif", "--policy", "GPU-004"])
    (result,) = json.loads(Path("out.sarif").read_text())["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "app.yaml"
    assert change["replacements"][0]["deletedRegion"]["startLine"] == 9


def test_what_cannot_be_edited_says_why(tree: Path) -> None:
    (tree / "app.yaml").write_text(
        BASE.replace("[{operator: Exists}]", "&t [{operator: Exists}]") + "---\nx: 1\n"
    )
    (tree / "other.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: b, labels: {x: &e {operator: Exists}}}\n"
        "spec: {tolerations: [*e], containers: []}\n"
    )
    rows = {row["title"]: row for row in findings() if row["policy"] == "GPU-004"}
    assert rows["Pod b"]["fix"]["refused"]
