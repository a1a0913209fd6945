"""Git ↔ cluster: what of a manifest runs otherwise, and who made it so; and what runs that no manifest declares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.drift.argocd import ArgoSettings, settings_in
from auditor.drift.cluster import COMPARE_OPTIONS, TRACKING_ID, Clusters, compared, is_hook
from auditor.drift.compare import ABSENT, Difference, differences
from auditor.drift.ignored import about, entries_of, ignored
from auditor.drift.managers import Manager, applied, manager_of, owners_of, writers
from auditor.model import Resource, Target
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.argocd import GROUP as ARGO
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

NO_CLUSTER = Unknown(
    "what runs is known of a cluster only", "add --cluster, and --git for what it should run"
)
SHOWN = 60
METADATA_ONLY = frozenset({("apiextensions.k8s.io", "CustomResourceDefinition")})
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})


def clusters_of(world: World) -> Clusters:
    """The one index of a run."""
    return world.shared("drift", lambda: Clusters(world.around.targets))


def argo_settings(clusters: Clusters, world: World, namespace: str) -> ArgoSettings | Unknown:
    """argocd-cm as a cluster of the run has it, else as Git declares it; Unknown where none could be read."""
    live = settings_in((each for target in clusters.clusters for each in target.resources), namespace)
    if live is not None:
        return live
    for target in clusters.clusters:
        why = target.reach.unknown("", "ConfigMap") if target.reach is not None else None
        if why is not None:
            return why
    declared = settings_in(each for target in world.around.targets for each in target.resources)
    return declared or ArgoSettings()


class Drift:
    """``facts.drift`` of an object in Git: ``{compared, missing, cluster, human, programs, unsynced, controllers}``.

    ``compared`` is false for what no cluster should hold (hooks, Terraform) and for targets that run nowhere that was
    read; the rest is then empty. The lists hold ``{at, path, want, have, who, when, ref}``, by who set the live value:
    people, programs that nobody knows, nobody since it was applied (Git has moved on), controllers. ``at`` is a path
    of the manifest. Values of Secrets never appear.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clusters = clusters_of(world)
        self._known: list[Any] | None = None
        self._unread: Unknown | None = None

    def of(self, instance: Instance) -> Any:
        """See the class."""
        resource = instance.resource
        if not self._clusters.clusters or not compared(resource):
            return _nothing(compared=False)
        match = self._clusters.match(self._world.target, resource)
        if match is None:
            return _nothing(compared=False)
        if isinstance(match, Unknown):
            return match
        answer = _nothing(compared=True) | {"cluster": match.cluster.cluster}
        if match.live is None:
            return answer | {"missing": True}
        if match.live.api_version != resource.api_version:
            why = f"Git writes {resource.api_version}, the cluster was read as {match.live.api_version}"
            return Unknown(why, f"write {match.live.api_version}")
        for sort, row in self._rows(resource, match.live):
            answer[sort].append(row)
        return answer

    def _rows(self, resource: Resource, live: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
        if (resource.group, resource.kind) in METADATA_ONLY:
            return
        entries = about(self._entries(), resource)
        for each in differences(resource.body, live.body):
            manager = manager_of(live.body, each.there)
            left = ignored(entries, live.body, each, owners_of(live.body, each.there))
            if left is False and self._unread is not None:
                left = self._unread
            if left is False:
                yield _list_of(manager), self._row(resource, live, each, manager)
            elif isinstance(left, Unknown):
                yield _list_of(manager), self._row(resource, live, each, manager) | {"sure": left}

    def _entries(self) -> list[Any]:
        """What Argo CD ignores of the target: as its Application and as argocd-cm say; nothing of others' targets."""
        if self._known is None:
            apps = self._applications()
            self._known = [entry for app in apps for entry in entries_of(app.body)]
            if apps:
                settings = argo_settings(self._clusters, self._world, apps[0].namespace)
                self._unread = settings if isinstance(settings, Unknown) else None
                self._known += () if isinstance(settings, Unknown) else settings.entries
        return self._known

    def _applications(self) -> list[Resource]:
        """The Application that deploys the target, as Git and as the cluster have it."""
        app = self._world.target.deployed_by
        if app is None:
            return []
        live = [
            each
            for cluster in self._clusters.clusters
            for each in cluster.resources
            if (each.group, each.kind, each.name) == (ARGO, "Application", app.name)
        ]
        return [app, *live]

    def _row(self, resource: Resource, live: Resource, found: Difference, manager: Manager) -> dict[str, Any]:
        hidden = (resource.group, resource.kind) == ("", "Secret") and found.path[0] == "data"
        return {
            "at": render(resource.body, found.path),
            "path": render(resource.body, found.path),
            "want": "set" if hidden else _shown(found.want),
            "have": "not set" if found.have is ABSENT else _shown(found.have),
            "who": manager.name,
            "how": manager.text,
            "when": manager.time,
            "sure": True,
            "ref": self._world.ref(live),
        }


def _nothing(*, compared: bool) -> dict[str, Any]:
    lists: dict[str, list[Any]] = {"human": [], "programs": [], "unsynced": [], "controllers": []}
    return {"compared": compared, "missing": False, "cluster": "", **lists}


_LISTS = {"human": "human", "program": "programs", "applier": "unsynced", "controller": "controllers"}


def _list_of(manager: Manager) -> str:
    return _LISTS[manager.sort] if manager.name else "unsynced"


def _shown(value: Any) -> str:
    text = value if type(value) is str else json.dumps(value, default=lambda _: "…", ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _tracked_by(tracking: str, live: Resource) -> str:
    """The Application of a tracking id; '' where the id is another object's, copied along with its annotations."""
    name, _, own = tracking.partition(":")
    place = f"{live.group}/{live.kind}:{live.namespace}/{live.name}"
    return name if own in (place, f"{live.group}/{live.kind}:/{live.name}") else ""


class Orphans:
    """``facts.orphan`` of a live object: ``{judged, orphan, why, who}``.

    ``judged``: something applied it from a manifest, nothing in the cluster makes it, no sync does (a hook), and Git's
    targets that run there were read. ``orphan``: no manifest declares it any more. ``who`` applied it last, and when.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clusters = clusters_of(world)
        declared = self._clusters.declarations(world.target) if world.is_live else []
        self._namespaces = {
            each.namespace or (each.name if each.kind == "Namespace" else "")
            for target in declared
            for each in target.resources
        } - SYSTEM_NAMESPACES
        self._applications = {
            name
            for target in declared
            if (app := target.deployed_by) is not None
            for name in (app.name, f"{app.namespace}_{app.name}")
        }
        self._label = self._instance_label(declared)

    def _instance_label(self, declared: list[Target]) -> str:
        """The label by which Argo CD tells whose an object is; '' where the annotation alone does."""
        app = next((each.deployed_by for each in declared if each.deployed_by is not None), None)
        if app is None:
            return ""
        settings = argo_settings(self._clusters, self._world, app.namespace)
        return ArgoSettings().label if isinstance(settings, Unknown) else settings.label

    def of(self, instance: Instance) -> Any:
        """See the class."""
        live = instance.resource
        why = self._belongs(live)
        if not why or "IgnoreExtraneous" in str(live.annotations.get(COMPARE_OPTIONS, "")):
            return {"judged": False, "orphan": False, "why": "", "who": ""}
        last = max(writers(live.body), key=lambda each: each.time, default=Manager(""))
        gone = not self._clusters.declares(self._world.target, live)
        return {"judged": True, "orphan": gone, "why": why, "who": last.text if last.name else ""}

    def _belongs(self, live: Resource) -> str:
        """Why Git should declare the object; '' when it need not."""
        owners = live.metadata.get("ownerReferences")
        if (type(owners) is list and owners) or is_hook(live):
            return ""
        tracking = str(live.annotations.get(TRACKING_ID, ""))
        tracked = _tracked_by(tracking, live) if tracking else str(live.labels.get(self._label, ""))
        if tracking and not tracked:
            return ""
        if tracked:
            return f"belongs to the Application {tracked}" if tracked in self._applications else ""
        if live.namespace in self._namespaces and applied(live.body):
            return f"was applied to the namespace {live.namespace}, which Git declares objects of"
        return ""
