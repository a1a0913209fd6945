"""Which cluster runs which of Git's targets, and what of it is there. Built once a run, over everything.

A target is deployed to a cluster when the configuration says so, when an Application of that cluster deploys it, or
when at least half of its objects are there; an alternative, which no Application deploys, is deployed to none. Where
two targets that are deployed declare one object (overlays of two environments in one repository), nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from auditor.model import Resource, Target
from auditor.unknown import Unknown
from auditor.views.argocd import GROUP as ARGO

ObjectKey = tuple[str, str, str, str]
"""(group, kind, namespace, name)"""

HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
TRACKING_ID = "argocd.argoproj.io/tracking-id"
COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"


class Match(NamedTuple):
    """What runs of a declared object. ``live`` is None where nothing does; ``cluster`` is the live target."""

    cluster: Target
    live: Resource | None


def key_of(resource: Resource) -> ObjectKey:
    """The identity of a Kubernetes object."""
    return resource.group, resource.kind, resource.namespace, resource.name


def compared(resource: Resource) -> bool:
    """Whether an object of Git is one that a cluster should hold: no Terraform, no hook, no generated name."""
    return (
        resource.api_version not in ("terraform", "file")
        and bool(resource.name)
        and not resource.name.endswith("*")
        and not is_hook(resource)
        and resource.kind not in ("Kustomization", "ClusterConfig")
    )


def is_hook(resource: Resource) -> bool:
    """Whether it comes and goes with a sync of Argo CD or a release of Helm."""
    return any(hook in resource.annotations for hook in HOOKS)


class Clusters:
    """Git's targets against the live clusters of a run."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.clusters = [each for each in targets if each.kind == "live" and each.source == "cluster"]
        self._declared = [each for each in targets if each.kind not in ("live", "terraform")]
        self._by_key = {id(each): _indexed(each.resources) for each in self.clusters}
        self._by_name = {id(each): _named(each.resources) for each in self.clusters}
        self._deployed = {id(each): self._cluster_of(each) for each in self._declared}
        self._owners: dict[tuple[int, ObjectKey], list[Target]] = {}
        for target in self._declared:
            cluster = self._deployed[id(target)]
            if isinstance(cluster, Target):
                for resource in filter(compared, target.resources):
                    owners = self._owners.setdefault((id(cluster), self._live_key(cluster, resource)), [])
                    if target not in owners:
                        owners.append(target)

    def match(self, target: Target, resource: Resource) -> Match | Unknown | None:
        """What runs of a declared object; None where its target is deployed to no cluster that was read."""
        cluster = self._deployed.get(id(target))
        if cluster is None or isinstance(cluster, Unknown):
            return cluster
        found = self._find(cluster, resource)
        if isinstance(found, Unknown):
            return found
        key = self._live_key(cluster, resource)
        owners = self._owners.get((id(cluster), key), [])
        if len(owners) > 1 and not target.cluster and target.deployed_by is None:
            return _ambiguous(resource, owners)
        if found is None and cluster.reach is not None:
            unread = cluster.reach.unknown(resource.group, resource.kind)
            if unread is not None:
                return unread
        return Match(cluster, found)

    def declares(self, cluster: Target, resource: Resource) -> bool:
        """Whether Git declares a live object in a target that is deployed there."""
        return (id(cluster), key_of(resource)) in self._owners

    def declarations(self, cluster: Target) -> list[Target]:
        """Git's targets that are deployed to a cluster."""
        return [each for each in self._declared if self._deployed[id(each)] is cluster]

    def twin(self, cluster: Target, resource: Resource) -> Resource | None:
        """The manifest behind a live object; None where there is none or several."""
        owners = self._owners.get((id(cluster), key_of(resource)), [])
        if len(owners) != 1:
            return None
        key = key_of(resource)
        return next((each for each in owners[0].resources if self._live_key(cluster, each) == key), None)

    def _cluster_of(self, target: Target) -> Target | Unknown | None:
        if target.alternative or not self.clusters or not any(compared(each) for each in target.resources):
            return None
        if target.cluster:
            return next((each for each in self.clusters if each.cluster == target.cluster), None)
        likely = [each for each in self.clusters if self._is_deployed(target, each)]
        if len(likely) > 1:
            names = ", ".join(each.cluster for each in likely)
            line = f'[target.{_label(target)}] manifests = ["{target.name}"] cluster = "{likely[0].cluster}"'
            return Unknown(f"{target.name} may run in {names}", f"in auditor.toml write {line}")
        return likely[0] if likely else None

    def _is_deployed(self, target: Target, cluster: Target) -> bool:
        app = target.deployed_by
        if app is not None and (ARGO, "Application", app.namespace, app.name) in self._by_key[id(cluster)]:
            return True
        objects = [each for each in target.resources if compared(each) and _was_read(cluster, each)]
        there = sum(isinstance(self._find(cluster, each), Resource) for each in objects)
        return 2 * there >= len(objects) > 0

    def _find(self, cluster: Target, resource: Resource) -> Resource | Unknown | None:
        """The live object; one without a namespace in Git is looked up by its name."""
        found = self._by_key[id(cluster)].get(key_of(resource))
        if found is not None or resource.namespace:
            return found
        named = self._by_name[id(cluster)].get((resource.group, resource.kind, resource.name), [])
        if len(named) > 1:
            where = ", ".join(sorted(each.namespace for each in named))
            return Unknown(
                f"{resource.title} names no namespace and runs in {where}", "write metadata.namespace"
            )
        return named[0] if named else None

    def _live_key(self, cluster: Target, resource: Resource) -> ObjectKey:
        found = self._find(cluster, resource)
        return key_of(found) if isinstance(found, Resource) else key_of(resource)


def _was_read(cluster: Target, resource: Resource) -> bool:
    return cluster.reach is None or cluster.reach.unknown(resource.group, resource.kind) is None


def _indexed(resources: Iterable[Resource]) -> dict[ObjectKey, Resource]:
    return {key_of(each): each for each in resources}


def _named(resources: Iterable[Resource]) -> dict[tuple[str, str, str], list[Resource]]:
    found: dict[tuple[str, str, str], list[Resource]] = {}
    for each in resources:
        found.setdefault((each.group, each.kind, each.name), []).append(each)
    return found


def _ambiguous(resource: Resource, owners: Sequence[Target]) -> Unknown:
    names = " and ".join(each.name for each in owners[:2])
    line = f'[target.{_label(owners[0])}] manifests = ["{owners[0].name}"] cluster = "…"'
    return Unknown(
        f"{resource.title} is declared by {names}: which of them runs is not known",
        f"in auditor.toml write {line}, or audit the one that runs: --git PATH",
    )


def _label(target: Target) -> str:
    return target.name.replace("/", "-").replace(":", "-").strip("-.") or "main"
