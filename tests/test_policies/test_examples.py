"""Every policy holds on its own examples, and every policy is complete."""

from __future__ import annotations

import pytest

from auditor.catalog import INDEX, builtin_folder, load_folder, write_index
from auditor.harness import lint, prove
from auditor.policy import Policy

POLICIES = load_folder(builtin_folder())


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: f"{policy.code}-{policy.id}")
def test_examples_prove_the_policy(policy: Policy) -> None:
    assert list(prove(policy, builtin_folder())) == []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: f"{policy.code}-{policy.id}")
def test_lint_has_no_complaint(policy: Policy) -> None:
    assert list(lint(policy)) == []


def test_index_is_current() -> None:
    assert (builtin_folder() / INDEX).read_bytes() == write_index(builtin_folder()), "run: make generate"
