"""Views name the API groups they read, so that others need not load; a name left out would blind a policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.catalog import load_builtin
from auditor.sources.git import GitSource
from auditor.sources.tree import Tree
from auditor.views import GROUPS, VIEWS, reads, view

ROOT = Path(__file__).resolve().parents[2]
CONSTANTS = ROOT / "auditor" / "views"


def every_kind() -> set[tuple[str, str]]:
    """(apiVersion, kind) of every object in the examples of all policies, and of every kind they name."""
    inventory = GitSource(Tree(ROOT / "policies")).collect()
    found = {(r.api_version, r.kind) for target in inventory.targets for r in target.resources}
    for policy in load_builtin():
        for pattern in policy.match.kinds:
            version, _, kind = pattern.replace("*", "v1").rpartition("/")
            found.add((version, kind))
    return found


KINDS = sorted(every_kind())


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_view_reads_what_the_table_says_without_loading_it(name: str) -> None:
    assert [kind for kind in KINDS if view(name).reads(*kind) is not reads(name, *kind)] == []


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_a_view_names_no_group_that_it_does_not_read(name: str) -> None:
    source = (ROOT / (VIEWS[name].partition(":")[0].replace(".", "/") + ".py")).read_text()
    for group in GROUPS[name]:
        assert json.dumps(group.rpartition("/")[2])[1:-1] in source
