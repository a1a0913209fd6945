"""Versions of a cluster and of what runs beside it, against the calendar of EKS and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data.eks_versions import eks_version, newest_known_minor
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.terraform_values import targets_of

if TYPE_CHECKING:
    from auditor.world import World

_VERSION = regex(r"v?1\.(\d{1,3})(?:\.|$|[-+])")
_AUTOSCALER = regex(r"(?:^|/)cluster-autoscaler(?:-(?:amd64|arm64|s390x))?:(v?1\.\d{1,3}[.\w-]*)")


def minor_of(version: object) -> int | None:
    """30 of ``1.30``, ``1.30.4`` or ``v1.30``; None for anything else."""
    found = _VERSION.match(str(version)) if isinstance(version, str | float) else None
    return int(found.group(1)) if found else None


class EksSupport:
    """``facts.eks_support`` of a cluster: ``{support, ends, minor, extra_per_month}``.

    ``support`` is ``standard``, ``extended`` (billed extra) or ``ended`` on the day of the run, ``none stated``
    where AWS chooses the version; ``ends`` the day standard support ends. Unknown for minors that the calendar
    does not have.
    """

    def __init__(self, world: World) -> None:
        self._today = world.today

    def of(self, instance: Instance) -> Any:
        """See the class."""
        version = instance.value["version"]
        if isinstance(version, Unknown):
            return version
        if not _stated(version):
            return {"support": "none stated", "ends": "", "minor": 0}
        minor = minor_of(version if isinstance(version, str) else str(version))
        row = eks_version(minor) if minor is not None else None
        if self._today is None:
            return Unknown("the day of the run is not known")
        if row is None:
            newer = minor is not None and minor > newest_known_minor()
            why = "is newer than the calendar" if newer else "is no version that the calendar has"
            return Unknown(f"Kubernetes {version} {why}", "update auditor, or correct the version")
        ends = row.standard_support_ends.isoformat()
        return {"support": row.support(self._today), "ends": ends, "minor": row.minor}


class ClusterVersion:
    """``facts.cluster_version``: ``{minor, ref, image_minor}`` of the one cluster that the object runs on.

    For a node group it is the cluster that it names. ``minor`` is Unknown where several clusters are declared or
    the version is not; ``image_minor`` is the Cluster Autoscaler's of a container, 0 for other images.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clusters = [each for each in world.instances("EksCluster") if _stated(each.value["version"])]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        found = self._cluster(instance)
        image = instance.value.get("image") if instance.view == "Container" else None
        named = _AUTOSCALER.search(image) if isinstance(image, str) else None
        image_minor = minor_of(named.group(1)) if named else None
        if found is None:
            unknown = Unknown("the cluster's Kubernetes version is not declared here", "declare the version")
            return {"minor": unknown, "ref": "", "image_minor": image_minor or 0}
        version = found.value["version"]
        minor = version if isinstance(version, Unknown) else minor_of(version)
        if minor is None:
            minor = Unknown(f"{version!r} is no Kubernetes version")
        place = found.source_path(("version",))
        return {
            "minor": minor,
            "ref": self._world.ref(found.resource, place),
            "image_minor": image_minor or 0,
        }

    def _cluster(self, instance: Instance) -> Instance | None:
        if instance.view != "NodeGroup" and instance.resource.api_version != "terraform":
            return self._clusters[0] if len(self._clusters) == 1 else None
        body = instance.resource.body
        named = body.get("cluster_name")
        addresses = {address for address, _ in targets_of(named)}
        for each in self._clusters:
            if each.resource.name in addresses or _same(each, named):
                return each
        return None


def _stated(version: object) -> bool:
    return isinstance(version, Unknown) or version != ""


def _same(cluster: Instance, named: object) -> bool:
    name = cluster.value["name"]
    return isinstance(named, str) and isinstance(name, str) and name == named
