"""Claims on checkov and kube-score, proved: both run on generated cases, object by object.

Exact: the same verdict. Stricter: ours fails what theirs fails. Looser: ours fails nothing that theirs passes.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from auditor.catalog import builtin_folder, load_folder
from tests.peers import cases, checkov, differential
from tests.peers.claims import Claim, directed
from tests.peers.compare import Comparison, explanation
from tests.peers.explained import EXPLAINED

pytestmark = pytest.mark.slow
CLAIMS = directed(load_folder(builtin_folder()))
EXACT = [claim for claim in CLAIMS if claim.relation == "exact"]
Key = tuple[str, str]
FEWEST = 1
"""Objects that each claim must have passed, and failed, on both sides."""
NEVER_PASSED = {"CKV_DOCKER_6"}
"""Rules that know no pass: checkov speaks only where it finds the instruction."""


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Comparison]:
    """Every claim on every generated case, by the other tool's rule and our code."""
    folder = tmp_path_factory.mktemp("peers")
    manifests, roots, images = folder / "manifests", folder / "roots", folder / "images"
    names = cases.write(cases.manifests(), manifests)
    cases.write(cases.roots(), roots)
    cases.write(cases.dockerfiles(), images)
    found = [
        *differential.manifests(manifests, names, CLAIMS),
        *differential.files(roots, CLAIMS, checkov.TERRAFORM),
        *differential.files(images, CLAIMS, checkov.DOCKERFILE),
    ]
    return {(each.claim.rule, each.claim.policy.code): each for each in found}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.rule}-{claim.policy.code}")
def test_no_object_contradicts_the_claim_without_an_explanation(
    claim: Claim, comparisons: dict[Key, Comparison]
) -> None:
    assert comparisons[claim.rule, claim.policy.code].unexplained() == []


@pytest.mark.parametrize("claim", EXACT, ids=lambda claim: f"{claim.rule}-{claim.policy.code}")
def test_the_cases_reach_both_verdicts(claim: Claim, comparisons: dict[Key, Comparison]) -> None:
    comparison = comparisons[claim.rule, claim.policy.code]
    assert comparison.failed >= FEWEST
    assert comparison.passed >= FEWEST or claim.rule in NEVER_PASSED


def test_every_explanation_occurs(comparisons: dict[Key, Comparison]) -> None:
    found = Counter(
        (why.name, difference.rule)
        for comparison in comparisons.values()
        for difference in comparison.differences
        if (why := explanation(difference)) is not None
    )
    spoken_of = {(each.name, rule) for each in EXPLAINED for rule in each.rules}
    assert spoken_of - set(found) == set(), "take these rules out of their explanations, or add a case"


def test_explanations_speak_of_claimed_rules_only() -> None:
    assert {rule for each in EXPLAINED for rule in each.rules} <= {claim.rule for claim in CLAIMS}


def test_the_generated_cases_are_the_same_every_time(tmp_path: Path) -> None:
    assert list(cases.manifests()) == list(cases.manifests())
    assert len({name for name, _ in cases.manifests()}) > 2000
