"""Label selectors mean what the API server means by them, and the index gives what a scan would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.facts.selectors import LabelIndex, Selector, of_labels, of_selector


def selector(value: object) -> Selector:
    found = of_selector(value)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "labels", "wanted"),
    [
        ({}, {}, True),
        ({"matchLabels": {"app": "a"}}, {"app": "a", "tier": "x"}, True),
        ({"matchLabels": {"app": "a"}}, {"app": "b"}, False),
        ({"matchLabels": {"app": "a", "tier": "x"}}, {"app": "a"}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, {"app": "b"}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, {}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, {"app": "a"}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, {"app": "anything"}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, {}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, {"app": "a"}, False),
        (
            {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]},
            {"app": "a", "old": "1"},
            False,
        ),
    ],
)
def test_every_operator_holds_as_documented(value: object, labels: dict[str, str], wanted: bool) -> None:
    assert selector(value).matches(labels) is wanted


@pytest.mark.parametrize(
    "value",
    [
        None,
        "app=a",
        {"matchLabels": ["app"]},
        {"matchExpressions": {}},
        {"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]},
        {"matchExpressions": [{"key": "app", "operator": "In"}]},
        {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["a"]}]},
        {"matchExpressions": [{"operator": "Exists"}]},
    ],
)
def test_a_missing_or_malformed_selector_selects_nothing(value: object) -> None:
    assert of_selector(value) is None


def test_labels_that_only_running_pods_have_are_left_out() -> None:
    found = of_labels({"app": "db", "statefulset.kubernetes.io/pod-name": "db-0"})
    assert found is not None
    assert not found.matches({"app": "db"})
    assert found.declared().matches({"app": "db"})


def test_a_selector_reads_as_a_person_writes_it() -> None:
    value = {
        "matchLabels": {"app": "a"},
        "matchExpressions": [
            {"key": "tier", "operator": "NotIn", "values": ["x", "b"]},
            {"key": "gpu", "operator": "Exists"},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    }
    assert selector(value).text() == "app=a,tier notin (b,x),gpu,!old"


KEYS, VALUES, SPACES = st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from(["", "one", "two"])
LABELS = st.dictionaries(KEYS, VALUES, max_size=3)
EXPRESSIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "key": KEYS,
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(VALUES, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"key": KEYS, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
SELECTORS = st.fixed_dictionaries(
    {"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS, max_size=2)}
)


@given(st.lists(st.tuples(SPACES, LABELS), max_size=12), SELECTORS, st.lists(SPACES, min_size=1, max_size=2))
def test_the_index_finds_what_a_scan_finds(
    things: list[tuple[str, dict[str, str]]], value: object, namespaces: list[str]
) -> None:
    index: LabelIndex[int] = LabelIndex()
    for number, (namespace, labels) in enumerate(things):
        index.add(namespace, labels, number)
    wanted = [n for n, (space, labels) in enumerate(things) if selector(value).matches(labels)]
    assert list(index.find(selector(value), [None])) == wanted
    assert list(index.find(selector(value), namespaces)) == [n for n in wanted if things[n][0] in namespaces]


class Counted(Mapping[str, str]):
    """Labels that count how often somebody looks one up."""

    looks = 0

    def __init__(self, labels: dict[str, str]) -> None:
        self._labels = labels

    def __getitem__(self, key: str) -> str:
        Counted.looks += 1
        return self._labels[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)


def test_a_thousand_selectors_over_a_thousand_things_look_at_few_of_them() -> None:
    index: LabelIndex[int] = LabelIndex()
    for number in range(1000):
        index.add("prod", Counted({"part-of": "shop", "app": f"a{number}"}), number)
    Counted.looks = 0
    for number in range(1000):
        wanted = selector({"matchLabels": {"part-of": "shop", "app": f"a{number}"}})
        assert list(index.find(wanted, ["prod", ""])) == [number]
    assert Counted.looks <= 4000
