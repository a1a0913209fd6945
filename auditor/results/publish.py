"""Report objects written into an audited cluster: created, changed and removed, and only those that bear our label.

This is the one place where the live audit writes to a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from auditor.data.cluster_kinds import ClusterKind
from auditor.reach import Kind
from auditor.report import Finding, Report
from auditor.results import Undelivered
from auditor.results.objects import (
    APIS,
    LABELS,
    SELECTOR,
    VERBS,
    Api,
    Body,
    findings_of,
    fingerprint,
    objects,
    result,
    same,
)
from auditor.sources.cluster.client import ApiError, Client
from auditor.sources.cluster.connection import connect
from auditor.sources.cluster.discovery import Served, discovered
from auditor.sources.cluster.listing import listed
from auditor.sources.cluster.rules import repair

INSTALL = (
    "install the definitions of OpenReports (openreports.io) or of PolicyReport (wgpolicyk8s.io), "
    "or leave out --report-objects"
)


TERMINATING = "is being terminated"
"""Why a namespace that goes takes nothing new; a 403 that no rule repairs."""


class Cluster(NamedTuple):
    """How an audited cluster is reached, and what reports call it ('' = by its context)."""

    context: str
    kubeconfig: str
    name: str = ""


def publish(cluster: Cluster, report: Report, unread: Mapping[str, frozenset[Kind]], *, alone: bool) -> None:
    """Bring the cluster's report objects up to date. Undelivered with everything that went wrong.

    ``unread``: label of a cluster → kinds that were to be read and could not be. ``alone``: the report is of no
    other cluster.
    """
    renew = partial(connect, cluster.context, cluster.kubeconfig)
    connection = renew()
    label = f"cluster:{cluster.name or connection.name}"
    if label not in unread:
        raise Undelivered(f"no report objects were written to {label}: it was not read", "audit again")
    client = Client(connection, renew=renew)
    try:
        served = discovered(client)
    except ApiError as error:
        why = f"no report objects were written to {label}: {error.why}"
        raise Undelivered(why, "check the address, the credentials and the network") from error
    api = next((each for each in APIS if _serves(served, each)), None)
    if api is None:
        raise Undelivered(f"{label} serves no API for report objects", INSTALL)
    found = findings_of(report, label, alone=alone)
    _Publishing(client, label, unread[label], served, api).run(report, found)


def _serves(served: Served, api: Api) -> bool:
    return all((kind.api_version, kind.kind) in served.versions for kind in api)


class _Publishing:
    """One pass. A refusal in one namespace is kept and said at the end; the others get their objects."""

    def __init__(self, client: Client, label: str, unread: frozenset[Kind], served: Served, api: Api) -> None:
        self._client, self._label, self._unread = client, label, unread
        self._served, self._api = served, api
        self._failed: list[Undelivered] = []

    def run(self, report: Report, findings: Sequence[Finding]) -> None:
        """Undelivered at the end, when anything failed."""
        live = self._live()
        wanted = self._results(report, findings)
        for namespace, results in self._unseen(report, findings, live):
            wanted.setdefault(namespace, []).extend(results)
        everywhere = wanted.setdefault("", [])
        for namespace in sorted({*wanted, *(name for name, _ in live)} - {""}):
            everywhere += self._bring(namespace, wanted.get(namespace, []), live)
        self._bring("", everywhere, live)
        if self._failed:
            more = f" (and {len(self._failed) - 1} more)" if len(self._failed) > 1 else ""
            raise Undelivered(f"{self._failed[0].what}{more}", self._failed[0].repair)

    def _live(self) -> dict[tuple[str, str], Body]:
        """Our objects in the cluster by namespace and name. Undelivered where they cannot be listed."""
        found: list[Body] = []
        for kind in self._api:
            try:
                found += listed(
                    self._client,
                    _path(kind),
                    lambda item: msgspec.json.decode(item),
                    blank=bytes,
                    selector=SELECTOR,
                )
            except ApiError as error:
                raise self._undelivered(kind, "listed", "", error) from error
        return {(_meta(each, "namespace"), _meta(each, "name")): each for each in found if _is_ours(each)}

    def _results(self, report: Report, findings: Iterable[Finding]) -> dict[str, list[Body]]:
        policies = {policy.code: policy for policy in report.policies}
        found: dict[str, list[Body]] = {}
        for finding in findings:
            namespace = finding.resource.split("/", 3)[2]
            found.setdefault(namespace, []).append(
                result(finding, policies[finding.policy], self._api_version)
            )
        return found

    def _api_version(self, group: str, kind: str) -> str:
        known = self._served.kinds.get((group, kind))
        return known.api_version if known else f"{group}/v1" if group else "v1"

    def _unseen(
        self, report: Report, findings: Sequence[Finding], live: dict[tuple[str, str], Body]
    ) -> Iterator[tuple[str, list[Body]]]:
        """Earlier results that nobody could judge this time: they are not gone, so they stay."""
        failing = {fingerprint(each) for each in findings}
        undecided = {
            fingerprint(each) for each in report.findings if each.status in ("error", "not-assessed")
        } - failing
        for (namespace, _), body in sorted(live.items()):
            kept = [
                each
                for each in body.get("results") or ()
                if (known := (each.get("properties") or {}).get("fingerprint", "")) not in failing
                and (known in undecided or _about(each) in self._unread)
            ]
            if kept:
                yield namespace, kept

    def _bring(
        self, namespace: str, results: Sequence[Body], live: dict[tuple[str, str], Body]
    ) -> Sequence[Body]:
        """Write what differs and remove what is too many; the results of a namespace that does not exist."""
        wanted = objects(self._api, namespace, results)
        for body in wanted:
            old = live.get((namespace, body["metadata"]["name"]))
            try:
                self._write(body, old)
            except ApiError as error:
                if old is None and namespace and (error.status == 404 or TERMINATING in error.why):
                    return results
                verb = "updated" if old else "created"
                self._failed.append(self._undelivered(self._kind(namespace), verb, namespace, error))
        names = {body["metadata"]["name"] for body in wanted}
        for (where, name), body in live.items():
            if where == namespace and name not in names:
                self._remove(body, namespace)
        return ()

    def _write(self, wanted: Body, old: Body | None) -> None:
        metadata = wanted["metadata"]
        path = _path(self._kind(metadata.get("namespace", "")), metadata.get("namespace", ""))
        if old is None:
            self._client.ask("POST", path, body=msgspec.json.encode(wanted))
        elif not same(wanted, old):
            merged = {**old["metadata"], "labels": {**(old["metadata"].get("labels") or {}), **LABELS}}
            merged.pop("managedFields", None)
            body = msgspec.json.encode({**wanted, "metadata": merged})
            self._client.ask("PUT", f"{path}/{metadata['name']}", body=body)

    def _remove(self, body: Body, namespace: str) -> None:
        """Just the object that was looked at: one that somebody has made anew under its name stays."""
        kind = self._kind(namespace)
        only = {"uid": _meta(body, "uid"), "resourceVersion": _meta(body, "resourceVersion")}
        options = msgspec.json.encode({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": only})
        try:
            self._client.ask("DELETE", f"{_path(kind, namespace)}/{_meta(body, 'name')}", body=options)
        except ApiError as error:
            if error.status != 404:
                self._failed.append(self._undelivered(kind, "deleted", namespace, error))

    def _kind(self, namespace: str) -> ClusterKind:
        return self._api.namespaced if namespace else self._api.cluster

    def _undelivered(self, kind: ClusterKind, verb: str, namespace: str, error: ApiError) -> Undelivered:
        where = f" in namespace {namespace}" if namespace else ""
        what = f"{kind.plural}.{kind.group} of {self._label} could not be {verb}{where}: {error.why}"
        mend = "run again; if it stays, look at the API server and its admission webhooks"
        if error.refused:
            mend = repair(kind, VERBS)
        elif error.status == 409:
            mend = f"rename the object that is called so and does not bear the label {SELECTOR}, or run again"
        return Undelivered(what, mend)


def _path(kind: ClusterKind, namespace: str = "") -> str:
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{kind.api_version}{inside}/{kind.plural}"


def _meta(body: Body, name: str) -> str:
    return str(body.get("metadata", {}).get(name) or "")


def _is_ours(body: Body) -> bool:
    """The server has selected by label; that we remove nothing else must not hang on it alone."""
    labels = body.get("metadata", {}).get("labels") or {}
    return bool(LABELS.items() <= labels.items())


def _about(body: Body) -> Kind:
    """(group, kind) of the object that a result is about."""
    about: Any = (body.get("resources") or [{}])[0]
    group, slash, _ = str(about.get("apiVersion", "")).partition("/")
    return (group if slash else "", str(about.get("kind", "")))
