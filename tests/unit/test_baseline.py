"""The baseline: today's findings are known, tomorrow's gate, repaired ones are asked to leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.baseline import encode, parse, stale
from auditor.cli.entry import main
from auditor.errors import UsageError
from tests.unit.repos import STRAY, Repo, check


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path)
    made.write("app.yaml", STRAY.format(name="page"))
    return made


def write(repo: Repo) -> Path:
    file = repo.root / "auditor-baseline.json"
    assert main(["baseline", "write", str(repo.root), "--policy", "GPU-004", "--output", str(file)]) == 0
    return file


def test_known_findings_do_not_gate_and_are_not_new(repo: Repo) -> None:
    run = check(repo.root, baseline=write(repo))
    assert [finding.new for finding in run.report.findings] == [False]
    assert run.report.gate.exit_code == 0
    assert run.report.gate.notes[0].startswith("1 open finding known from ")
    assert run.report.base.endswith("auditor-baseline.json")


def test_a_new_finding_gates(repo: Repo) -> None:
    file = write(repo)
    repo.write("second.yaml", STRAY.format(name="second"))
    run = check(repo.root, baseline=file)
    assert {finding.resource: finding.new for finding in run.report.findings} == {
        "apps/Deployment/web/page": False,
        "apps/Deployment/web/second": True,
    }
    assert run.report.gate.exit_code == 1
    assert run.report.gate.reasons == ("1 new critical finding",)


def test_moved_lines_and_renamed_files_stay_known(repo: Repo) -> None:
    file = write(repo)
    (repo.root / "app.yaml").unlink()
    repo.write("moved/other.yaml", "# a remark\n---\n" + STRAY.format(name="page"))
    assert check(repo.root, baseline=file).report.gate.exit_code == 0


def test_the_file_is_small_sorted_and_stable(repo: Repo) -> None:
    repo.write("a.yaml", STRAY.format(name="zebra"))
    repo.write("b.yaml", STRAY.format(name="ant"))
    data = write(repo).read_bytes()
    assert write(repo).read_bytes() == data
    parsed = json.loads(data)
    assert parsed["version"] == 1
    assert [each["resource"].rpartition("/")[2] for each in parsed["findings"]] == ["ant", "page", "zebra"]
    assert len(data.splitlines()) == 3 + 2
    assert len(data) < 250 * 4


def test_an_empty_baseline_is_one_too(tmp_path: Path) -> None:
    assert parse(encode([]), "b.json").fingerprints() == frozenset()


def test_waived_findings_are_not_accepted_a_second_time(repo: Repo) -> None:
    repo.write(
        "auditor-waivers.yaml",
        "- {policy: GPU-004, owner: '*', reason: a trial, by: jane, until: 2999-01-01}\n",
    )
    assert parse(write(repo).read_bytes(), "b.json").findings == ()


def test_a_finding_is_known_by_any_of_its_fingerprints(repo: Repo) -> None:
    accepted = parse(write(repo).read_bytes(), "b.json")
    (known,) = accepted.findings
    file = repo.root / "auditor-baseline.json"
    file.write_text(file.read_text().replace(known.fingerprints[0], f'{"0" * 32}","{known.fingerprints[0]}'))
    assert check(repo.root, baseline=file).report.gate.exit_code == 0


def test_repaired_findings_are_named_as_stale(repo: Repo) -> None:
    repo.write("second.yaml", STRAY.format(name="second"))
    file = write(repo)
    (repo.root / "second.yaml").unlink()
    (row,) = check(repo.root, baseline=file).report.warnings
    assert row.what == "1 entry of the baseline fails no longer: GPU-004 apps/Deployment/web/second"
    assert (Path(row.file), row.line) == (file, 3)


def test_many_stale_entries_are_one_row(repo: Repo) -> None:
    for number in range(5):
        repo.write(f"{number}.yaml", STRAY.format(name=f"n{number}"))
    accepted = parse(write(repo).read_bytes(), "b.json")
    (row,) = stale(accepted, [], {"GPU-004"}, "b.json")
    assert row.what.startswith("6 entries of the baseline fail no longer: ")
    assert row.what.endswith(" and 3 more")


def test_entries_of_policies_outside_the_run_are_left_alone(repo: Repo) -> None:
    run = check(repo.root, baseline=write(repo), policies=("GPU-003",))
    assert run.report.warnings == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[]", "not a baseline"),
        (b"{", "not a baseline"),
        (b"\xff", "not a baseline"),
        (b'{"version": 2, "findings": []}', "baseline version 2 is not 1"),
        (b'{"version": 1, "findings": [{"policy": "GPU-004"}]}', "not a baseline"),
    ],
)
def test_what_is_no_baseline_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=f"b.json: {said}"):
        parse(data, "b.json")


def test_a_missing_baseline_says_how_to_write_it(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(repo.root), "--baseline", "none.json"]) == 2
    assert "auditor baseline write --output none.json" in capsys.readouterr().err


def test_a_baseline_of_an_incomplete_run_says_so(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("broken.yaml", "apiVersion: v1\nkind: [\n")
    assert main(["baseline", "write", str(repo.root), "--output", str(repo.root / "b.json")]) == 3
    assert "incomplete: 1 input could not be used" in capsys.readouterr().err
