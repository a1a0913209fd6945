"""``auditor graph``, and the drawings that ``auditor check`` puts into HTML and JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from auditor.cli.entry import main
from tests.unit.platforms import write_platform

ROOT = Path(__file__).resolve().parents[2]
FEW = ("--policy", "REL-020")


def test_the_default_is_mermaid_of_gpu_workloads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", str(write_platform(tmp_path)), *FEW]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("flowchart LR\n")
    assert '["Deployment: worker"]:::fail' in shown and '|"starts on g5.xlarge"|' in shown


def test_dot_and_json_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(write_platform(tmp_path))
    assert main(["graph", root, *FEW, "--workload", "inference/*", "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith("digraph joins {\n")
    assert main(["graph", root, *FEW, "--workload", "worker", "--format", "json"]) == 0
    (graph,) = json.loads(capsys.readouterr().out)
    assert graph["name"] == "Deployment inference/worker"


def test_places_are_named_from_the_working_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_platform(tmp_path / "tree")
    monkeypatch.chdir(tmp_path)
    assert main(["graph", "tree", *FEW, "--format", "json"]) == 0
    (graph,) = json.loads(capsys.readouterr().out)
    files = {node["location"]["file"] for node in graph["nodes"]}
    assert files == {
        "tree/app/worker.yaml",
        "tree/app/scaler.yaml",
        "tree/app/beside.yaml",
        "tree/infra/main.tf",
    }


def test_a_pattern_that_names_nothing_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", str(write_platform(tmp_path)), *FEW, "--workload", "nobody"]) == 2
    assert "no workload is called 'nobody'; --workload '*' draws them all" in capsys.readouterr().err


def test_a_tree_without_gpus_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", str(tmp_path), *FEW]) == 0
    found = capsys.readouterr()
    assert found.out == "flowchart LR\n"
    assert "no workload asks for a GPU" in found.err


def test_check_draws_for_html_and_json(tmp_path: Path) -> None:
    root, page, data = write_platform(tmp_path / "tree"), tmp_path / "page.html", tmp_path / "report.json"
    outputs = ["--format", "html", "--output", str(page), "--format", "json", "--output", str(data)]
    main(["check", str(root), *FEW, *outputs])
    (graph,) = json.loads(data.read_text())["graphs"]
    assert graph["name"] == "Deployment inference/worker"
    text = page.read_text()
    assert "What belongs together" in text and '<svg class="graph"' in text
    assert text.count('class="box status-') == len(graph["nodes"])


def test_other_formats_do_not_pay_for_drawings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import auditor.audit

    def drawn(*_: object, **__: object) -> None:
        raise AssertionError("drawn although nobody shows it")

    monkeypatch.setattr(auditor.audit, "with_graphs", drawn)
    code = main(
        ["check", str(write_platform(tmp_path)), *FEW, "--format", "sarif", "--output", str(tmp_path / "a")]
    )
    assert code in (0, 1)


def test_the_drawing_in_the_docs_is_current(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["graph", "docs/example", "--no-cache"]) == 0
    shown = re.findall(r"```mermaid\n(.*?)```", (ROOT / "docs/joins.md").read_text(), re.DOTALL)
    assert shown == [capsys.readouterr().out]
