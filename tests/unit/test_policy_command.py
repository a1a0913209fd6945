"""``auditor policy``: a new policy is whole from the start, and the list keeps its contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli.entry import main


def test_a_new_policy_passes_its_own_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "new", "pod-security/nameless", "--folder", str(tmp_path)]) == 0
    assert main(["policy", "test", str(tmp_path)]) == 0
    assert main(["policy", "lint", str(tmp_path)]) == 0
    assert "1 policies, 0 failures" in capsys.readouterr().out


def test_a_new_policy_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["policy", "new", "a/b", "--folder", str(tmp_path)]
    assert main(arguments) == 0
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_policy_that_is_wrong_fails_its_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["policy", "new", "a/b", "--folder", str(tmp_path)])
    file = tmp_path / "a" / "b" / "policy.yaml"
    file.write_text(file.read_text().replace("assert: has(container.name)", "assert: 'true'"))
    assert main(["policy", "test", str(tmp_path)]) == 1
    assert "bad.yaml:6: nothing was found here" in capsys.readouterr().err


def test_a_misspelt_field_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["policy", "new", "a/b", "--folder", str(tmp_path)])
    file = tmp_path / "a" / "b" / "policy.yaml"
    file.write_text(file.read_text() + "severty: low\n")
    assert main(["policy", "test", str(tmp_path)]) == 2
    assert "severty" in capsys.readouterr().err


def test_list_is_the_machine_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    fields = {"code", "id", "title", "severity", "category", "mode", "fix", "aliases", "equivalents"}
    assert rows
    assert all(set(row) == fields for row in rows)
    assert all(
        {"id", "relation"} == set(rule)
        for row in rows
        for rules in row["equivalents"].values()
        for rule in rules
    )


def test_explain_takes_code_id_and_a_peers_rule(capsys: pytest.CaptureFixture[str]) -> None:
    for name in (
        "ZRO-008",
        "scaled-to-zero-with-replicas",
        "deployment-targeted-by-hpa-does-not-have-replicas-configured",
    ):
        assert main(["explain", name]) == 0
        assert "Workload under a scaler that reaches zero" in capsys.readouterr().out


def test_explain_of_an_unknown_name_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "NO-999"]) == 2
    assert "auditor policy list" in capsys.readouterr().err
