"""RoleBinding ↔ role ↔ subjects: what a binding really grants, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.facts.neighbours import nearest
from auditor.facts.pods import neighbours_of
from auditor.facts.services import listed
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

GROUP = "rbac.authorization.k8s.io"
BUILT_IN = (
    frozenset({"extension-apiserver-authentication-reader"}),
    frozenset({"admin", "cluster-admin", "edit", "view"}),
)
"""Roles, and ClusterRoles, that every cluster has, beside those that begin with ``system:``."""


class Binding:
    """``facts.binding`` of a RoleBinding or ClusterRoleBinding: ``{role, found, grants_all, subjects, refs}``.

    ``found``: whether the role exists (the API server's own always do). ``grants_all``: a rule of it allows every
    verb on every resource of every group. ``subjects``: ``[{title, kind, name, found}]``, ``found`` telling of
    ServiceAccounts whether they are in Git.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._named: dict[tuple[str, str], list[Resource]] = {}
        for group, kind in ((GROUP, "Role"), (GROUP, "ClusterRole"), ("", "ServiceAccount")):
            for resource in world.kind(group, kind):
                self._named.setdefault((kind, resource.name), []).append(resource)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        binding = instance.resource
        kind = str(dig(binding.body, ("roleRef", "kind")) or "")
        name = str(dig(binding.body, ("roleRef", "name")) or "")
        found = self._roles(binding, kind, name)
        return {
            "role": f"{kind} {name}",
            "found": bool(found) or self._missing(binding, kind, name),
            "grants_all": name == "cluster-admin" or any(grants_all(role) for role in found),
            "subjects": [
                self._subject(binding, subject) for _, subject in listed(binding.body, ("subjects",))
            ],
            "refs": [self._world.ref(role, ("rules",)) for role in found],
        }

    def _roles(self, binding: Resource, kind: str, name: str) -> list[Resource]:
        named = self._named.get((kind, name), [])
        if kind == "Role":
            named = [role for role in named if role.namespace == binding.namespace or not role.namespace]
        return nearest(self._world, binding, named, lambda role: role)

    def _missing(self, binding: Resource, kind: str, name: str) -> bool | Unknown:
        if not name or name.startswith("system:") or name in BUILT_IN[kind == "ClusterRole"]:
            return True
        namespace = "" if kind == "ClusterRole" else binding.namespace
        return neighbours_of(self._world).missing(
            binding, f"{kind} {name}", ((GROUP, kind),), (name,), namespace
        )

    def _subject(self, binding: Resource, subject: dict[str, Any]) -> dict[str, Any]:
        kind, name = str(subject.get("kind", "")), str(subject.get("name", ""))
        namespace = str(subject.get("namespace", binding.namespace))
        return {
            "title": f"{kind} {namespace}/{name}"
            if kind == "ServiceAccount" and namespace
            else f"{kind} {name}",
            "kind": kind,
            "name": name,
            "found": kind != "ServiceAccount" or name == "default" or self._account(binding, name, namespace),
        }

    def _account(self, binding: Resource, name: str, namespace: str) -> bool | Unknown:
        named = self._named.get(("ServiceAccount", name), [])
        if any(each.namespace in (namespace, "") or not namespace for each in named):
            return True
        what = f"ServiceAccount {name}"
        return neighbours_of(self._world).missing(
            binding, what, (("", "ServiceAccount"),), (name,), namespace
        )


def grants_all(role: Resource) -> bool:
    """Whether one rule of a role allows every verb on every resource of every group."""
    return any(
        all("*" in _texts(rule.get(field)) for field in ("apiGroups", "resources", "verbs"))
        for _, rule in listed(role.body, ("rules",))
    )


def _texts(value: Any) -> list[Any]:
    return value if type(value) is list else []
