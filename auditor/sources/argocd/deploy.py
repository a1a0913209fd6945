"""From the sources of an Application to the objects that it deploys."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from auditor.model import Resource, Target
from auditor.sources.argocd.application import Application, AppSource, canonical
from auditor.sources.argocd.globs import GlobError, across
from auditor.sources.argocd.overrides import UNDERSTOOD, OverriddenOrigin, changes, overridden
from auditor.sources.git import LOOSE, Checkout
from auditor.sources.helm.builder import Builder as HelmBuilder
from auditor.sources.helm.chart import Chart, Charts, below
from auditor.sources.helm.release import Helm, Release, Values
from auditor.sources.kustomize.graph import Graph
from auditor.sources.kustomize.rendered import Builder as KustomizeBuilder
from auditor.sources.kustomize.renderer import Kustomize
from auditor.sources.manifests import read_manifests
from auditor.sources.reading import MANIFEST_SUFFIXES, may_hold_objects
from auditor.sources.tree import Unreadable
from auditor.spans import Problem

SKIP_FILE = b"+argocd:skip-file-rendering"
CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "AdmissionPolicy",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "CustomResourceDefinition",
        "DeviceClass",
        "EC2NodeClass",
        "FlowSchema",
        "GatewayClass",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "NodeClaim",
        "NodePool",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceFlavor",
        "ResourceSlice",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)
"""Kinds without a namespace whose name does not begin with ``Cluster``."""


class NotDeployed(Exception):
    """A source whose objects are not known here: ``what`` and ``repair`` in words."""

    def __init__(self, what: str, repair: str) -> None:
        super().__init__(what)
        self.what, self.repair = what, repair


REMOTE = "audit the repository that it deploys from, or what is deployed: auditor check --live"


class Deployer:
    """Finds or renders what Applications deploy; keeps count of what is a target of its own no more."""

    def __init__(self, checkout: Checkout, repositories: Sequence[str]) -> None:
        self._checkout, self._repositories = checkout, repositories
        self._graph, self._charts = checkout.shared(Graph), checkout.shared(Charts)
        memory = self._checkout.options.memory
        kustomize, helm = Kustomize.find(memory), Helm.find(memory)
        self._kustomize = (
            KustomizeBuilder(checkout, self._graph, kustomize, self._graph.roots()) if kustomize else None
        )
        self._helm = HelmBuilder(checkout, self._charts, helm) if helm else None
        self._known_repositories: set[str] = set()
        self._plain_targets = {key_of(target): target for target in checkout.inventory.targets}
        self._loose: dict[str, list[Resource]] = {}
        for target in checkout.inventory.targets:
            for resource in target.resources if target.name == LOOSE else ():
                self._loose.setdefault(resource.origin.file, []).append(resource)
        self.used: set[tuple[str, str]] = set()
        """Kind and name of targets that an Application deploys."""
        self.used_files: set[str] = set()
        """Manifests that an Application deploys as they lie there."""

    def is_local(self, repository: str) -> bool:
        """Whether a repository is the one under audit, as far as the configuration tells."""
        if not self._repositories:
            return True
        return canonical(repository) in map(canonical, self._repositories)

    def may_be_here(self, source: AppSource) -> bool:
        """Whether a source that could not be followed may be a folder of this repository."""
        folder = source.path
        named = folder is not None and below(self._checkout.files, folder)
        return bool(named) and not source.chart and self.is_local(source.repository)

    def learn(self, application: Application) -> None:
        """Note repositories that name folders of this one: only their root is taken for ours too."""
        for source in application.sources:
            if source.path and below(self._checkout.files, source.path):
                self._known_repositories.add(canonical(source.repository))

    def resources(self, application: Application, source: AppSource) -> list[Resource]:
        """What one source deploys. Raises :class:`NotDeployed`."""
        self._refuse_remote(source)
        folder = source.path or ""
        tool = source.tool or self._detected(folder)
        if tool == "plugin":
            raise NotDeployed("uses a config management plugin, which is code", "audit what it renders to")
        if tool == "kustomize":
            found = self._kustomized(application, source, folder)
        elif tool == "helm":
            found = self._charted(application, source, folder)
        else:
            found = self._directory(source, folder)
        return [_in_namespace(each, application.destination) for each in found]

    def _refuse_remote(self, source: AppSource) -> None:
        if source.chart:
            raise NotDeployed(f"deploys the chart {source.chart} from {source.repository}", REMOTE)
        if not self.is_local(source.repository):
            raise NotDeployed(f"deploys from another repository, {source.repository}", REMOTE)
        path = source.path
        if path is None or not below(self._checkout.files, path):
            what = f"deploys {path or 'no path'} from {source.repository}, which is not in this repository"
            raise NotDeployed(what, REMOTE)
        if (
            not path
            and not self._repositories
            and canonical(source.repository) not in self._known_repositories
        ):
            what = (
                f"deploys the root of {source.repository}, and nothing tells whether that is this repository"
            )
            raise NotDeployed(what, REMOTE)

    def _detected(self, folder: str) -> str:
        if folder in self._charts.by_folder:
            return "helm"
        return "kustomize" if folder in self._graph.nodes else "directory"

    def _kustomized(self, application: Application, source: AppSource, folder: str) -> list[Resource]:
        node = self._graph.nodes.get(folder)
        if node is None or node.kustomization is None:
            raise NotDeployed(f"names kustomize for {folder}, which holds no kustomization", "mend the path")
        unknown = sorted(set(source.settings) - UNDERSTOOD)
        if unknown:
            raise NotDeployed(
                f"sets kustomize.{unknown[0]}, which is not evaluated", "audit what it renders to"
            )
        if self._kustomize is None or not self._graph.can_render(folder):
            raise NotDeployed(f"deploys {folder}, which is not rendered", "see the row of its kustomization")
        plain = self._plain(folder)
        if not changes(source.settings):
            return plain
        body = overridden(node.kustomization.body, source.settings)
        changed = self._taken(self._kustomize.resources(folder, self._kustomize.render(folder, body)))
        return [*_with_plain(application, source, changed, plain)]

    def _plain(self, folder: str) -> list[Resource]:
        """The objects of a kustomization as it is; rendered only if no target has them already."""
        key = ("kustomize", folder or ".")
        if key not in self._plain_targets and self._kustomize is not None:
            found = self._taken(self._kustomize.resources(folder, self._kustomize.render(folder)))
            self._plain_targets[key] = Target(key[1], "kustomize", key[1], found)
        self.used.add(key)
        return self._plain_targets[key].resources if key in self._plain_targets else []

    def _taken(self, found: list[Resource] | None) -> list[Resource]:
        if found is None:
            raise NotDeployed("deploys what does not render", "see the row of its kustomization")
        return found

    def _charted(self, application: Application, source: AppSource, folder: str) -> list[Resource]:
        chart = self._charts.by_folder.get(folder)
        if chart is None:
            raise NotDeployed(f"names helm for {folder}, which holds no chart", "mend the path")
        if self._helm is None or chart.gaps or chart.problems:
            raise NotDeployed(
                f"deploys the chart {folder}, which is not rendered", "see the row of the chart"
            )
        release = self._release(application, source, chart)
        stream = self._helm.render(release)
        if isinstance(stream, Problem):
            raise NotDeployed(f"deploys a chart that does not render: {stream.what}", stream.repair)
        self._checkout.claim(chart.files)
        self.used.add(("helm", folder or "."))
        for values in release.values:
            self.used.add(("helm", f"{folder or '.'}:{chart.relative(values.path)}"))
        return [*self._helm.resources(release, stream)]

    def _release(self, application: Application, source: AppSource, chart: Chart) -> Release:
        settings = source.settings
        arguments: list[str] = []
        files: dict[str, bytes] = {}
        for name, value, flag in _parameters(settings.get("parameters")):
            arguments += [flag, f"{name}={_escaped(application.variables(value, source))}"]
        for index, (name, path) in enumerate(_file_parameters(settings.get("fileParameters"))):
            files[f"parameter-{index}"] = self._checkout.read(self._value_path(application, source, path))
            arguments += ["--set-file", f"{name}=parameter-{index}"]
        for name in settings.get("apiVersions") or ():
            arguments += ["--api-versions", str(name)]
        release = Release(
            chart,
            [*self._values(application, source)],
            str(settings.get("releaseName") or application.name)[:53],
            str(settings.get("namespace") or application.destination),
            arguments,
            files,
            self._checkout.options.full_parse and settings.get("skipCrds") is not True,
        )
        kube = settings.get("kubeVersion")
        return replace(release, kube_version=kube) if type(kube) is str and kube else release

    def _values(self, application: Application, source: AppSource) -> Iterator[Values]:
        """Layers in Argo CD's order: files, then ``values`` or ``valuesObject`` of the Application."""
        settings = source.settings
        for name in settings.get("valueFiles") or ():
            path = self._value_path(application, source, str(name))
            if self._checkout.tree.has_file(path):
                yield Values(path)
            elif settings.get("ignoreMissingValueFiles") is not True:
                raise NotDeployed(
                    f"names the values file {name}, which is not there", "add it, or mend its path"
                )
        file, line = application.place((*source.at, "helm"))
        inline = settings.get("valuesObject") or settings.get("values")
        if type(inline) is str and inline:
            yield Values(f"{application.title} ({file}:{line})", inline.encode("utf-8", "surrogatepass"))
        elif type(inline) is dict:
            yield Values(f"{application.title} ({file}:{line})", json.dumps(inline).encode())

    def _value_path(self, application: Application, source: AppSource, name: str) -> str:
        """The file that a values file's name means: beside the chart, from the root, or in a ``$ref``."""
        name = application.variables(name, source)
        if re.match(r"[a-z]+://", name):
            raise NotDeployed(
                f"takes values from {name}, over the network", "keep the values in the repository"
            )
        if name.startswith("$"):
            ref, _, rest = name[1:].partition("/")
            owner = next((each for each in application.sources if each.ref == ref), None)
            if owner is None or not self.is_local(owner.repository):
                raise NotDeployed(f"takes values from ${ref}, which is another repository", REMOTE)
            path = posixpath.normpath(rest)
        else:
            folder = "" if name.startswith("/") else source.path or ""
            path = posixpath.normpath(posixpath.join(folder, name.lstrip("/")))
        if path.startswith("../"):
            raise NotDeployed(f"names {name}, which leads out of the repository", "mend the path")
        return path

    def _directory(self, source: AppSource, folder: str) -> list[Resource]:
        files = [*self._directory_files(source, folder)]
        if source.settings.get("jsonnet") or any(path.endswith((".jsonnet", ".libsonnet")) for path in files):
            raise NotDeployed(
                f"deploys Jsonnet from {folder}, which is not evaluated", "audit what it renders to"
            )
        return [resource for path in files for resource in self._manifests(path)]

    def _directory_files(self, source: AppSource, folder: str) -> Iterator[str]:
        settings = source.settings
        try:
            include = across(settings["include"]) if settings.get("include") else None
            exclude = across(settings["exclude"]) if settings.get("exclude") else None
        except (GlobError, TypeError, AttributeError) as error:
            raise NotDeployed(
                f"has a pattern that is not matched: {error}", "use simpler patterns"
            ) from error
        for path in below(self._checkout.files, folder):
            inside = path[len(folder) + 1 :] if folder else path
            if "/" in inside and settings.get("recurse") is not True:
                continue
            if not path.endswith((*MANIFEST_SUFFIXES, ".jsonnet")):
                continue
            if (include and not include.fullmatch(inside)) or (exclude and exclude.fullmatch(inside)):
                continue
            yield path

    def _manifests(self, path: str) -> list[Resource]:
        """The objects of one file: those of the loose rest, or read here when another collector has it."""
        try:
            data = self._checkout.read(path)
        except Unreadable:
            return []
        if SKIP_FILE in data:
            return []
        self.used_files.add(path)
        if path not in self._loose and may_hold_objects(data):
            found = read_manifests(path, data, self._checkout.read, self._checkout.wanted)
            self._loose[path] = found.resources
        return self._loose.get(path, [])


def key_of(target: Target) -> tuple[str, str]:
    """Kind and name of a target, without the kind that a taken name bears."""
    return target.kind, target.name.removeprefix(f"{target.kind}:")


def _parameters(listed: Any) -> Iterator[tuple[str, str, str]]:
    for each in listed if type(listed) is list else ():
        if type(each) is dict and type(each.get("name")) is str:
            flag = "--set-string" if each.get("forceString") is True else "--set"
            yield each["name"], str(each.get("value", "")), flag


def _file_parameters(listed: Any) -> Iterator[tuple[str, str]]:
    for each in listed if type(listed) is list else ():
        if type(each) is dict and type(each.get("name")) is str and type(each.get("path")) is str:
            yield each["name"], each["path"]


def _escaped(value: str) -> str:
    """Commas as Argo CD escapes them; a value in braces is a list and keeps its own."""
    if value.startswith("{") and value.endswith("}"):
        return value
    return re.sub(r"(?<!\\),", r"\\,", value)


def _in_namespace(resource: Resource, namespace: str) -> Resource:
    """The resource in the Application's namespace, when it names none and its kind has one."""
    if (
        not namespace
        or resource.namespace
        or resource.kind in CLUSTER_SCOPED
        or resource.kind.startswith("Cluster")
    ):
        return resource
    metadata = {**resource.metadata, "namespace": namespace}
    return replace(resource, namespace=namespace, body={**resource.body, "metadata": metadata})


def _with_plain(
    application: Application, source: AppSource, changed: list[Resource], plain: list[Resource]
) -> Iterator[Resource]:
    """The changed objects, each with the origin of the same object without the Application."""
    prefix, suffix = (str(source.settings.get(name) or "") for name in ("namePrefix", "nameSuffix"))
    by_name = {(each.kind, each.name): each for each in plain}
    for resource in changed:
        name = resource.name.removeprefix(prefix).removesuffix(suffix)
        twin = by_name.get((resource.kind, resource.name)) or by_name.get((resource.kind, name))
        if twin is None:
            yield resource
            continue
        origin = OverriddenOrigin(application, source, resource.body, twin.origin, twin.body)
        yield replace(resource, origin=origin)
