"""Report objects in a real API server with the real definitions: ours come, stay and go; nobody else's is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from auditor.results import objects
from auditor.results.objects import APIS, Api
from tests.live.controlplane import crds
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.timeline import wait_for
from tests.unit.command import Outcome, run

pytestmark = pytest.mark.slow

POLICIES = "SEC-003,SEC-007"
"""One on containers, one on namespaces."""
WORKLOADS = """
apiVersion: v1
kind: Namespace
metadata: {name: blue}
---
apiVersion: v1
kind: Namespace
metadata: {name: green}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blue}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example/web:1"}, {name: proxy, image: "registry.example/proxy:1"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: green}
spec:
  replicas: 0
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: store, image: "registry.example/store:1"}]}
"""
ACCOUNT = """
apiVersion: v1
kind: Namespace
metadata: {name: audit}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: auditor, namespace: audit}
"""


class Site(NamedTuple):
    """A cluster with failures in two namespaces, and the API of reports that it serves."""

    cluster: Cluster
    api: Api

    def reports(self, namespace: str = "") -> dict[str, dict[str, Any]]:
        """Report objects of one namespace, or those of the whole cluster, by name."""
        kind = self.api.namespaced if namespace else self.api.cluster
        found = self.cluster.api.list(kind.api_version, kind.kind, namespace or None)
        return {each["metadata"]["name"]: each for each in found}

    def results(self, namespace: str = "") -> set[tuple[str, str]]:
        """(policy's code, name of the object) of our results."""
        return {
            (result["rule"], result["resources"][0]["name"])
            for each in self.reports(namespace).values()
            if each["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "auditor"
            for result in each["results"]
        }

    def check(self, *arguments: str | Path, kubeconfig: Path | None = None) -> Outcome:
        """An audit that publishes."""
        own = kubeconfig or self.cluster.kubeconfig
        common = ("--kubeconfig", own, "--policy", POLICIES, "--report-objects", "--fail-on", "never")
        return run("check", "--cluster", *common, "--format", "json", *arguments)

    def foreign(self, name: str, labels: dict[str, str]) -> None:
        """A report of somebody else's in the namespace blue."""
        kind = self.api.namespaced
        metadata = {"name": name, "namespace": "blue", "labels": labels}
        result = {"policy": "theirs", "result": "pass", "source": "kyverno"}
        self.cluster.api.apply(
            {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "results": [result]}
        )


@pytest.fixture(scope="module", params=["openreports", "policyreport"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Each API in a cluster that serves no other."""
    api = APIS[0] if request.param == "openreports" else APIS[1]
    with Cluster() as cluster:
        cluster.api.apply(crds.load(request.param))
        cluster.api.apply([*yaml.safe_load_all(WORKLOADS)])
        yield Site(cluster, api)


def versions(site: Site) -> dict[tuple[str, str], str]:
    """Every report object's version."""
    return {
        (namespace, name): each["metadata"]["resourceVersion"]
        for namespace in ("", "blue", "green")
        for name, each in site.reports(namespace).items()
    }


def test_failures_stand_beside_what_they_are_about(site: Site) -> None:
    outcome = site.check()
    assert (outcome.code, outcome.err) == (0, "")
    assert site.results("blue") == {("SEC-003", "web")}
    assert site.results("green") == {("SEC-003", "store")}
    assert site.results() >= {("SEC-007", "blue"), ("SEC-007", "green")}
    (report,) = site.reports("blue").values()
    assert len(report["results"]) == report["summary"]["fail"] == 2, "one for each container"
    first = report["results"][0]
    assert first["policy"] == "container-keeps-default-capabilities" and first["result"] == "fail"
    about = first["resources"][0]
    assert site.cluster.api.get(about["apiVersion"], about["kind"], about["name"], about["namespace"])


def test_a_second_run_writes_nothing(site: Site) -> None:
    site.check()
    before = versions(site)
    assert site.check().code == 0
    assert versions(site) == before != {}


def test_what_is_repaired_goes_and_everybody_elses_stays(site: Site) -> None:
    site.check()
    site.foreign("kyverno-report", {"app.kubernetes.io/managed-by": "kyverno"})
    site.foreign("auditor-9", {})
    green = versions(site)["green", "auditor"]
    site.cluster.api.delete("apps/v1", "Deployment", "web", "blue")
    assert site.check().code == 0
    assert set(site.reports("blue")) == {"kyverno-report", "auditor-9"}
    assert versions(site)["green", "auditor"] == green
    site.cluster.api.apply([each for each in yaml.safe_load_all(WORKLOADS) if each["kind"] == "Deployment"])
    site.check()
    assert site.results("blue") == {("SEC-003", "web")}


def test_many_failures_are_parted_and_the_parts_go_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MAX_BYTES", 1)
    assert site.check().code == 0
    ours = [name for name in site.reports("blue") if name in ("auditor", "auditor-2")]
    assert sorted(ours) == ["auditor", "auditor-2"]
    assert site.results("blue") == {("SEC-003", "web")}
    monkeypatch.undo()
    assert site.check().code == 0
    assert "auditor-2" not in site.reports("blue")


def account(site: Site, *, without: tuple[str, str] = ("", "")) -> Path:
    """The kubeconfig of an account with the printed role, less one verb on one resource."""
    role = run("rbac", "--policy", POLICIES, "--report-objects", "--bind", "audit/auditor")
    made = [*yaml.safe_load_all(ACCOUNT), *yaml.safe_load_all(role.out)]
    for role_ in (each for each in made if each["kind"] == "ClusterRole"):
        alone = [
            {
                **rule,
                "resources": [name],
                "verbs": [each for each in rule["verbs"] if (name, each) != without],
            }
            for rule in role_["rules"]
            for name in rule["resources"]
        ]
        role_["rules"] = [rule for rule in alone if rule["verbs"]]
    site.cluster.api.apply(made)
    return site.cluster.service_account("auditor", "audit")


def test_the_printed_role_is_enough_to_publish(site: Site) -> None:
    mine = account(site)
    site.cluster.api.delete("apps/v1", "StatefulSet", "store", "green")
    outcome = site.check(kubeconfig=mine)
    assert "auditor:" not in outcome.err and site.results("green") == set()
    site.cluster.api.apply([each for each in yaml.safe_load_all(WORKLOADS) if each["kind"] == "StatefulSet"])
    assert site.check(kubeconfig=mine).code == 0
    assert site.results("green") == {("SEC-003", "store")}


@pytest.mark.parametrize("verb", ["list", "create"])
def test_a_missing_right_is_named_and_costs_no_report(site: Site, verb: str) -> None:
    for each in site.reports("green").values():
        site.cluster.api.delete(
            site.api.namespaced.api_version, each["kind"], each["metadata"]["name"], "green"
        )
    kind = site.api.namespaced
    outcome = site.check(kubeconfig=account(site, without=(kind.plural, verb)))
    rule = f'{{apiGroups: ["{kind.group}"], resources: ["{kind.plural}"], verbs: [create, delete, list, update]}}'
    assert outcome.code == 2 and rule in outcome.err and "Traceback" not in outcome.err
    assert json.loads(outcome.out)["findings"], "the report itself was written"
    site.check()


def test_what_could_not_be_read_is_not_taken_for_repaired(site: Site) -> None:
    site.check()
    outcome = site.check(kubeconfig=account(site, without=("deployments", "list")))
    assert json.loads(outcome.out)["problems"] and outcome.code == 3, outcome.err
    assert site.results("blue") == {("SEC-003", "web")}


def test_drift_in_a_namespace_that_is_gone_stands_in_the_clusters_report(site: Site, tmp_path: Path) -> None:
    lost = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lost, namespace: nowhere}\ndata: {a: b}\n"
    (tmp_path / "all.yaml").write_text(f"{WORKLOADS}---\n{lost}")
    outcome = site.check("--git", tmp_path, "--policy", "DRF-001")
    assert outcome.code == 0, outcome.err
    assert ("DRF-001", "lost") in site.results()
    found = [
        each for report in site.reports().values() for each in report["results"] if each["rule"] == "DRF-001"
    ]
    assert "all.yaml:" in found[0]["properties"]["declared"]
    site.check()
    assert ("DRF-001", "lost") not in site.results()


def test_a_cluster_without_the_definitions_says_what_to_install(site: Site) -> None:
    for kind in site.api:
        name = f"{kind.plural}.{kind.group}"
        site.cluster.api.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
    wait_for("its end", lambda: site.api.namespaced.group not in site.cluster.kubectl("api-versions"))
    outcome = site.check()
    assert outcome.code == 2 and "install the definitions of OpenReports" in outcome.err
