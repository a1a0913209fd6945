"""Putting Kubernetes objects together."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

Body = dict[str, Any]


class _Absent:
    """A value that stands for no value; copies of it are itself."""

    def __deepcopy__(self, memo: object) -> _Absent:
        return self


ABSENT: Any = _Absent()
"""As a value of a patch: take the field away."""
LABELS = {"app": "case"}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def text(body: Body, name: str) -> str:
    """The object as YAML, under ``name`` unless it has one."""
    named = deepcopy(body)
    named["metadata"] = {"name": name, **named.get("metadata", {})}
    return yaml.dump(named, Dumper=_Dumper, sort_keys=False)


def patched(body: Body, patch: Body) -> Body:
    """``body`` with the fields of ``patch``: maps merge, everything else replaces."""
    merged = dict(body)
    for key, value in patch.items():
        if value is ABSENT:
            merged.pop(key, None)
        elif isinstance(value, dict) and value:
            held = merged.get(key)
            merged[key] = patched(held if isinstance(held, dict) else {}, value)
        else:
            merged[key] = deepcopy(value)
    return merged


def within(path: str, value: Any) -> Body:
    """``{a: {b: value}}`` for the path ``a.b``."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value if isinstance(value, dict) else {}


def workload(kind: str, spec: Body) -> Body:
    """An object of ``kind`` whose pods have ``spec``."""
    template = {"metadata": {"labels": dict(LABELS)}, "spec": spec}
    selected = {"selector": {"matchLabels": dict(LABELS)}, "template": template}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, **template}
    if kind == "PodTemplate":
        return {"apiVersion": "v1", "kind": kind, "template": template}
    if kind == "ReplicationController":
        return {"apiVersion": "v1", "kind": kind, "spec": {"selector": dict(LABELS), "template": template}}
    if kind == "Job":
        return {"apiVersion": "batch/v1", "kind": kind, "spec": {"template": _finite(template)}}
    if kind == "CronJob":
        spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": _finite(template)}}}
        return {"apiVersion": "batch/v1", "kind": kind, "spec": spec}
    if kind == "ScaledJob":
        spec = {"jobTargetRef": {"template": _finite(template)}, "triggers": []}
        return {"apiVersion": "keda.sh/v1alpha1", "kind": kind, "spec": spec}
    if kind == "Rollout":
        return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "spec": selected}
    if kind == "StatefulSet":
        return {"apiVersion": "apps/v1", "kind": kind, "spec": {"serviceName": "case", **selected}}
    return {"apiVersion": "apps/v1", "kind": kind, "spec": selected}


def _finite(template: Body) -> Body:
    return patched({"spec": {"restartPolicy": "Never"}}, template)


KINDS = (
    "Deployment",
    "Pod",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "ReplicaSet",
    "ReplicationController",
    "PodTemplate",
    "ScaledJob",
    "Rollout",
)
