"""Label selectors as the API server reads them, and an index that answers them without a scan.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ and
``k8s.io/apimachinery/pkg/apis/meta/v1.LabelSelectorAsSelector``: a missing selector selects nothing, an empty
one everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

RUNTIME_LABELS = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""Labels that controllers put on pods; no template in Git can show them."""

_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


class Requirement(Struct, frozen=True):
    """One condition on one label."""

    key: str
    operator: str
    values: frozenset[str]

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it; ``NotIn`` and ``DoesNotExist`` also hold where the label is missing."""
        found = labels.get(self.key)
        if self.operator == "In":
            return found in self.values
        if self.operator == "NotIn":
            return found not in self.values
        return (found is not None) == (self.operator == "Exists")


class Selector(Struct, frozen=True):
    """All conditions together; none of them selects everything."""

    requirements: tuple[Requirement, ...]

    @property
    def empty(self) -> bool:
        """Whether it selects everything."""
        return not self.requirements

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether every condition holds."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    def declared(self) -> Selector:
        """The same selector without the labels that only a running pod has."""
        return Selector(tuple(each for each in self.requirements if each.key not in RUNTIME_LABELS))

    def text(self) -> str:
        """How a person writes it, e.g. ``app=worker,tier in (a,b)``."""
        return ",".join(_text(requirement) for requirement in self.requirements)


def _text(requirement: Requirement) -> str:
    key, operator, values = requirement.key, requirement.operator, requirement.values
    if operator == "In" and len(values) == 1:
        return f"{key}={min(values)}"
    if operator in ("In", "NotIn"):
        return f"{key} {operator.lower()} ({','.join(sorted(values))})"
    return key if operator == "Exists" else f"!{key}"


def of_labels(labels: Any) -> Selector | None:
    """The selector that a plain map of labels is (a Service's); None when it is missing or no map."""
    if type(labels) is not dict:
        return None
    wanted = plain_labels(labels)
    return Selector(tuple(Requirement(key, "In", frozenset({wanted[key]})) for key in sorted(wanted)))


def of_selector(value: Any) -> Selector | None:
    """The selector that a ``LabelSelector`` is; None, which selects nothing, when it is missing or malformed."""
    if type(value) is not dict:
        return None
    plain = of_labels(value.get("matchLabels", {}))
    listed = value.get("matchExpressions", [])
    if plain is None or type(listed) is not list:
        return None
    expressions = [_requirement(each) for each in listed]
    if None in expressions:
        return None
    return Selector(plain.requirements + tuple(each for each in expressions if each is not None))


def _requirement(value: Any) -> Requirement | None:
    if (
        type(value) is not dict
        or value.get("operator") not in _OPERATORS
        or type(value.get("key")) is not str
    ):
        return None
    values = value.get("values", [])
    if type(values) is not list or any(type(each) is not str for each in values):
        return None
    if (value["operator"] in ("In", "NotIn")) != bool(values):
        return None
    return Requirement(value["key"], value["operator"], frozenset(values))


def plain_labels(value: Any) -> dict[str, str]:
    """The labels of a map that the API server would take: texts."""
    if type(value) is not dict:
        return {}
    return {key: each for key, each in value.items() if type(key) is str and type(each) is str}


class LabelIndex(Generic[T]):
    """Labelled things by namespace and label, so that a selector looks only at its rarest label."""

    def __init__(self) -> None:
        self._all: dict[str | None, list[int]] = {}
        self._postings: dict[tuple[str | None, str, str], list[int]] = {}
        self._items: list[tuple[Mapping[str, str], T]] = []

    def add(self, namespace: str, labels: Mapping[str, str], item: T) -> None:
        """Index one thing under its namespace."""
        number = len(self._items)
        self._items.append((labels, item))
        for scope in (namespace, None):
            self._all.setdefault(scope, []).append(number)
            for key, value in labels.items():
                self._postings.setdefault((scope, key, value), []).append(number)

    def find(self, selector: Selector, namespaces: Iterable[str | None]) -> Iterator[T]:
        """What the selector matches in the given namespaces (None: in every one), in the order added."""
        numbers: set[int] = set()
        for namespace in namespaces:
            numbers.update(self._candidates(selector, namespace))
        for number in sorted(numbers):
            labels, item = self._items[number]
            if selector.matches(labels):
                yield item

    def _candidates(self, selector: Selector, namespace: str | None) -> list[int]:
        best = self._all.get(namespace, [])
        for each in selector.requirements:
            if each.operator != "In":
                continue
            found = [n for value in each.values for n in self._postings.get((namespace, each.key, value), ())]
            if len(found) < len(best):
                best = found
        return best
