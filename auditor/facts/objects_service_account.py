"""Pod ↔ ServiceAccount ↔ RBAC: which account a pod runs as, and whether anything is granted to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

RBAC = "rbac.authorization.k8s.io"
EVERY_ACCOUNT = "system:serviceaccounts"
"""Group of all accounts; ``system:serviceaccounts:<namespace>`` those of one namespace."""


class ServiceAccountOf:
    """``facts.service_account`` of a pod: ``{name, declared, automount, granted, refs}``.

    ``declared``: the account is among the manifests of the target; ``automount`` is what it says about mounting
    its token: ``true`` (the default) or ``false``. ``granted``: some binding of the target names it.
    A namespace that is not written (a kustomize base, say) fits every namespace.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts: dict[str, list[Resource]] = {}
        for account in world.kind("", "ServiceAccount"):
            self._accounts.setdefault(account.name, []).append(account)
        self._bound: dict[str, set[str]] = {}
        self._groups: set[str] = set()
        for kind in ("RoleBinding", "ClusterRoleBinding"):
            for binding in world.kind(RBAC, kind):
                self._index(binding)

    def _index(self, binding: Resource) -> None:
        for subject in _subjects(binding):
            kind, name = subject.get("kind"), subject.get("name")
            if type(kind) is not str or type(name) is not str:
                continue
            if kind == "Group":
                self._groups.add(name)
            elif kind == "ServiceAccount":
                namespace = subject.get("namespace", binding.namespace)
                self._bound.setdefault(name, set()).add(namespace if type(namespace) is str else "")

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
            "granted": self._granted(name, namespace),
            "refs": [] if account is None else [self._world.ref(account)],
        }

    def _find(self, name: object, namespace: str) -> Resource | None:
        if type(name) is not str:
            return None
        fitting = (a for a in self._accounts.get(name, ()) if _same(a.namespace, namespace))
        return next(fitting, None)

    def _granted(self, name: object, namespace: str) -> bool:
        bound = self._bound.get(name, set()) if type(name) is str else set()
        if any(_same(found, namespace) for found in bound):
            return True
        return bool(self._groups & {EVERY_ACCOUNT, f"{EVERY_ACCOUNT}:{namespace}"})


def _automount(account: Resource | None) -> bool | Unknown:
    said = None if account is None else account.body.get("automountServiceAccountToken")
    return said if isinstance(said, Unknown) else said is not False


def _same(one: str, other: str) -> bool:
    return one == other or not one or not other


def _subjects(binding: Resource) -> Iterator[dict[str, Any]]:
    listed = binding.body.get("subjects")
    for subject in listed if type(listed) is list else ():
        if type(subject) is dict:
            yield subject
