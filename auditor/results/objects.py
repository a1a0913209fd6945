"""Report objects: what fails in a cluster, as OpenReports or the policy working group want it. Pure.

One small object for each namespace and one for what belongs to none; failures only. Nothing in an object tells the time
of the run: as long as nothing changes nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from auditor.data.cluster_kinds import ClusterKind
from auditor.drift.twins import WHAT
from auditor.patterns import regex
from auditor.report import Finding, PolicyResult, Report
from auditor.reporters.interface import place, with_status, words
from auditor.reporters.text import one_line, shorten

Body = dict[str, Any]

LABELS = {"app.kubernetes.io/managed-by": "auditor"}
"""By these an object is ours: no other is ever changed or removed."""
SELECTOR = ",".join(f"{name}={value}" for name, value in LABELS.items())
NAME = "auditor"
MAX_BYTES = 256 * 1024
"""Of the results of one object: etcd takes 1.5 MiB, and whoever watches reports gets each of them whole."""
LONGEST = 1000
"""Characters of a message or property."""
_KUBERNETES = regex(r"[a-z0-9.-]*/[A-Z]\w*/[^/]*/[^/]+")
"""``group/kind/namespace/name``: no address of Terraform's, and no file."""
DRIFT = "drift"
"""The category whose findings stand in Git and are about the cluster."""


class Api(NamedTuple):
    """An API of reports: the kinds for a namespace and for the whole cluster."""

    namespaced: ClusterKind
    cluster: ClusterKind


def _api(version: str, kind: str) -> Api:
    plural = f"{kind.lower()}s"
    return Api(
        ClusterKind(version, kind, plural, True),
        ClusterKind(version, f"Cluster{kind}", f"cluster{plural}", False),
    )


OPENREPORTS = _api("openreports.io/v1alpha1", "Report")
APIS = (OPENREPORTS, _api("wgpolicyk8s.io/v1alpha2", "PolicyReport"))
"""The first one that a cluster serves is used. Their results have one and the same schema."""
VERBS = ("create", "delete", "list", "update")
"""What publishing does with the objects of an API."""


def findings_of(report: Report, label: str, *, alone: bool) -> list[Finding]:
    """Failures of one cluster, gravest first; with its drift, where no other cluster is audited (``alone``)."""
    drift = {policy.code for policy in report.policies if policy.category == DRIFT}
    return [
        each
        for each in with_status(report, "fail")
        if _KUBERNETES.fullmatch(each.resource)
        and (label in each.targets or (alone and each.policy in drift))
    ]


def result(finding: Finding, policy: PolicyResult, api_version: Callable[[str, str], str]) -> Body:
    """One result. ``api_version(group, kind)`` completes the reference to the object."""
    group, kind, namespace, name = finding.resource.split("/", 3)
    about = {"apiVersion": api_version(group, kind), "kind": kind, "name": name}
    if namespace:
        about["namespace"] = namespace
    return {
        "source": NAME,
        "policy": policy.id,
        "rule": policy.code,
        "category": policy.category,
        "severity": finding.severity,
        "result": "fail",
        "scored": True,
        "message": shorten(words(finding), LONGEST),
        "resources": [about],
        "properties": _properties(finding, policy),
    }


def _properties(finding: Finding, policy: PolicyResult) -> dict[str, str]:
    """Texts by name; empty ones are left out."""
    found = {
        "fingerprint": fingerprint(finding),
        "path": finding.path,
        "repair": finding.repair or policy.fix,
        "declared": _declared(finding),
        "usd-per-month": "" if finding.cost is None else f"{finding.cost:.2f}",
    }
    return {name: shorten(one_line(text), LONGEST) for name, text in found.items() if text}


def _declared(finding: Finding) -> str:
    """The place in Git: where a running object is declared, or what has drifted; '' where nobody knows."""
    twin = next((end.location for end in finding.related if end.what == WHAT), None)
    if twin is None and not finding.location.file.startswith("cluster:"):
        twin = finding.location
    return place(twin) if twin else ""


def fingerprint(finding: Finding) -> str:
    """By which a result is known in the next run."""
    return (
        finding.fingerprints[0]
        if finding.fingerprints
        else f"{finding.policy} {finding.resource} {finding.path}"
    )


def objects(api: Api, namespace: str, results: Sequence[Body]) -> list[Body]:
    """The objects that hold these results: one, or as many as their size asks for."""
    kind = api.namespaced if namespace else api.cluster
    return [_object(kind, namespace, at, part) for at, part in enumerate(_parts(results))]


def _object(kind: ClusterKind, namespace: str, at: int, results: list[Body]) -> Body:
    metadata: Body = {"name": f"{NAME}-{at + 1}" if at else NAME, "labels": dict(LABELS)}
    if namespace:
        metadata["namespace"] = namespace
    body: Body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
    if kind.group == OPENREPORTS.namespaced.group:
        body["source"] = NAME
    return {**body, "summary": {"fail": len(results)}, "results": results}


def _parts(results: Iterable[Body]) -> list[list[Body]]:
    parts: list[list[Body]] = []
    size = 0
    for each in results:
        bytes_ = len(msgspec.json.encode(each))
        if not parts or size + bytes_ > MAX_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(each)
        size += bytes_
    return parts


def same(wanted: Body, live: Body) -> bool:
    """Whether the live object says all that it should."""
    parts = ("source", "summary", "results")
    labels = live.get("metadata", {}).get("labels") or {}
    return all(wanted.get(part) == live.get(part) for part in parts) and LABELS.items() <= labels.items()
