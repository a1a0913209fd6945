"""The differences between a manifest and the live object, along the manifest's own paths. Pure.

Lists whose elements have a merge key are compared by it, as the API server merges them; others element by element.
An empty value of the manifest (``{}``, ``""``, ``0``, ``false``, null) and an absent live one are the same:
serialisation drops them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from auditor.masking import CONTAINERS, blank_environment, blank_lines, keys_in
from auditor.model import Path
from auditor.paths import ATOMIC, MERGE_KEYS
from auditor.patterns import regex
from auditor.quantity import QuantityError, parse_quantity
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.pods import TEMPLATES, dig

ABSENT = object()
"""Stands for a live value that is not there."""

NOT_COMPARED = frozenset({"apiVersion", "kind", "status", "metadata"})
METADATA = ("labels", "annotations")
TOOL_ANNOTATIONS = (
    "argocd.argoproj.io/",
    "config.kubernetes.io/",
    "config.k8s.io/",
    "deployment.kubernetes.io/",
    "helm.sh/",
    "internal.config.kubernetes.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/",
    "meta.helm.sh/",
)
"""Annotations that tools keep for themselves; ``auditor.dev/`` ones are declarations and are compared."""

_QUANTITIES = frozenset({"capacity", "hard", "limits", "max", "min", "requests", "default", "defaultRequest"})
_QUANTITY_FIELDS = frozenset({"averageValue", "divisor", "sizeLimit", "storage", "value", "targetValue"})
_DURATION = regex(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+")
_PART = regex(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": -9, "us": -6, "µs": -6, "ms": -3, "s": 0}
_EMPTY: tuple[Any, ...] = (None, "", 0, False)


class Difference(NamedTuple):
    """One path of the manifest whose live value is another. ``have`` is :data:`ABSENT` where there is none.

    ``path`` is in the manifest, ``there`` in the live object: elements of a list may stand in another order.
    """

    path: Path
    there: Path
    want: Any
    have: Any


def differences(declared: dict[str, Any], live: dict[str, Any]) -> list[Difference]:
    """Every difference, in the manifest's order. ``declared`` is a body as sources hand it over."""
    declared = _prepared(declared)
    found: list[Difference] = []
    for field in METADATA:
        place = ("metadata", field)
        _walk(_metadata(declared, field), _metadata(live, field), place, place, found)
    for key, want in declared.items():
        if key not in NOT_COMPARED:
            _walk(want, live.get(key, ABSENT), (key,), (key,), found)
    if declared.get("kind") == "Secret" and "/" not in str(declared.get("apiVersion")):
        return [each for each in found if each.have is ABSENT]
    return found


def alike(want: Any, have: Any, path: Path) -> bool:
    """Whether what a manifest wants at a path is there, by the rules of :func:`differences`."""
    found: list[Difference] = []
    _walk(want, have, path, path, found)
    return not found


def _metadata(body: dict[str, Any], field: str) -> dict[str, Any]:
    found = dig(body, ("metadata", field))
    if type(found) is not dict:
        return {}
    return {key: value for key, value in found.items() if not key.startswith(TOOL_ANNOTATIONS)}


def _prepared(body: dict[str, Any]) -> dict[str, Any]:
    """The manifest as it is after the same blanking as what was read from the cluster."""
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    kind = body.get("kind")
    if (group, kind) == ("", "Secret"):
        merged = {**_map(body.get("data")), **_map(body.get("stringData"))}
        return {key: value for key, value in body.items() if key != "stringData"} | {"data": merged}
    if (group, kind) == ("", "ConfigMap"):
        texts = {k: blank_lines(v) if type(v) is str else v for k, v in _map(body.get("data")).items()}
        return {key: value for key, value in body.items() if key != "binaryData"} | {"data": texts}
    template = TEMPLATES.get((group, str(kind)))
    if template is None or type(dig(body, (*template, "spec"))) is not dict:
        return body
    body = _own_pod(body, template)
    blank_environment(dig(body, (*template, "spec")))
    return body


def _own_pod(body: dict[str, Any], template: Path) -> dict[str, Any]:
    """The body with its own copy of what blanking writes to, and of what leads there."""
    own = dict(body)
    at: Any = own
    for step in (*template, "spec"):
        at[step] = dict(at[step])
        at = at[step]
    for field in CONTAINERS:
        if type(at.get(field)) is list:
            at[field] = [_own_container(each) for each in at[field]]
    return own


def _own_container(container: Any) -> Any:
    if type(container) is not dict or type(container.get("env")) is not list:
        return dict(container) if type(container) is dict else container
    return {**container, "env": [dict(each) if type(each) is dict else each for each in container["env"]]}


def _map(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _walk(want: Any, have: Any, path: Path, there: Path, found: list[Difference]) -> None:
    if isinstance(want, Unknown) or isinstance(have, Unknown):
        return
    if have is ABSENT:
        if not _is_empty(want):
            found.append(Difference(path, there, want, ABSENT))
    elif type(want) is dict and type(have) is dict:
        for key, inner in want.items():
            other = have.get(key, ABSENT)
            if not _identical(inner, other):
                _walk(inner, other, (*path, key), (*there, key), found)
    elif type(want) is list and type(have) is list:
        _lists(want, have, path, there, found)
    elif not _same(want, have, path):
        found.append(Difference(path, there, want, have))


def _identical(want: Any, have: Any) -> bool:
    """Whether both sides are written alike: most of a manifest is, and need not be walked."""
    if type(want) is not type(have):
        return False
    try:
        return bool(want == have)
    except UnknownUsed:
        return False


def _lists(want: list[Any], have: list[Any], path: Path, there: Path, found: list[Difference]) -> None:
    keys = _merge_keys(str(path[-1]), want)
    if keys is None:
        if not _alike(want, have, path):
            found.append(Difference(path, there, want, have))
        return
    places = {_identity(each, keys): index for index, each in enumerate(have) if type(each) is dict}
    for index, ours in enumerate(want):
        place = places.get(_identity(ours, keys))
        theirs = ABSENT if place is None else have[place]
        if not _identical(ours, theirs):
            _walk(ours, theirs, (*path, index), there if place is None else (*there, place), found)


def _alike(want: list[Any], have: list[Any], path: Path) -> bool:
    """Whether atomic lists are the same, element by element; defaults inside elements do not count."""
    return len(want) == len(have) and all(
        alike(ours, theirs, path) for ours, theirs in zip(want, have, strict=True)
    )


def _merge_keys(field: str, elements: list[Any]) -> tuple[str, ...] | None:
    """The fields that tell the elements apart; None for an atomic list."""
    if field in ATOMIC or not elements or not all(type(each) is dict for each in elements):
        return None
    for keys in (*MERGE_KEYS.get(field, ()), ("name",)):
        if "metadata.name" in keys or any(keys[0] not in each for each in elements):
            continue
        if len({_identity(each, keys) for each in elements}) == len(elements):
            return keys
    return None


_DEFAULTS = {"protocol": "TCP"}


def _identity(element: dict[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(element.get(key, _DEFAULTS.get(key, ""))) for key in keys)


def _is_empty(value: Any) -> bool:
    """Whether a manifest says nothing by a value; of an unknown one nothing is claimed."""
    if isinstance(value, Unknown):
        return True
    if type(value) is dict:
        return all(_is_empty(inner) for inner in value.values())
    return not value if type(value) is list else any(value is each or value == each for each in _EMPTY)


def _same(want: Any, have: Any, path: Path) -> bool:
    if type(want) is type(have) and want == have:
        return True
    if isinstance(want, bool) or isinstance(have, bool) or isinstance(want, dict | list):
        return False
    if isinstance(want, int | float) and isinstance(have, int | float):
        return want == have
    if type(have) is str and keys_in(have):
        return True  # a key stood there and was blanked: whether it is the same one is not known, nor shown
    if _is_quantity(path):
        return _amount(want) is not None and _amount(want) == _amount(have)
    return _seconds(want) is not None and _seconds(want) == _seconds(have)


def _is_quantity(path: Path) -> bool:
    names = [str(step) for step in path[-2:]]
    return names[-1] in _QUANTITY_FIELDS or (len(names) > 1 and names[0] in _QUANTITIES)


def _amount(value: Any) -> Fraction | None:
    try:
        return parse_quantity(value)
    except QuantityError:
        return None


def _seconds(value: Any) -> Fraction | None:
    if type(value) is not str or _DURATION.fullmatch(value) is None:
        return None
    return sum((_part(amount, unit) for amount, unit in _PART.findall(value)), Fraction(0))


def _part(amount: str, unit: str) -> Fraction:
    if unit in ("m", "h"):
        return Fraction(amount) * (60 if unit == "m" else 3600)
    return Fraction(amount) * Fraction(10) ** _SECONDS[unit]
