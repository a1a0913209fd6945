"""The exit code, rule by rule: 0 clean, 1 gate, 2 usage, 3 incomplete, 4 internal; 1 wins over 3."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from auditor.cli.entry import main
from auditor.gate import fallen, gate
from auditor.options import Settings
from auditor.policy import Severity
from auditor.report import Finding, Gate, History, HistoryRun, Location
from auditor.score import Score, Tally
from auditor.spans import Problem
from tests.unit.repos import STRAY
from tests.unit.worlds import policy

POLICIES = {code: policy(code=code, id=code.lower(), severity=severity) for code, severity in (
    ("C-1", "critical"), ("H-1", "high"), ("M-1", "medium"), ("L-1", "low"))}  # fmt: skip
PROBLEM = Problem("a.yaml", 1, 1, "broken", "mend it")


def scored(*, effective: int | None = 100, coverage: int | None = 100, **tallies: Tally) -> Score:
    """A score with the given tallies by policy (``C_1`` for ``C-1``)."""
    exact = {name.replace("_", "-"): tally for name, tally in tallies.items()}
    value = None if effective is None else Fraction(effective)
    seen = None if coverage is None else Fraction(coverage)
    return Score(value, value, value, "", seen, "A", exact)


def finding(code: str, resource: str, *, new: bool, status: str = "fail") -> Finding:
    return Finding(
        policy=code, status=status, severity=POLICIES[code].severity, resource=resource, title=resource,
        targets=("loose",), location=Location("a.yaml", 1), new=new,
    )  # fmt: skip


def test_nothing_found_is_clean() -> None:
    assert gate(Settings(), POLICIES, scored(C_1=Tally(passed=1)), []).exit_code == 0


@pytest.mark.parametrize(
    ("fail_on", "failing", "code"),
    [
        ("high", "C_1", 1),
        ("high", "H_1", 1),
        ("high", "M_1", 0),
        ("critical", "H_1", 0),
        ("medium", "M_1", 1),
        ("low", "L_1", 1),
        (None, "C_1", 0),
    ],
)
def test_fail_on_is_the_gravest_severity_that_may_stay_open(
    fail_on: Severity | None, failing: str, code: int
) -> None:
    decision = gate(Settings(fail_on=fail_on), POLICIES, scored(**{failing: Tally(failed=1)}), [])
    assert decision.exit_code == code


def test_the_default_gate_is_high() -> None:
    assert Settings().fail_on == "high"


def test_reasons_count_each_severity() -> None:
    result = scored(C_1=Tally(failed=2), H_1=Tally(failed=1))
    decision = gate(Settings(), POLICIES, result, [])
    assert decision.reasons == ("2 open critical findings", "1 open high finding")


@pytest.mark.parametrize("tally", [Tally(waived=3), Tally(not_assessed=3), Tally(not_applicable=3)])
def test_waived_and_not_assessed_change_nothing(tally: Tally) -> None:
    assert gate(Settings(), POLICIES, scored(C_1=tally), []).exit_code == 0


def test_a_score_at_the_bound_passes_and_below_fails() -> None:
    assert gate(Settings(min_score=90), POLICIES, scored(effective=90), []).exit_code == 0
    assert gate(Settings(min_score=90.1), POLICIES, scored(effective=90), []).reasons == ("score below 90.1",)


def test_nothing_evaluated_is_below_every_bound() -> None:
    decision = gate(
        Settings(min_score=1, min_coverage=1), POLICIES, scored(effective=None, coverage=None), []
    )
    assert decision.exit_code == 1
    assert len(decision.reasons) == 2


def test_coverage_below_the_bound_fails() -> None:
    assert gate(Settings(min_coverage=80), POLICIES, scored(coverage=79), []).reasons == (
        "coverage below 80 %",
    )


def test_an_unusable_input_is_incomplete() -> None:
    decision = gate(Settings(), POLICIES, scored(), [PROBLEM])
    assert (decision.exit_code, decision.reasons) == (3, ("1 input could not be used",))


def test_an_error_is_incomplete() -> None:
    assert gate(Settings(), POLICIES, scored(L_1=Tally(errors=1)), []).exit_code == 3


def test_a_failed_gate_wins_over_incomplete() -> None:
    assert gate(Settings(), POLICIES, scored(H_1=Tally(failed=1, errors=1)), [PROBLEM]).exit_code == 1


def test_incomplete_stays_when_failures_never_gate() -> None:
    assert gate(Settings(fail_on=None), POLICIES, scored(C_1=Tally(failed=1)), [PROBLEM]).exit_code == 3


def test_against_an_earlier_state_only_new_failures_gate() -> None:
    result = scored(C_1=Tally(failed=2))
    old, fresh = finding("C-1", "a", new=False), finding("C-1", "b", new=True)
    assert gate(Settings(), POLICIES, result, [], [old]).exit_code == 0
    assert gate(Settings(), POLICIES, result, [], [old, fresh]).reasons == ("1 new critical finding",)
    assert (
        gate(Settings(), POLICIES, result, [], [finding("C-1", "b", new=True, status="waived")]).exit_code
        == 0
    )


def test_new_failures_of_one_owner_count_once() -> None:
    result = scored(C_1=Tally(failed=1))
    rows = [finding("C-1", "a", new=True), finding("C-1", "a", new=True)]
    assert gate(Settings(), POLICIES, result, [], rows).reasons == ("1 new critical finding",)


def test_exit_codes_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean, failing, broken = tmp_path / "clean", tmp_path / "failing", tmp_path / "broken"
    for folder in (clean, failing, broken):
        folder.mkdir()
    (failing / "app.yaml").write_text(STRAY.format(name="page"))
    (broken / "app.yaml").write_text("apiVersion: v1\nkind: [\n")
    assert main(["check", str(clean)]) == 0
    assert main(["check", str(failing), "--policy", "GPU-004"]) == 1
    assert main(["check", str(tmp_path / "nowhere")]) == 2
    assert main(["check", str(broken)]) == 3
    assert main(["check", str(tmp_path), "--policy", "GPU-004"]) == 1


def test_an_internal_error_is_one_line_and_exit_four(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.delenv("AUDITOR_DEBUG", raising=False)
    monkeypatch.setattr("auditor.packs.load_builtin", broken)
    assert main(["check", str(tmp_path)]) == 4
    said = capsys.readouterr().err
    assert "internal error: ZeroDivisionError: inside" in said
    assert "Traceback" not in said


def trend(*scores: float | None, incomparable: int = -1) -> History:
    """One run a day; ``incomparable`` is the one that cannot be compared with the one before it."""
    runs = [
        HistoryRun(
            name=str(day),
            generated_at=f"2026-08-0{day + 1}T06:00:00Z",
            score=score,
            coverage=100.0,
            grade="A",
            open=0,
            incomparable="different policy sets" if day == incomparable else "",
        )
        for day, score in enumerate(scores)
    ]
    return History(scope="x", where="audits", runs=tuple(runs))


@pytest.mark.parametrize(
    ("scores", "most", "code"),
    [
        ((100.0, 94.9), 5.0, 1),
        ((100.0, 95.0), 5.0, 0),
        ((95.0, 100.0), 0.0, 0),
        ((100.0, 99.99), 0.0, 1),
        ((100.0, None, 90.0), 5.0, 1),
        ((100.0, 90.0, 90.0), 5.0, 0),
    ],
)
def test_a_score_may_fall_by_so_much_since_the_last_run_that_had_one(
    scores: tuple[float | None, ...], most: float, code: int
) -> None:
    assert fallen(Gate(0), trend(*scores), most).exit_code == code


def test_a_fall_is_told_with_what_else_failed() -> None:
    assert fallen(Gate(1, ("1 open high finding",)), trend(100.0, 69.0), 5.0).reasons == (
        "1 open high finding",
        "score fell by 31 points since 2026-08-01T06:00:00Z",
    )
    incomplete = fallen(Gate(3, ("1 input could not be used",)), trend(100.0, 69.0), 5.0)
    assert incomplete == Gate(1, ("score fell by 31 points since 2026-08-01T06:00:00Z",))


@pytest.mark.parametrize(
    "history",
    [
        None,
        trend(50.0),
        trend(100.0, None),
        trend(100.0, 50.0, incomparable=1),
        trend(100.0, None, 50.0, incomparable=1),
    ],
)
def test_what_cannot_be_compared_is_a_note_and_no_fall(history: History | None) -> None:
    decision = fallen(Gate(0), history, 5.0)
    assert decision.exit_code == 0 and "no run before" in decision.notes[0]
