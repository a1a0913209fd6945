"""Drift skips what is written alike on both sides: whatever the objects, it finds what it would find without."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from auditor.drift import compare
from auditor.unknown import Unknown

NAMES = st.sampled_from(["name", "image", "ports", "limits", "cpu", "args", "env", "value"])
LEAVES = st.sampled_from([1, 2, 0, "", "a", "1", "100m", "0.1", "5m", "300s", None, Unknown("hidden")])


def told_apart(value: dict[str, Any]) -> dict[str, Any]:
    """A list whose elements have unknown names cannot be compared, and the object is not assessed: not meant here."""
    return {key: "b" if key == "name" and isinstance(each, Unknown) else each for key, each in value.items()}


VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4).map(told_apart),
    max_leaves=12,
)
BODIES = st.fixed_dictionaries({"spec": st.dictionaries(NAMES, VALUES, max_size=4)})


def found(declared: dict[str, Any], live: dict[str, Any]) -> list[str]:
    return [
        f"{each.path} {each.there} {each.want!r} {each.have!r}"
        for each in compare.differences(declared, live)
    ]


@given(BODIES, BODIES)
def test_what_is_skipped_has_no_difference(declared: dict[str, Any], live: dict[str, Any]) -> None:
    short = found(declared, live)
    with patch.object(compare, "_identical", lambda want, have: False):
        assert found(declared, live) == short


@given(BODIES)
def test_an_object_has_no_drift_from_itself(body: dict[str, Any]) -> None:
    assert found(body, body) == []
