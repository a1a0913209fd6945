"""Node labels against nodeSelector and required node affinity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from auditor.model import Path
from auditor.unknown import Unknown
from auditor.views.expressions import expression_holds
from auditor.views.pods import dig

TERMS: Path = (
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
)

LabelsOf = Callable[[str], Any]
"""A label's key → what it may be on a node: its values ([]: absent), Unknown, or None for any value."""


class Mismatch(Struct, frozen=True):
    """The expression that no node of the group satisfies, and where it stands in the pod spec."""

    text: str
    key: str
    path: Path
    values: tuple[str, ...] = ()


def selector_expressions(pod: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """``nodeSelector`` as expressions, each with its place."""
    selector = pod.get("nodeSelector")
    for key, value in selector.items() if type(selector) is dict else ():
        yield ("nodeSelector", key), {"key": key, "operator": "In", "values": [value]}


def affinity_terms(pod: dict[str, Any]) -> list[list[tuple[Path, dict[str, Any]]]]:
    """Required node affinity: any term may hold, all expressions of a term must. An empty term matches no
    node, as in the scheduler."""
    terms = dig(pod, TERMS)
    found = []
    for index, term in enumerate(terms if type(terms) is list else ()):
        listed = dig(term, ("matchExpressions",))
        found.append(
            [
                ((*TERMS, index, "matchExpressions", at), each)
                for at, each in enumerate(listed if type(listed) is list else ())
                if type(each) is dict
            ]
        )
    return [term for term in found if term]


def spread_keys(pod: dict[str, Any]) -> list[str]:
    """Topology keys of hard spread constraints that nodes may lack; every node has a host name."""
    listed = pod.get("topologySpreadConstraints")
    return [
        each["topologyKey"]
        for each in (listed if type(listed) is list else ())
        if type(each) is dict
        and isinstance(each.get("topologyKey"), str)
        and each["topologyKey"] != "kubernetes.io/hostname"
        and isinstance(each.get("whenUnsatisfiable", "DoNotSchedule"), str)
        and each.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"
    ]


def mismatch(pod: dict[str, Any], labels: LabelsOf) -> Mismatch | Unknown | None:
    """Why the pod's selectors exclude a node with these labels; None when they do not."""
    required = _first_failure(list(selector_expressions(pod)), labels)
    if isinstance(required, Mismatch):
        return required
    unsure = required
    terms = affinity_terms(pod)
    failures = [_first_failure(term, labels) for term in terms]
    if not terms or any(failure is None for failure in failures):
        return unsure
    unknown = next((failure for failure in failures if isinstance(failure, Unknown)), None)
    if unknown is not None:
        return unknown
    return next(failure for failure in failures if isinstance(failure, Mismatch))


def _first_failure(
    expressions: list[tuple[Path, dict[str, Any]]], labels: LabelsOf
) -> Mismatch | Unknown | None:
    unsure: Unknown | None = None
    for path, each in expressions:
        answer = holds(each, labels)
        if isinstance(answer, Unknown):
            unsure = answer
        elif not answer:
            values = each.get("values")
            known = tuple(str(value) for value in values) if type(values) is list else ()
            return Mismatch(written(each), str(each.get("key")), path, known)
    return unsure


def holds(expression: dict[str, Any], labels: LabelsOf) -> bool | Unknown:
    """Whether a node with these labels satisfies one expression."""
    listed = expression.get("values")
    for part in (expression.get("key"), listed, *(listed if type(listed) is list else ())):
        if isinstance(part, Unknown):
            return part
    values = labels(str(expression.get("key")))
    if values is None:
        return expression.get("operator") != "DoesNotExist"
    if isinstance(values, Unknown):
        return values
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    if unknown is not None and expression.get("operator") not in ("Exists", "DoesNotExist"):
        return unknown
    return expression_holds(values, expression)


def written(expression: dict[str, Any]) -> str:
    """An expression as a person writes it: ``workload=gpu``, ``zone in (a, b)``."""
    key, operator = expression.get("key"), expression.get("operator")
    listed = expression.get("values")
    values = [str(each) for each in listed] if type(listed) is list else []
    if operator == "In" and len(values) == 1:
        return f"{key}={values[0]}"
    if operator in ("Exists", "DoesNotExist"):
        return f"{key}" if operator == "Exists" else f"!{key}"
    signs = {"In": "in", "NotIn": "not in", "Gt": ">", "Lt": "<"}
    return f"{key} {signs.get(str(operator), operator)} ({', '.join(values)})"
