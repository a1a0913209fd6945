"""Suppressions that teams already wrote for other tools, as annotations of Kubernetes objects. Pure.

Formats: checkov ``checkov.io/skip1: CKV_K8S_20=reason``; kube-linter ``ignore-check.kube-linter.io/<check>``
and ``kube-linter.io/ignore-all``; kube-score ``kube-score/ignore: a,b``; Polaris
``polaris.fairwinds.com/<check>-exempt: "true"`` and ``polaris.fairwinds.com/exempt: "true"``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from auditor.model import Path, Resource, Target
from auditor.views.pods import TEMPLATES, dig
from auditor.waivers import Rule

EVERYTHING = "*"
"""The rule of a suppression that silences the whole tool."""
Suppression = tuple[str, str]
"""Rule id and reason."""

_CHECKOV = r"checkov\.io/skip\d+"
_POLARIS = r"polaris\.fairwinds\.com/(?:(?P<check>.+)-)?exempt"
_KUBE_LINTER = "ignore-check.kube-linter.io/"


def _checkov(key: str, value: str) -> Iterator[Suppression]:
    if re.fullmatch(_CHECKOV, key):
        name, _, reason = value.partition("=")
        yield name.strip(), reason.strip()


def _kube_linter(key: str, value: str) -> Iterator[Suppression]:
    if key.startswith(_KUBE_LINTER):
        yield key.removeprefix(_KUBE_LINTER), value.strip()
    elif key == "kube-linter.io/ignore-all":
        yield EVERYTHING, value.strip()


def _kube_score(key: str, value: str) -> Iterator[Suppression]:
    if key == "kube-score/ignore":
        yield from ((name.strip(), "") for name in value.split(",") if name.strip())


def _polaris(key: str, value: str) -> Iterator[Suppression]:
    match = re.fullmatch(_POLARIS, key)
    if match and value.strip().lower() == "true":
        yield match["check"] or EVERYTHING, ""


_READERS: dict[str, Callable[[str, str], Iterator[Suppression]]] = {
    "checkov": _checkov,
    "kube-linter": _kube_linter,
    "kube-score": _kube_score,
    "polaris": _polaris,
}


def annotation_rules(targets: Iterable[Target], honour: Collection[str]) -> list[Rule]:
    """A rule for each suppression in the annotations of an object or of its pod template."""
    readers = [(tool, _READERS[tool]) for tool in honour if tool in _READERS]
    if not readers:
        return []
    from glob import escape

    return [
        Rule(
            name,
            *_place(resource, (*path, key)),
            reason or f"suppressed for {tool}",
            owner=escape(resource.key),
            target=escape(target.name),
            tool=tool,
        )
        for target in targets
        for resource in target.resources
        for path, key, value in _annotations(resource)
        for tool, reader in readers
        for name, reason in reader(key, value)
    ]


def _annotations(resource: Resource) -> Iterator[tuple[Path, str, str]]:
    template = TEMPLATES.get((resource.group, resource.kind), ())
    for path in dict.fromkeys((("metadata", "annotations"), (*template, "metadata", "annotations"))):
        found = dig(resource.body, path)
        if type(found) is dict:
            yield from ((path, key, value) for key, value in found.items() if isinstance(value, str))


def _place(resource: Resource, path: Path) -> tuple[str, int]:
    place = resource.origin.locate(path)
    return place.file, place.span.line if place.span else 0
