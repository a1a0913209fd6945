"""Zones that a pod's volumes tie it to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.model import Path, Resource
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World

ZONE_KEYS = (
    "topology.kubernetes.io/zone",
    "topology.ebs.csi.aws.com/zone",
    "failure-domain.beta.kubernetes.io/zone",
)


class Bound(NamedTuple):
    """A volume, the zones it can be used in, and what says so."""

    volume: str
    zones: tuple[str, ...]
    owner: Resource
    path: Path


def bound_volumes(world: World, pod: Instance) -> Iterator[Bound]:
    """Volumes of the pod whose PersistentVolume or StorageClass names zones."""
    for claim_name, claim in _claims(world, pod):
        found = _volume_zones(world, claim_name, claim, pod.resource.namespace)
        if found is not None:
            yield found


def _claims(world: World, pod: Instance) -> Iterator[tuple[str, dict[str, Any]]]:
    """``(name, spec)`` of every claim: by name, inline, or from a StatefulSet's templates."""
    volumes = pod.value.get("volumes")
    for volume in volumes if type(volumes) is list else ():
        name = dig(volume, ("persistentVolumeClaim", "claimName"))
        inline = dig(volume, ("ephemeral", "volumeClaimTemplate", "spec"))
        if type(inline) is dict:
            yield str(volume.get("name")), inline
        for claim in world.kind("", "PersistentVolumeClaim") if isinstance(name, str) else ():
            if claim.name == name and claim.namespace == pod.resource.namespace:
                spec = dig(claim.body, ("spec",))
                yield name, spec if type(spec) is dict else {}
    templates = dig(pod.resource.body, ("spec", "volumeClaimTemplates"))
    for template in templates if type(templates) is list else ():
        spec = dig(template, ("spec",))
        if type(spec) is dict:
            yield str(dig(template, ("metadata", "name"))), spec


def _volume_zones(world: World, name: str, claim: dict[str, Any], namespace: str) -> Bound | None:
    for volume in world.kind("", "PersistentVolume"):
        reference = dig(volume.body, ("spec", "claimRef"))
        named = (_text(dig(reference, ("name",))), _text(dig(reference, ("namespace",))))
        if _text(claim.get("volumeName")) == volume.name or named == (name, namespace):
            return _of_volume(name, volume)
    wanted = _text(claim.get("storageClassName"))
    for storage in world.kind("storage.k8s.io", "StorageClass"):
        if storage.name == wanted:
            return _of_class(name, storage)
    return None


def _of_volume(name: str, volume: Resource) -> Bound | None:
    path: Path = ("spec", "nodeAffinity", "required", "nodeSelectorTerms")
    terms = dig(volume.body, path)
    zones = {
        value
        for term in (terms if type(terms) is list else ())
        for each in records(dig(term, ("matchExpressions",)))
        if _is_zone(each) and _text(each.get("operator")) == "In"
        for value in _listed(each.get("values"))
    }
    labelled = next((volume.labels[key] for key in ZONE_KEYS if isinstance(volume.labels.get(key), str)), "")
    if not zones and labelled:
        return Bound(name, tuple(labelled.split("__")), volume, ("metadata", "labels"))
    return Bound(name, tuple(sorted(zones)), volume, path) if zones else None


def _of_class(name: str, storage: Resource) -> Bound | None:
    topologies = storage.body.get("allowedTopologies")
    zones = {
        value
        for topology in (topologies if type(topologies) is list else ())
        for each in records(dig(topology, ("matchLabelExpressions",)))
        if _is_zone(each)
        for value in _listed(each.get("values"))
    }
    return Bound(name, tuple(sorted(zones)), storage, ("allowedTopologies",)) if zones else None


def _is_zone(expression: dict[str, Any]) -> bool:
    return _text(expression.get("key")) in ZONE_KEYS


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _listed(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if type(value) is list else []
