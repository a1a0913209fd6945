"""Whether the other end of a join ought to be among the manifests at all.

A rendered target is complete: what it names and does not hold is missing. A loose rest of files may be many
examples side by side, or half of something whose other half lives in another repository. There a missing end is
evidence only where its kind lies in the same folder and the same namespace, and where no custom resource of an
operator nearby could make it.

A namespace that is not written is set when the manifest is applied: it may be any. Such pairs are joined, so
that nothing is called missing for it, but a finding that needs both ends wants the namespaces equal as written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from auditor.model import Resource, Target
from auditor.patterns import regex
from auditor.unknown import Unknown

if TYPE_CHECKING:
    from auditor.world import World

T = TypeVar("T")

MAKES = {
    ("monitoring.coreos.com", "Alertmanager"): "alertmanager",
    ("monitoring.coreos.com", "Prometheus"): "prometheus",
    ("monitoring.coreos.com", "PrometheusAgent"): "prometheus",
    ("monitoring.coreos.com", "ThanosRuler"): "thanos-ruler",
}
"""Makers whose objects are known by their names and labels: ``prometheus``, the resource's name, or both joined."""

GATEWAY = ("gateway.networking.k8s.io", "Gateway")
"""Its controller calls all that it makes after it."""

RUN_ONLY = frozenset(
    ("argoproj.io", kind)
    for kind in (
        "ClusterWorkflowTemplate",
        "CronWorkflow",
        "EventBus",
        "EventSource",
        "Sensor",
        "Workflow",
        "WorkflowTemplate",
    )
)
"""Makers of pods and Services that leave accounts and roles to whoever installs them, as those of MAKES do."""
RIGHTS = frozenset(
    {
        ("", "ServiceAccount"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "Role"),
    }
)

PODS_ONLY = frozenset(
    {("jobset.x-k8s.io", "JobSet"), ("leaderworkerset.x-k8s.io", "LeaderWorkerSet")}
    | {("kubeflow.org", kind) for kind in ("PyTorchJob", "TFJob")}
)
"""Makers of pods and Services, which make nothing that others refer to by name."""

NAMED = frozenset({"ClusterRole", "ConfigMap", "PersistentVolumeClaim", "Role", "ServiceAccount"})
"""Kinds that others refer to by name, and that are often applied by another target than who names them."""

_TEMPLATE = regex(
    r"\.(ya?ml|json)[-._]\w+$|\.(tpl|tmpl|gotmpl|j2|jinja2?|erb|jsonnet|libsonnet|cue)$", re.IGNORECASE
)
"""Files that a program makes manifests from, such as ``api.yaml-template`` and ``api.yaml.j2``."""

SAME_FILE, SAME_FOLDER, ELSEWHERE = 0, 1, 2

BUILT_IN_GROUPS = frozenset(
    {"", "apps", "batch", "autoscaling", "policy", "extensions", "events.k8s.io", "metrics.k8s.io"}
)
"""Groups without ``k8s.io`` in their names whose kinds make nothing but what the index knows."""

PASSIVE_GROUPS = frozenset(
    {
        "aquasecurity.github.io",
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "config.gatekeeper.sh",
        "constraints.gatekeeper.sh",
        "crd.projectcalico.org",
        "eksctl.io",
        "external-secrets.io",
        "karpenter.k8s.aws",
        "karpenter.sh",
        "keda.sh",
        "kind.x-k8s.io",
        "kyverno.io",
        "networking.istio.io",
        "projectcalico.org",
        "security.istio.io",
        "skaffold",
        "telemetry.istio.io",
        "templates.gatekeeper.sh",
        "traefik.io",
    }
)
"""Groups of custom resources that make no pods, Services, accounts or ConfigMaps."""

PASSIVE_KINDS = frozenset(
    {
        ("monitoring.coreos.com", "PodMonitor"),
        ("monitoring.coreos.com", "Probe"),
        ("monitoring.coreos.com", "PrometheusRule"),
        ("monitoring.coreos.com", "ScrapeConfig"),
        ("monitoring.coreos.com", "ServiceMonitor"),
        ("argoproj.io", "AppProject"),
        ("argoproj.io", "Rollout"),
    }
)
"""The passive kinds of groups whose other kinds make things."""


def may_share_namespace(one: str, other: str) -> bool:
    """Whether two namespaces may be the same when the manifests are applied."""
    return one == other or not one or not other


def nearby(world: World) -> Callable[[Resource, Resource], int]:
    """The measure of distance in the world's target: always :data:`SAME_FILE` where it was rendered."""
    return _distance if world.is_loose else _together


def _together(_one: Resource, _other: Resource) -> int:
    return SAME_FILE


def _distance(one: Resource, other: Resource) -> int:
    here, there = one.origin.file, other.origin.file
    if here == there:
        return SAME_FILE
    return SAME_FOLDER if posixpath.dirname(here) == posixpath.dirname(there) else ELSEWHERE


def nearest(world: World, resource: Resource, found: Iterable[T], of: Callable[[T], Resource]) -> list[T]:
    """Those of ``found`` that lie nearest: equal namespaces before possible ones, then by distance."""
    measure = nearby(world)
    ranked: dict[tuple[bool, int], list[T]] = {}
    for item in found:
        other = of(item)
        rank = (other.namespace != resource.namespace, measure(resource, other))
        ranked.setdefault(rank, []).append(item)
    return ranked[min(ranked)] if ranked else []


def template_beside(world: World, resource: Resource, words: Iterable[str]) -> str:
    """A template in the folder of a loose resource that is called by one of ``words``; '' without one.

    ``words`` are the names and kinds that the missing object may have.
    """
    if not world.is_loose:
        return ""
    folder, wanted = posixpath.dirname(resource.origin.file), [word.lower() for word in words if word]
    found = (
        file
        for file in world.files
        if _TEMPLATE.search(file)
        and posixpath.dirname(file) == folder
        and any(word in posixpath.basename(file).lower() for word in wanted)
    )
    return min(found, default="")


def may_come_from(template: str, what: str) -> Unknown:
    """Why nothing can be said of ``what``: a template beside it may hold it."""
    return Unknown(f"{what} may come from {template}", "audit what the template is filled in to")


class Neighbours:
    """``facts.neighbours``: what lies in the same scope, and so ought to hold the other end of a join.

    For policies it is ``{makers}``: titles of nearby resources that may make objects at run time.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._loose = world.is_loose
        self._scopes: dict[tuple[str, str], set[tuple[str, str]]] = {}
        self._makers: dict[str, list[Resource]] = {}
        self._maker_names: dict[str, Resource] = {}
        self._others: dict[tuple[str, str, str], list[tuple[Target, Resource]]] | None = None
        for resource in world.census():
            self._scopes.setdefault((resource.group, resource.kind), set()).add(self._scope(resource))
            if _makes_objects(resource):
                self._makers.setdefault(self._folder(resource), []).append(resource)
                self._maker_names.setdefault(resource.name, resource)

    def of(self, instance: Any) -> Any:
        """See the class."""
        resource = instance.resource
        return {"makers": [maker.title for maker in self._makers.get(self._folder(resource), ())]}

    def _folder(self, resource: Resource) -> str:
        return posixpath.dirname(resource.origin.file) if self._loose else ""

    def _scope(self, resource: Resource) -> tuple[str, str]:
        return resource.namespace, self._folder(resource)

    def holds(
        self, resource: Resource, kinds: Iterable[tuple[str, str]], namespace: str | None = None
    ) -> bool:
        """Whether any of the kinds lies in the scope of ``resource`` (or in another namespace beside it)."""
        scope = (resource.namespace if namespace is None else namespace, self._folder(resource))
        return any(scope in self._scopes.get(kind, ()) for kind in kinds)

    def missing(
        self,
        resource: Resource,
        what: str,
        kinds: Iterable[tuple[str, str]],
        names: Iterable[str] = (),
        namespace: str | None = None,
    ) -> bool | Unknown:
        """False (it is missing) where ``kinds`` lie in scope and nothing nearby may make it; else why unknown.

        ``names`` are names by which a maker elsewhere in the target would be recognised.
        """
        names, kinds = tuple(names), tuple(kinds)
        if self._world.is_live:
            return self._gone(kinds)
        maker = next((m for name in names if (m := self._maker_names.get(name))), None)
        if maker is not None and not _may_make(maker, kinds, names):
            maker = None
        if maker is None and not self.holds(resource, kinds, namespace):
            return self.outside(resource, what)
        owner = self._owner(resource, kinds, names, resource.namespace if namespace is None else namespace)
        if owner is not None:
            words = f"{what} is not here, but in {owner.name}, which may be applied beside it"
            return Unknown(words, "audit them as one target, or the running cluster")
        unrendered = self._unrendered(resource, kinds, names)
        if unrendered:
            words = f"{what} is not here, but in {unrendered}, which could not be rendered"
            return Unknown(words, "audit what it renders to, or the running cluster")
        near = (
            m
            for m in self._makers.get(self._folder(resource), ())
            if _reaches(m, resource) and _may_make(m, kinds, names)
        )
        maker = maker or next(near, None)
        if maker is None:
            called = (*names, *(kind for _, kind in kinds))
            template = template_beside(self._world, resource, called)
            return may_come_from(template, what) if template else False
        words = f"{what} is not in Git, but {maker.title.strip()} may make it"
        return Unknown(words, "audit the running cluster")

    def _gone(self, kinds: Iterable[tuple[str, str]]) -> bool:
        """False: what a cluster does not hold is missing. UnknownUsed where the kinds were not all read."""
        self._world.need(kinds)
        return False

    def _owner(
        self, resource: Resource, kinds: tuple[tuple[str, str], ...], names: tuple[str, ...], namespace: str
    ) -> Target | None:
        """Another target that has the missing object and not ``resource``: so not a variant of this target."""
        for target, held in self._elsewhere(kinds, names):
            fits = may_share_namespace(held.namespace, namespace)
            if fits and not any(_alike(each, resource) for each in target.resources):
                return target
        return None

    def _unrendered(
        self, resource: Resource, kinds: tuple[tuple[str, str], ...], names: tuple[str, ...]
    ) -> str:
        """A kustomization that has the missing object and not ``resource``, but could not be rendered."""
        if self._loose:
            return ""
        found = (
            self._world.unrendered_beside(resource, held.origin.file)
            for _, held in self._elsewhere(kinds, names)
        )
        return next(filter(None, found), "")

    def _elsewhere(
        self, kinds: tuple[tuple[str, str], ...], names: tuple[str, ...]
    ) -> Iterator[tuple[Target, Resource]]:
        """What other targets of the tree have of the kinds and names, of the kinds that others name."""
        if self._others is None:
            self._others = {}
            for target in self._world.others():
                for each in target.resources:
                    if each.kind in NAMED:
                        place = (each.group, each.kind, each.name)
                        self._others.setdefault(place, []).append((target, each))
        for kind in kinds:
            for name in names:
                yield from self._others.get((*kind, name), ())

    def outside(self, resource: Resource, what: str) -> Unknown:
        """Why nothing can be said of ``what``: it belongs to manifests that are not here."""
        where = posixpath.dirname(resource.origin.file) or "." if self._loose else self._world.name
        return Unknown(
            f"{what} is not in Git, and neither is anything like it in {where}",
            "audit it together with the manifests it belongs to, or the running cluster",
        )


def _may_make(maker: Resource, kinds: Iterable[tuple[str, str]], names: tuple[str, ...]) -> bool:
    """Whether a custom resource may make what has one of the names or label values; any may, where none is known."""
    own = (maker.group, maker.kind)
    if (own in MAKES or own in RUN_ONLY) and RIGHTS.issuperset(kinds):
        return False
    if own in PODS_ONLY and all(kind in NAMED for _, kind in kinds):
        return False
    if own == GATEWAY:
        return not names or any(name.startswith(maker.name) for name in names)
    word = MAKES.get(own)
    if word is None or not names:
        return True
    return any(name in (word, maker.name) or name.startswith(f"{word}-{maker.name}") for name in names)


def _alike(one: Resource, other: Resource) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)


def _reaches(maker: Resource, resource: Resource) -> bool:
    return may_share_namespace(maker.namespace, resource.namespace)


def _makes_objects(resource: Resource) -> bool:
    """Whether a custom resource may bring objects into being that Git does not show."""
    group, kind = resource.group, resource.kind
    if resource.api_version in ("terraform", "file") or group in BUILT_IN_GROUPS or group.endswith(".k8s.io"):
        return kind == "Gateway"
    return group not in PASSIVE_GROUPS and (group, kind) not in PASSIVE_KINDS
