"""The score: the definition in DESIGN.md, number by number."""

from __future__ import annotations

from fractions import Fraction

from auditor.model import Resource, Status, Verdict
from auditor.policy import Policy
from auditor.score import contributions, grade, score
from tests.unit.worlds import policy, resources

POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: {0}}}\nspec: {{containers: []}}\n"


def pod(name: str) -> Resource:
    return resources(POD.format(name), f"{name}.yaml")[0]


def verdict(code: str, status: Status, resource: Resource, target: str = "t") -> Verdict:
    return Verdict(code, status, resource, target)


def catalog(**severities: str) -> dict[str, Policy]:
    return {
        code: policy(code=code, id=code.lower(), severity=severity) for code, severity in severities.items()
    }


def test_weights_and_shares() -> None:
    a, b = pod("a"), pod("b")
    verdicts = [
        verdict("C", Status.PASS, a),
        verdict("L", Status.PASS, a),
        verdict("L", Status.FAIL, b),
    ]
    result = score(catalog(C="critical", L="low"), verdicts)
    # (10·1 + 2.5·1/2) / 12.5
    assert result.effective == Fraction(100) * (10 + Fraction(5, 4)) / Fraction(25, 2) == 90


def test_an_owner_counts_once_however_many_containers_fail() -> None:
    a, b = pod("a"), pod("b")
    verdicts = [verdict("L", Status.FAIL, a)] * 5 + [
        verdict("L", Status.PASS, a),
        verdict("L", Status.PASS, b),
    ]
    result = score(catalog(L="low"), verdicts)
    assert result.effective == 50
    assert result.tallies["L"].failed == 1


def test_an_open_critical_caps_at_69_and_an_open_high_at_89() -> None:
    owners = [pod(f"p{n}") for n in range(100)]
    for severity, cap in (("critical", 69), ("high", 89)):
        verdicts = [verdict("X", Status.PASS, owner) for owner in owners[1:]] + [
            verdict("X", Status.FAIL, owners[0])
        ]
        result = score(catalog(X=severity), verdicts)
        assert (result.uncapped, result.effective, result.cap) == (99, cap, severity)


def test_a_cap_never_raises() -> None:
    result = score(catalog(X="critical"), [verdict("X", Status.FAIL, pod("a"))])
    assert (result.effective, result.cap) == (0, "")


def test_nothing_evaluated_is_a_question_mark() -> None:
    for verdicts in (
        [],
        [verdict("X", Status.NOT_ASSESSED, pod("a"))],
        [verdict("X", Status.NOT_APPLICABLE, pod("a"))],
    ):
        result = score(catalog(X="low"), verdicts)
        assert (result.effective, result.grade) == (None, "?")


def test_waived_fails_in_raw_and_is_left_out_in_effective() -> None:
    a, b = pod("a"), pod("b")
    result = score(catalog(X="low"), [verdict("X", Status.WAIVED, a), verdict("X", Status.PASS, b)])
    assert (result.raw, result.effective) == (50, 100)


def test_coverage_counts_what_could_not_be_assessed() -> None:
    owners = [pod(f"p{n}") for n in range(10)]
    verdicts = [verdict("X", Status.PASS, owner) for owner in owners[:8]]
    verdicts += [verdict("X", Status.NOT_ASSESSED, owners[8]), verdict("X", Status.ERROR, owners[9])]
    result = score(catalog(X="low"), verdicts)
    assert result.coverage == 80
    assert result.provisional


def test_the_same_source_seen_from_two_targets_counts_once() -> None:
    a, b = pod("a"), pod("b")
    verdicts = [
        verdict("X", Status.FAIL, a, "dev"),
        verdict("X", Status.FAIL, a, "prod"),
        verdict("X", Status.PASS, b),
    ]
    assert score(catalog(X="low"), verdicts).effective == 50


def test_contributions_sum_to_the_uncapped_score() -> None:
    a, b, c = pod("a"), pod("b"), pod("c")
    policies = catalog(C="critical", H="high", M="medium")
    verdicts = [
        verdict("C", Status.PASS, a),
        verdict("H", Status.PASS, a),
        verdict("H", Status.FAIL, b),
        verdict("M", Status.FAIL, a),
        verdict("M", Status.PASS, b),
        verdict("M", Status.PASS, c),
    ]
    result = score(policies, verdicts)
    assert sum(contributions(policies, result.tallies).values()) == result.uncapped


def test_grades() -> None:
    assert [grade(Fraction(n)) for n in (100, 95, 94, 85, 70, 69, 50, 49)] == [
        "A",
        "A",
        "B",
        "B",
        "C",
        "D",
        "D",
        "F",
    ]
