"""The README's figures and paths are those of today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.catalog import builtin_folder, load_folder

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_it_counts_the_policies_and_their_fixes() -> None:
    policies = load_folder(builtin_folder())
    assert f"by {len(policies)} declared policies" in README
    assert f"| policies or checks | {len(policies)} |" in README
    assert f"| {sum(policy.fix is not None for policy in policies)} policies, proved |" in README


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_its_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
