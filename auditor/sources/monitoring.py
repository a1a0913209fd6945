"""Prometheus rule files and Grafana dashboards that lie in the tree as plain files.

Rules inside a PrometheusRule and dashboards inside a ConfigMap are Kubernetes objects; these are the same
things without the wrapping: ``file/PrometheusRules`` and ``file/GrafanaDashboard``, the file's content as body.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.model import Resource
from auditor.sources.manifests import ManifestOrigin, Read, SourceFile, without_nulls
from auditor.yamlio import load_stream

RULES = "PrometheusRules"
DASHBOARD = "GrafanaDashboard"


def resources_of(path: str, data: bytes, read: Read) -> Iterator[Resource]:
    """The file as a resource when it is one of the two; nothing for any other, broken ones included."""
    kind = _looks_like(path, data)
    if not kind:
        return
    documents = load_stream(data, path)
    body: Any = documents[0].body if len(documents) == 1 else None
    if type(body) is dict and _is(kind, body):
        origin = ManifestOrigin(SourceFile(path, read), documents[0])
        yield Resource("file", kind, "", path, without_nulls(body), origin)


def _looks_like(path: str, data: bytes) -> str:
    """A cheap test on the bytes, so that no other file is parsed."""
    if path.endswith(".json"):
        return DASHBOARD if b'"panels"' in data and b'"schemaVersion"' in data else ""
    if b"groups:" not in data or b"apiVersion:" in data:
        return ""
    return RULES if b"rules:" in data and b"expr:" in data else ""


def _is(kind: str, body: dict[str, Any]) -> bool:
    if kind == DASHBOARD:
        return type(body.get("panels")) is list and type(body.get("schemaVersion")) is int
    groups = body.get("groups")
    return type(groups) is list and all(
        type(each) is dict and type(each.get("rules")) is list for each in groups
    )
