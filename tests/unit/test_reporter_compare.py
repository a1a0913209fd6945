"""Comparing and merging reports: exact parts, and nothing called fixed that was not seen to be."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report import Gate, PolicyResult, ProblemRow, Report, decode, encode
from auditor.reporters.compare import CannotMerge, against, change, compare, exact_score, merge
from tests.unit import report_factory as factory

CODES = ("GPU-001", "GPU-002", "IAM-001", "RES-001")
SEVERITIES = dict(zip(CODES, ("critical", "high", "medium", "low"), strict=True))
counts = st.tuples(*[st.integers(0, 4)] * 3)
tables = st.dictionaries(st.sampled_from(CODES), counts, max_size=4)


def scored(table: dict[str, tuple[int, int, int]], **more: object) -> Report:
    policies = tuple(
        factory.policy(
            code, code.lower(), SEVERITIES[code], "any", passed=passed, failed=failed, waived=waived
        )
        for code, (passed, failed, waived) in table.items()
    )
    return factory.report(**({"policies": policies, "findings": (), "problems": ()} | more))


def kinds(old: Report, new: Report) -> dict[str, str]:
    return {part.policy: part.kind for part in compare(old, new).parts}


@given(tables, tables)
def test_the_parts_sum_exactly_to_the_change(
    old: dict[str, tuple[int, int, int]], new: dict[str, tuple[int, int, int]]
) -> None:
    found = compare(scored(old), scored(new))
    if found.before is None or found.after is None:
        assert found.parts == ()
    else:
        assert sum((part.points for part in found.parts), Fraction(0)) == found.after - found.before


@given(tables, tables)
def test_the_rounded_rows_sum_to_the_rounded_change(
    old: dict[str, tuple[int, int, int]], new: dict[str, tuple[int, int, int]]
) -> None:
    shown = change(compare(scored(old), scored(new)), "main")
    if shown.points is None:
        assert shown.rows == ()
    else:
        assert shown.before is not None and shown.after is not None
        cents = sum(round(row.points * 100) for row in shown.rows)
        assert cents == round(shown.points * 100) == round(shown.after * 100) - round(shown.before * 100)


def test_a_policy_that_stays_as_it_is_has_no_row_when_others_come_and_go() -> None:
    old = scored({"GPU-002": (1, 1, 0), "IAM-001": (2, 0, 0)})
    new = scored({"GPU-002": (1, 1, 0), "RES-001": (0, 3, 0)})
    assert kinds(old, new) == {"IAM-001": "ceased", "RES-001": "began"}


def test_the_cap_is_a_row_of_its_own() -> None:
    old = scored({"GPU-001": (9, 0, 0), "RES-001": (9, 0, 0)})
    new = scored({"GPU-001": (9, 1, 0), "RES-001": (9, 0, 0)})
    found = compare(old, new)
    assert kinds(old, new) == {"GPU-001": "changed", "": "cap"}
    assert found.after == 69
    assert next(part.points for part in found.parts if part.kind == "cap") == 69 - (100 - Fraction(8))


@pytest.mark.parametrize("field", ["policy_set", "scope"])
def test_other_policies_or_another_scope_are_incomparable(field: str) -> None:
    found = compare(scored({"GPU-001": (1, 0, 0)}), scored({"GPU-001": (0, 1, 0)}, **{field: "other"}))
    assert found.incomparable and found.parts == ()
    assert change(found, "main").points is None


def test_findings_are_told_apart_by_fingerprint() -> None:
    stays, goes, comes = (factory.finding(fingerprints=(name,)) for name in ("stays", "goes", "comes"))
    found = compare(
        factory.report(findings=(stays, goes)), factory.report(findings=(stays, comes), problems=())
    )
    assert (found.fixed, found.new, found.unchanged) == ((goes,), (comes,), (stays,))


def test_a_failure_that_reaches_one_more_target_is_new() -> None:
    old, new = factory.finding(fingerprints=("dev",)), factory.finding(fingerprints=("dev", "prod"))
    assert compare(factory.report(findings=(old,)), factory.report(findings=(new,))).new == (new,)


@pytest.mark.parametrize("status", ["waived", "error", "not-assessed"])
def test_what_is_waived_or_undecided_now_is_not_fixed(status: str) -> None:
    old = factory.finding()
    found = compare(
        factory.report(findings=(old,)), factory.report(findings=(factory.finding(status=status),))
    )
    assert (found.fixed, found.undecided) == ((), (old,))


def test_what_stood_in_a_file_that_can_not_be_read_now_is_not_fixed() -> None:
    old = factory.finding()
    unread = ProblemRow(factory.WORKER, 1, 1, "no YAML", "mend it")
    found = compare(factory.report(findings=(old,)), factory.report(findings=(), problems=(unread,)))
    assert (found.fixed, found.undecided) == ((), (old,))


def test_against_marks_what_is_new_and_names_the_base() -> None:
    old, fresh = factory.finding(fingerprints=("a",)), factory.finding(fingerprints=("b",))
    found = against(factory.report(findings=(old,)), factory.report(findings=(old, fresh)), "origin/main")
    assert [f.new for f in found.findings] == [False, True]
    assert found.change is not None and (found.change.base, found.change.new) == ("origin/main", 1)
    assert decode(encode(found)) == found


def test_merging_adds_up_counts_not_scores() -> None:
    one = scored({"GPU-002": (1, 0, 0), "RES-001": (1, 0, 0)}, scope="a")
    two = scored({"GPU-002": (2, 1, 0)}, scope="b")
    merged = merge([two, one])
    together = scored({"GPU-002": (3, 1, 0), "RES-001": (1, 0, 0)})
    assert exact_score(merged) == exact_score(together)
    assert merged.score.uncapped == 81.2
    assert merged.scope == "a + b"
    assert merged.inputs.files == 68


def test_merged_points_sum_to_the_uncapped_score() -> None:
    merged = merge([scored({"GPU-002": (1, 1, 0), "RES-001": (1, 2, 1)}, scope=name) for name in "ab"])
    points = [policy.points for policy in merged.policies if policy.points is not None]
    assert sum(points) == pytest.approx(float(exact_score(merged).uncapped or 0))


def test_merged_money_is_a_sum_and_unknown_when_a_part_is() -> None:
    known, unknown = factory.MONEY, msgspec.structs.replace(factory.MONEY, worst=None)
    money = merge([factory.report(scope="a", money=known), factory.report(scope="b", money=unknown)]).money
    assert money is not None
    assert (money.floor, money.worst, len(money.rows)) == (1468.76, None, 4)


@pytest.mark.parametrize(
    ("codes", "merged"), [((0, 0), 0), ((0, 3), 3), ((3, 1), 1), ((1, 4), 4), ((2, 3), 2)]
)
def test_the_gravest_exit_code_wins_and_a_failed_gate_over_an_incomplete_run(
    codes: tuple[int, int], merged: int
) -> None:
    reports = [factory.report(scope=name, gate=Gate(code)) for name, code in zip("ab", codes, strict=True)]
    assert merge(reports).gate.exit_code == merged


def test_one_scope_twice_can_not_be_merged() -> None:
    with pytest.raises(CannotMerge, match="'platform' comes twice"):
        merge([factory.report(), factory.report()])


def test_different_policy_sets_can_not_be_merged() -> None:
    with pytest.raises(CannotMerge, match="different policy sets"):
        merge([factory.report(scope="a"), factory.report(scope="b", policy_set="other")])


def test_nothing_can_not_be_merged() -> None:
    with pytest.raises(CannotMerge, match="no report"):
        merge([])


def test_the_score_is_computed_anew_from_the_counts() -> None:
    policies: tuple[PolicyResult, ...] = factory.POLICIES
    assert exact_score(factory.report(policies=policies)).effective == 69
