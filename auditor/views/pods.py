"""Pods and everything that makes pods: one lens each for the spec, the template and a container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.patterns import regex
from auditor.views.interface import Instance
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World

TEMPLATES: dict[tuple[str, str], Path] = {
    ("", "Pod"): (),
    ("", "PodTemplate"): ("template",),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("keda.sh", "ScaledJob"): ("spec", "jobTargetRef", "template"),
    ("argoproj.io", "Rollout"): ("spec", "template"),
    ("serving.knative.dev", "Service"): ("spec", "template"),
}
"""Where the pod template stands, by group and kind (Kubernetes API reference, KEDA and Argo Rollouts docs)."""

LISTED_TEMPLATES: dict[tuple[str, str], tuple[Path, tuple[str, ...]]] = {
    ("argoproj.io", "Workflow"): (("spec", "templates"), ("container", "script")),
    ("argoproj.io", "WorkflowTemplate"): (("spec", "templates"), ("container", "script")),
    ("argoproj.io", "ClusterWorkflowTemplate"): (("spec", "templates"), ("container", "script")),
    ("argoproj.io", "CronWorkflow"): (("spec", "workflowSpec", "templates"), ("container", "script")),
}
"""Kinds whose steps are pods of one main container: where the steps stand, and the container's fields."""

_FILLED_IN = regex(r"template|patch", re.IGNORECASE)
CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")


def group_of(api_version: str) -> str:
    """The API group of an ``apiVersion``; '' for the core group."""
    group, slash, _ = api_version.partition("/")
    return group if slash else ""


def dig(body: Any, path: Path) -> Any:
    """The value at a path of mapping keys; None where a step is missing or is no map."""
    for step in path:
        if type(body) is not dict:
            return None
        body = body.get(step)
    return body


def _spec_bases(resource: Resource) -> Iterator[tuple[Path, Path]]:
    """``(path of the template, path of the pod spec)`` for each pod that the resource makes."""
    base = TEMPLATES.get((resource.group, resource.kind))
    if base is not None and not is_template_file(resource):
        yield base, (*base, "spec")


def is_template_file(resource: Resource) -> bool:
    """Whether a Pod is no pod but a template that a program fills in: no image, and called a template or patch.

    Spark knows its containers by name; kubeadm reads patches of the control plane's pods.
    """
    if (resource.group, resource.kind) != ("", "Pod"):
        return False
    listed = dig(resource.body, ("spec", "containers"))
    containers = records(listed)
    if not containers or any(each.get("image") for each in containers):
        return False
    of_spark = any(str(each.get("name")).startswith("spark-kubernetes-") for each in containers)
    return of_spark or _FILLED_IN.search(resource.origin.file) is not None


def _reads(api_version: str, kind: str) -> bool:
    return (group_of(api_version), kind) in TEMPLATES


class PodSpecView:
    """The pod spec of any kind that makes pods; ``pod`` in CEL."""

    name = "PodSpec"
    variable = "pod"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for the kinds of ``TEMPLATES`` and for workflows."""
        key = (group_of(api_version), kind)
        return key in TEMPLATES or key in LISTED_TEMPLATES

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a pod template; a workflow gives one for each of its container steps."""
        for template, spec in _spec_bases(resource):
            value = dig(resource.body, spec)
            if type(value) is dict and value:
                yield Instance("PodSpec", resource, value, spec, extra={"template_path": template})
        yield from _workflow_steps(resource)


def _workflow_steps(resource: Resource) -> Iterator[Instance]:
    listed = LISTED_TEMPLATES.get((resource.group, resource.kind))
    if listed is None:
        return
    base, fields = listed
    steps = dig(resource.body, base)
    for index, step in enumerate(steps if type(steps) is list else ()):
        if type(step) is not dict:
            continue
        for field in fields:
            if type(step.get(field)) is dict:
                main = {"name": "main", **step[field]}
                value = {**step, "containers": [main]}
                yield Instance(
                    "PodSpec", resource, value, (*base, index), moved={("containers", 0): (field,)}
                )


class PodTemplateView:
    """The pod template (``metadata`` and ``spec``) of any kind that makes pods; ``template`` in CEL."""

    name = "PodTemplate"
    variable = "template"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for the kinds of ``TEMPLATES``."""
        return _reads(api_version, kind)

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a resource; for a Pod it is the whole object."""
        for base, _ in _spec_bases(resource):
            value = dig(resource.body, base)
            if type(value) is dict and value:
                yield Instance("PodTemplate", resource, value, base)


class ContainerView:
    """One container, init container or ephemeral container; ``container`` (and ``pod``) in CEL.

    ``container_type`` is ``container``, ``init``, ``sidecar`` (an init container that restarts always) or
    ``ephemeral``.
    """

    name = "Container"
    variable = "container"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for every kind that makes pods."""
        return PodSpecView().reads(api_version, kind)

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a container, in the order of the file."""
        for pod in world.instances_of("PodSpec", resource):
            for field in CONTAINER_LISTS:
                found = pod.value.get(field)
                for index, container in enumerate(found if type(found) is list else ()):
                    if type(container) is dict:
                        yield Instance(
                            "Container",
                            resource,
                            container,
                            pod.source_path((field, index)),
                            extra={"pod": pod.value, "container_type": _container_type(field, container)},
                        )


def _container_type(field: str, container: dict[str, Any]) -> str:
    if field == "containers":
        return "container"
    if field == "ephemeralContainers":
        return "ephemeral"
    return "sidecar" if container.get("restartPolicy") == "Always" else "init"
