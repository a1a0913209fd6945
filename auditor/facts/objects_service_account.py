"""Pod ↔ ServiceAccount ↔ RBAC: which account a pod runs as, and whether anything is granted to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts.beside import Beside
from auditor.facts.neighbours import ELSEWHERE, nearby
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

RBAC = "rbac.authorization.k8s.io"
EVERY_ACCOUNT = "system:serviceaccounts"
"""Group of all accounts; ``system:serviceaccounts:<namespace>`` those of one namespace."""


class ServiceAccountOf:
    """``facts.service_account`` of a pod: ``{name, declared, automount, granted, refs, grants}``.

    ``declared``: the account is among the manifests of the target; ``automount`` is what it says about mounting
    its token: ``true`` (the default) or ``false``. ``granted``: some binding of the target names it. It is
    Unknown where only a namespace that is not written (a kustomize base, say) or another target may join them.
    ``refs`` are the account, ``grants`` the bindings.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts: dict[str, list[Resource]] = {}
        for account in world.kind("", "ServiceAccount"):
            self._accounts.setdefault(account.name, []).append(account)
        self._bound: dict[str, list[tuple[str, Resource]]] = {}
        self._groups: set[str] = set()
        self._beside = Beside(world, "RoleBinding", "ClusterRoleBinding")
        for kind in ("RoleBinding", "ClusterRoleBinding"):
            for binding in world.kind(RBAC, kind):
                self._index(binding)

    def _index(self, binding: Resource) -> None:
        for subject in _subjects(binding):
            kind, name = subject.get("kind"), subject.get("name")
            if type(kind) is not str or type(name) is not str:
                continue
            if kind == "Group":
                # Kubernetes lets every account read its issuer's keys: that is no grant of anybody's.
                if not self._world.is_given(binding):
                    self._groups.add(name)
            elif kind == "ServiceAccount":
                namespace = subject.get("namespace", binding.namespace)
                place = (namespace if type(namespace) is str else "", binding)
                self._bound.setdefault(name, []).append(place)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        pod = instance.extra.get("pod", instance.value)
        name = pod.get("serviceAccountName") or pod.get("serviceAccount") or "default"
        namespace = instance.resource.namespace
        account = self._find(name, namespace)
        return {
            "name": name,
            "declared": account is not None,
            "automount": _automount(account),
            "granted": self._granted(name, instance.resource),
            "refs": [] if account is None else [self._world.ref(account)],
            "grants": [self._world.ref(each) for each in self._sure(name, instance.resource)],
        }

    def _find(self, name: object, namespace: str) -> Resource | None:
        if type(name) is not str:
            return None
        fitting = (a for a in self._accounts.get(name, ()) if _same(a.namespace, namespace))
        return next(fitting, None)

    def _bindings(self, name: object) -> list[tuple[str, Resource]]:
        return self._bound.get(name, []) if type(name) is str else []

    def _sure(self, name: object, owner: Resource) -> list[Resource]:
        """Bindings of the very account: the namespaces are equal as written, or unwritten side by side."""
        distance = nearby(self._world)
        return [
            binding
            for namespace, binding in self._bindings(name)
            if namespace == owner.namespace and (namespace or distance(binding, owner) != ELSEWHERE)
        ]

    def _granted(self, name: object, owner: Resource) -> bool | Unknown:
        namespace = owner.namespace
        if self._sure(name, owner) or self._groups & {EVERY_ACCOUNT, f"{EVERY_ACCOUNT}:{namespace}"}:
            return True
        possible = sorted({found for found, _ in self._bindings(name) if _same(found, namespace)})
        if possible:
            where = (
                f"that of namespace {possible[-1]}" if possible[-1] else "one whose namespace is not written"
            )
            words = f"service account {name} may be {where}, to which something is granted"
            return Unknown(words, "write metadata.namespace, or audit the rendered manifests")

        def grants(binding: Resource) -> bool:
            return any(_names(subject, binding, name, namespace) for subject in _subjects(binding))

        return self._beside.may(owner, f"may grant something to service account {name}", grants)


def _automount(account: Resource | None) -> bool | Unknown:
    said = None if account is None else account.body.get("automountServiceAccountToken")
    return said if isinstance(said, Unknown) else said is not False


def _names(subject: dict[str, Any], binding: Resource, name: object, namespace: str) -> bool:
    """Whether a subject of another target is this account, as both are written."""
    if subject.get("kind") != "ServiceAccount" or subject.get("name") != name:
        return False
    return bool(namespace) and subject.get("namespace", binding.namespace) == namespace


def _same(one: str, other: str) -> bool:
    return one == other or not one or not other


def _subjects(binding: Resource) -> Iterator[dict[str, Any]]:
    listed = binding.body.get("subjects")
    for subject in listed if type(listed) is list else ():
        if type(subject) is dict:
            yield subject
