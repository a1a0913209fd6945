"""Application ↔ what it deploys: scaled workloads, hooks, custom resources, and the way back.

What an Application deploys is the target rendered from it; where there is none (a run without rendering), the
manifests of its own target that lie under its source's path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from auditor.drift.argocd import INSTANCE, settings_in
from auditor.facts.argocd_waves import wave_of
from auditor.facts.scaling import target_reference, wants_gpu
from auditor.model import Resource, Target
from auditor.unknown import Unknown
from auditor.views.argocd import GROUP
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

HOOK = "argocd.argoproj.io/hook"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
TRACKING_ID = "argocd.argoproj.io/tracking-id"
REPLICAS = "/spec/replicas"
HPA_MANAGER = "kube-controller-manager"
"""Who owns ``spec.replicas`` once an HPA (and KEDA scales by one) has written it."""


class ArgoApplication:
    """``facts.argo_application`` of an Application: what it deploys.

    ``{found, gpu, audited, scaled: [{group, kind, name, title, replicas, scaler, ignored, refs}],
    early: [{title, group, operator, refs}]}``. ``found``: the manifests are in the tree. ``scaled``: workloads
    under a scaler that set their replicas in Git. ``audited``: a PreSync hook runs this auditor. ``early``:
    custom resources of a later wave than the Application beside them which brings their kind, and that
    Argo CD would dry-run before it exists.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        app = instance.value
        world, resources = deployed(self._world, instance)
        chosen = {id(each) for each in resources}
        return {
            "found": bool(resources),
            "gpu": any(wants_gpu(world, each) for each in resources),
            "audited": any(_audits(world, each) for each in resources),
            "scaled": [*self._scaled(world, chosen, app)],
            "early": [*self._early(resources, app)],
        }

    def _scaled(self, world: World, chosen: set[int], app: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for scaler in world.instances("Scaler"):
            reference = target_reference(scaler.resource)
            if reference is None:
                continue
            group, kind, name = reference
            for workload in world.kind(group, kind):
                replicas = dig(workload.body, ("spec", "replicas"))
                same = workload.name == name and workload.namespace == scaler.resource.namespace
                if same and replicas is not None and id(workload) in chosen:
                    yield {
                        "group": group,
                        "kind": kind,
                        "name": name,
                        "title": workload.title,
                        "replicas": replicas,
                        "scaler": scaler.resource.title,
                        "ignored": self._ignored(app, workload),
                        "refs": [
                            self._world.ref(workload, ("spec", "replicas")),
                            self._world.ref(scaler.resource, ("spec",)),
                        ],
                    }

    def _ignored(self, app: dict[str, Any], workload: Resource) -> bool:
        listed = app.get("ignoreDifferences")
        entries = [each for each in (listed if type(listed) is list else ()) if type(each) is dict]
        return any(_covers(entry, workload) for entry in entries) or _ignored_everywhere(
            self._world, workload
        )

    def _early(self, resources: Iterable[Resource], app: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "SkipDryRunOnMissingResource=true" in sync_options(app):
            return
        listed = list(resources)
        operators = [each for each in listed if (each.group, each.kind) == (GROUP, "Application")]
        kinds = {(dig(each.body, ("spec", "group"))) for each in listed if _is_definition(each)}
        for resource in listed:
            if not _is_custom(resource) or resource.group in kinds or _skips_dry_run(resource):
                continue
            wave = wave_of(resource)
            before = [each for each in operators if wave_of(each) < wave]
            if wave and before:
                yield {
                    "title": resource.title,
                    "group": resource.group,
                    "operator": before[-1].title,
                    "refs": [self._world.ref(resource, ("metadata",))],
                }


def deployed(world: World, instance: Instance) -> tuple[World, list[Resource]]:
    """The resources that an Application deploys, and the world they are in."""
    rendered = [each for each in world.around.targets if each.deployed_by is instance.resource]
    if rendered:
        merged = Target(rendered[0].name, "argocd", rendered[0].path)
        for target in rendered:
            merged.resources += target.resources
        return type(world)(merged, (), world.declarations, world.around), merged.resources
    if world.is_live:
        name = instance.resource.name
        return world, [each for each in world.target.resources if _tracked_by(each) == name]
    paths = [*_paths(instance.value.get("sources"))]
    found = [
        each
        for each in world.target.resources
        if each.api_version not in ("terraform", "file")
        and any(each.origin.file.startswith(p) for p in paths)
    ]
    return world, found


def _tracked_by(resource: Resource) -> str:
    """The Application that a live object says it belongs to: by tracking id, else by the older label."""
    return str(resource.annotations.get(TRACKING_ID, "")).partition(":")[0] or str(
        resource.labels.get(INSTANCE, "")
    )


def _paths(sources: Any) -> Iterator[str]:
    """Folders of the sources, each with a slash at its end; a source of the root, or a template, names none."""
    for source in sources if type(sources) is list else ():
        path = source.get("path") if type(source) is dict else None
        path = path.removeprefix("./").strip("/") if type(path) is str else ""
        if path not in ("", ".") and "{{" not in path:
            yield path + "/"


def sync_options(app: dict[str, Any]) -> list[Any]:
    """``syncPolicy.syncOptions`` of an Application; empty when missing."""
    found = dig(app, ("syncPolicy", "syncOptions"))
    return found if type(found) is list else []


def _covers(entry: dict[str, Any], workload: Resource) -> bool:
    """Whether an entry of ignoreDifferences leaves the workload's replicas alone (groups and kinds are globs)."""
    wanted = (("group", workload.group), ("kind", workload.kind))
    if not all(fnmatchcase(value, str(entry.get(field, ""))) for field, value in wanted):
        return False
    if entry.get("name") not in (None, "", workload.name):
        return False
    if workload.namespace and entry.get("namespace") not in (None, "", workload.namespace):
        return False
    return _names_replicas(entry)


def _names_replicas(entry: dict[str, Any]) -> bool:
    def texts(field: str) -> list[str]:
        found = entry.get(field)
        return [str(each) for each in found] if type(found) is list else []

    return (
        any(pointer in (REPLICAS, "/spec") for pointer in texts("jsonPointers"))
        or any("".join(each.split()) in (".spec.replicas", ".spec") for each in texts("jqPathExpressions"))
        or HPA_MANAGER in texts("managedFieldsManagers")
    )


def _ignored_everywhere(world: World, workload: Resource) -> bool:
    """Whether argocd-cm tells Argo CD to ignore the replicas of all workloads of the kind."""
    return any(
        _covers(entry, workload)
        for target in world.around.targets
        if (settings := settings_in(target.resources)) is not None
        for entry in settings.entries
    )


def _audits(world: World, resource: Resource) -> bool:
    if "PreSync" not in str(resource.annotations.get(HOOK, "")):
        return False
    for container in world.instances_of("Container", resource):
        words = [container.value.get("image"), container.value.get("command"), container.value.get("args")]
        if "auditor" in json.dumps(words, default=str):
            return True
    return False


def _is_definition(resource: Resource) -> bool:
    return resource.kind == "CustomResourceDefinition"


def _is_custom(resource: Resource) -> bool:
    """A kind that some operator brings: not of Kubernetes itself, not of Argo CD itself."""
    group = resource.group
    return "." in group and not group.endswith(".k8s.io") and group != GROUP


def _skips_dry_run(resource: Resource) -> bool:
    return "SkipDryRunOnMissingResource=true" in str(resource.annotations.get(SYNC_OPTIONS, ""))


class ArgoDelivery:
    """``facts.argo_delivery`` of an object: ``{title, options, bytes, refs}`` of the Application that deploys it.

    ``options`` are the sync options that hold for the object, its own included; ``bytes`` is the size of its
    JSON, which a client-side apply writes into an annotation. Unknown when no Application in the tree deploys it.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        app = self._find(resource)
        if app is None:
            return Unknown(
                f"no Application in the tree deploys {resource.title}", "audit it with its Application"
            )
        own = str(resource.annotations.get(SYNC_OPTIONS, "")).split(",")
        return {
            "title": app.resource.title,
            "options": [str(each) for each in sync_options(app.value)] + [each.strip() for each in own],
            "bytes": len(json.dumps(resource.body, separators=(",", ":"), default=str)),
            "refs": [self._world.ref(app.resource, ("spec",))],
        }

    def _find(self, resource: Resource) -> Instance | None:
        owner = self._world.target.deployed_by
        if owner is not None:
            return next(iter(self._world.instances_of("ArgoApplication", owner)), None)
        for app in self._world.instances("ArgoApplication"):
            if any(resource.origin.file.startswith(path) for path in _paths(app.value.get("sources"))):
                return app
        return None
