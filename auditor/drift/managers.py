"""Who set a field last: ``metadata.managedFields``, read path by path. Pure.

Semantics: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from auditor.model import Path

Sort = Literal["controller", "human", "applier", "program"]

APPLIERS = frozenset(
    {
        "argocd-application-controller",
        "argocd-controller",
        "eksctl",
        "flux",
        "helm",
        "helm-controller",
        "kubectl",
        "kubectl-client-side-apply",
        "kubectl-create",
        "kubectl-last-applied",
        "kustomize-controller",
        "pulumi",
        "terraform",
    }
)
"""Programs that apply what is declared somewhere. ``kubectl`` alone is ``kubectl apply --server-side``."""

HUMAN_PREFIXES = (
    "kubectl-annotate",
    "kubectl-autoscale",
    "kubectl-edit",
    "kubectl-expose",
    "kubectl-label",
    "kubectl-patch",
    "kubectl-replace",
    "kubectl-rollout",
    "kubectl-run",
    "kubectl-scale",
    "kubectl-set",
    "kubectl-taint",
    "dashboard",
    "freelens",
    "headlamp",
    "k9s",
    "lens",
    "mozilla",
    "node-fetch",
    "openlens",
)
"""How the names begin under which people write by hand."""

CONTROLLERS = frozenset(
    {
        "cluster-autoscaler",
        "coredns",
        "horizontal-pod-autoscaler",
        "karpenter",
        "keda",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kwok",
        "kyverno",
        "vpa-recommender",
        "vpa-updater",
    }
)
_CONTROLLER_ENDINGS = (
    "-autoscaler",
    "-controller",
    "-controller-manager",
    "-injector",
    "-operator",
    "-webhook",
)


class Manager(NamedTuple):
    """Who wrote, how, on which subresource, and when (RFC 3339; '' when unknown)."""

    name: str
    operation: str = ""
    subresource: str = ""
    time: str = ""

    @property
    def sort(self) -> Sort:
        """What kind of writer it is. What nobody knows is a program: a finding, since Git did not ask for it."""
        name = self.name.lower()
        if self.operation == "Apply" or name in APPLIERS:
            return "applier"
        if name.startswith(HUMAN_PREFIXES):
            return "human"
        if self.subresource in ("scale", "status", "resize"):
            return "controller"
        known = name in CONTROLLERS or name.endswith(_CONTROLLER_ENDINGS)
        return "controller" if known else "program"

    @property
    def text(self) -> str:
        """As a person reads it."""
        how = f"{self.name} ({self.operation}{f' of {self.subresource}' if self.subresource else ''})"
        return f"{how} at {self.time}" if self.time else how


NOBODY = Manager("")


def manager_of(live: dict[str, Any], path: Path) -> Manager:
    """The last writer of a path, else of its nearest ancestor that somebody owns; :data:`NOBODY` without any.

    A field that is gone has no owner any more: who wrote beside it last is the likeliest to have removed it.
    """
    entries = [*_entries(live)]
    for length in range(len(path), 0, -1):
        found = _owners(entries, live, path[:length])
        if found:
            return max(found, key=lambda each: each.time)
    return max((manager for manager, _ in entries), key=lambda each: each.time, default=NOBODY)


def owners_of(live: dict[str, Any], path: Path) -> list[Manager]:
    """Everybody who owns a path itself: several programs may, by server-side apply."""
    return _owners([*_entries(live)], live, path)


def _owners(entries: list[tuple[Manager, dict[str, Any]]], live: dict[str, Any], path: Path) -> list[Manager]:
    return [manager for manager, fields in entries if _owns(fields, live, path)]


def _entries(live: dict[str, Any]) -> Iterator[tuple[Manager, dict[str, Any]]]:
    metadata = live.get("metadata")
    listed = metadata.get("managedFields") if type(metadata) is dict else None
    for each in listed if type(listed) is list else ():
        fields = each.get("fieldsV1") if type(each) is dict else None
        if type(fields) is dict and each.get("subresource") != "status":
            names = (str(each.get(key) or "") for key in ("manager", "operation", "subresource", "time"))
            yield Manager(*names), fields


def _owns(fields: dict[str, Any], live: Any, path: Path) -> bool:
    """Whether a field set holds a path of the live object, or an atomic value around it."""
    at = fields
    for step in path:
        if not at:
            return at is not fields  # a leaf: whatever is below belongs to it
        key = f"f:{step}" if type(step) is str else _element(at, live, step)
        if key is None or type(at.get(key)) is not dict:
            return False
        at = at[key]
        live = live.get(step) if type(live) is dict else _at(live, step)
    return True


def _at(listed: Any, index: Any) -> Any:
    return listed[index] if type(listed) is list and type(index) is int and index < len(listed) else None


def _element(fields: dict[str, Any], listed: Any, index: int | str) -> str | None:
    """The key under which a field set speaks of a list element."""
    element = _at(listed, index)
    for key in fields:
        if key.startswith("k:") and type(element) is dict and _fits(key[2:], element):
            return key
        if key.startswith("v:") and json.loads(key[2:]) == element:
            return key
    return None


def _fits(text: str, element: dict[str, Any]) -> bool:
    wanted = json.loads(text)
    return type(wanted) is dict and all(element.get(name) == value for name, value in wanted.items())


def applied(live: dict[str, Any]) -> bool:
    """Whether something declarative has written the object: somewhere there is a manifest of it."""
    return any(manager.sort == "applier" for manager in writers(live))


def writers(live: dict[str, Any]) -> Iterable[Manager]:
    """Everybody who has written the object."""
    return (manager for manager, _ in _entries(live))
