"""What a pod names by name: ServiceAccount, ConfigMaps, Secrets and claims, and whether they are in Git."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.facts.neighbours import ELSEWHERE, may_share_namespace, nearby, nearest
from auditor.facts.pods import neighbours_of
from auditor.facts.services import listed
from auditor.model import Path, Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

CREATED_BY_CLUSTER = {
    "ServiceAccount": {"default"},
    "ConfigMap": {"istio-ca-root-cert", "kube-root-ca.crt", "openshift-service-ca.crt"},
}
"""Names that controllers bring into every namespace: Kubernetes', Istio's and OpenShift's."""


class Reference(NamedTuple):
    """One name in a pod spec."""

    kind: str
    name: str
    path: Path
    """In the pod spec."""
    optional: bool = False
    keys: tuple[str, ...] = ()
    """Keys of the ConfigMap or Secret that must exist."""


class References:
    """``facts.references`` of a pod: ``{all: [{kind, name, at, optional, found, missing_keys, refs}]}``.

    ``found`` is Unknown where the object may live outside Git: Secrets always (they are made by other means),
    ConfigMaps and claims unless the same file, or a rendered target, holds others of their kind.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._named: dict[tuple[str, str], list[Resource]] = {}
        self._files: set[tuple[str, str, str]] = set()
        for kind in ("ServiceAccount", "ConfigMap", "Secret", "PersistentVolumeClaim"):
            for resource in world.kind("", kind):
                self._named.setdefault((kind, resource.name), []).append(resource)
                self._files.add((kind, resource.namespace, resource.origin.file))

    def of(self, instance: Instance) -> Any:
        """See the class."""
        return {
            "all": [
                self._row(instance, reference)
                for reference in references_of(instance.value)
                if reference.name not in CREATED_BY_CLUSTER.get(reference.kind, ())
            ]
        }

    def _row(self, instance: Instance, reference: Reference) -> dict[str, Any]:
        owner = instance.resource
        found = self._find(owner, reference)
        return {
            "kind": reference.kind,
            "name": reference.name,
            "at": render(instance.value, reference.path),
            "optional": reference.optional,
            "found": bool(found) or self._missing(owner, reference),
            "missing_keys": self._missing_keys(owner, found, reference),
            "refs": [self._world.ref(each) for each in found],
        }

    def _find(self, owner: Resource, reference: Reference) -> list[Resource]:
        named = self._named.get((reference.kind, reference.name), [])
        fitting = [each for each in named if may_share_namespace(each.namespace, owner.namespace)]
        return nearest(self._world, owner, fitting, lambda each: each)

    def _missing_keys(self, owner: Resource, found: list[Resource], reference: Reference) -> list[str]:
        if len(found) != 1 or nearby(self._world)(owner, found[0]) == ELSEWHERE:
            return []
        return missing_keys(found[0], reference.keys)

    def _missing(self, owner: Resource, reference: Reference) -> bool | Unknown:
        what = f"{reference.kind} {reference.name}"
        if reference.kind == "Secret" and not self._world.is_live:
            return Unknown(f"{what} is not in Git, and Secrets seldom are", "audit the running cluster")
        neighbours = neighbours_of(self._world)
        found = neighbours.missing(owner, what, (("", reference.kind),), (reference.name,))
        if found is not False or reference.kind == "ServiceAccount" or not self._world.is_loose:
            return found
        if (reference.kind, owner.namespace, owner.origin.file) in self._files:
            return False
        return Unknown(
            f"{what} is not in Git; a kustomization may generate it", "audit the rendered manifests"
        )


def missing_keys(resource: Resource, keys: tuple[str, ...]) -> list[str]:
    """Those of ``keys`` that a ConfigMap or Secret in Git does not have; none where its data are elsewhere."""
    known: set[str] = set()
    for field in ("data", "stringData", "binaryData"):
        found = resource.body.get(field)
        known |= set(found) if type(found) is dict else set()
    return sorted(set(keys) - known) if known else []


def references_of(pod: dict[str, Any]) -> Iterator[Reference]:
    """Every name in a pod spec that must exist before the pod starts."""
    account = pod.get("serviceAccountName")
    if type(account) is str and account:
        yield Reference("ServiceAccount", account, ("serviceAccountName",))
    for index, secret in listed(pod, ("imagePullSecrets",)):
        yield Reference("Secret", str(secret.get("name", "")), ("imagePullSecrets", index), optional=True)
    for index, volume in listed(pod, ("volumes",)):
        yield from _of_volume(volume, ("volumes", index))
    for field in ("containers", "initContainers"):
        for index, container in listed(pod, (field,)):
            yield from _of_container(container, (field, index))


def _of_volume(volume: dict[str, Any], path: Path) -> Iterator[Reference]:
    claim = volume.get("persistentVolumeClaim")
    if type(claim) is dict and type(claim.get("claimName")) is str:
        yield Reference(
            "PersistentVolumeClaim", claim["claimName"], (*path, "persistentVolumeClaim", "claimName")
        )
    yield from _of_source(volume, path, "secretName")
    for index, source in listed(volume, ("projected", "sources")):
        yield from _of_source(source, (*path, "projected", "sources", index), "name")


def _of_source(source: dict[str, Any], path: Path, secret_key: str) -> Iterator[Reference]:
    for field, kind, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", secret_key)):
        found = source.get(field)
        if type(found) is dict and type(found.get(key)) is str:
            keys = tuple(str(item["key"]) for _, item in listed(found, ("items",)) if "key" in item)
            yield Reference(kind, found[key], (*path, field, key), found.get("optional") is True, keys)


def _of_container(container: dict[str, Any], path: Path) -> Iterator[Reference]:
    for index, source in listed(container, ("envFrom",)):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            found = source.get(field)
            if type(found) is dict and type(found.get("name")) is str:
                at = (*path, "envFrom", index, field, "name")
                yield Reference(kind, found["name"], at, found.get("optional") is True)
    for index, variable in listed(container, ("env",)):
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            found = dig(variable, ("valueFrom", field))
            if type(found) is dict and type(found.get("name")) is str:
                at = (*path, "env", index, "valueFrom", field, "name")
                keys = (str(found["key"]),) if "key" in found else ()
                yield Reference(kind, found["name"], at, found.get("optional") is True, keys)
