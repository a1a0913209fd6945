"""What Argo CD is told for all of its Applications at once, in the ConfigMap argocd-cm. Pure.

Semantics: https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/#system-level-configuration and
https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from auditor.model import Resource

CONFIG_MAP = "argocd-cm"
INSTANCE = "app.kubernetes.io/instance"
_KEY = "resource.customizations.ignoreDifferences."
_OLD_KEY = "resource.customizations"
_LABEL_KEY = "application.instanceLabelKey"
_METHOD_KEY = "application.resourceTrackingMethod"

Entry = dict[str, Any]
"""As in ``spec.ignoreDifferences`` of an Application."""


class ArgoSettings(NamedTuple):
    """What bears on drift."""

    entries: tuple[Entry, ...] = ()
    label: str = INSTANCE
    """The label that makes an object an Application's; '' where only the annotation does."""


def settings_in(resources: Iterable[Resource], namespace: str = "") -> ArgoSettings | None:
    """The settings of the Argo CD of a namespace ('' or none there: of any); None where nobody wrote any."""
    found = [
        each for each in resources if (each.group, each.kind, each.name) == ("", "ConfigMap", CONFIG_MAP)
    ]
    near = [each for each in found if namespace and each.namespace == namespace]
    data = (near or found)[0].body.get("data") if found else None
    if not found:
        return None
    return settings_of(data if type(data) is dict else {})


def settings_of(data: dict[str, Any]) -> ArgoSettings:
    """The settings that the data of argocd-cm make. What is no YAML is left out: Argo CD does not take it either."""
    by_annotation = _text(data, _METHOD_KEY) == "annotation"
    label = "" if by_annotation else (_text(data, _LABEL_KEY) or INSTANCE)
    return ArgoSettings((*_entries(data), *_old_entries(data)), label)


def _entries(data: dict[str, Any]) -> Iterator[Entry]:
    """``resource.customizations.ignoreDifferences.GROUP_KIND``, one key for each kind; ``all`` is for every one."""
    for key in sorted(data):
        if key.startswith(_KEY):
            name = key.removeprefix(_KEY)
            group, _, kind = ("*", "", "*") if name == "all" else name.rpartition("_")
            yield from _entry(group, kind, _yaml(_text(data, key)))


def _old_entries(data: dict[str, Any]) -> Iterator[Entry]:
    """``resource.customizations``: one text for all kinds, as it was written before 2.0 and is still read."""
    found = _yaml(_text(data, _OLD_KEY))
    for name, parts in found.items() if type(found) is dict else ():
        if type(parts) is dict:
            group, _, kind = str(name).rpartition("/")
            yield from _entry(group, kind, _yaml(str(parts.get("ignoreDifferences") or "")))


def _entry(group: str, kind: str, written: Any) -> Iterator[Entry]:
    if type(written) is dict:
        yield {**written, "group": group, "kind": kind}


def _text(data: dict[str, Any], key: str) -> str:
    found = data.get(key)
    return found.strip() if type(found) is str else ""


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
