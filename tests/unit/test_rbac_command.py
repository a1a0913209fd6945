"""``auditor rbac``: the smallest role, in agreement with what is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.unit.command import run
from tests.unit.fake_cluster import FakeCluster, serving


def role(*arguments: str | Path) -> set[tuple[str, str, str]]:
    """(group, resource, verb) of every right in the printed role."""
    done = run("rbac", *arguments)
    assert done.code == 0, done.err
    (found,) = [each for each in yaml.safe_load_all(done.out) if each["kind"] == "ClusterRole"]
    return {
        (group or "", resource, verb)
        for rule in found["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_a_policy_on_namespaces_needs_namespaces_only() -> None:
    assert role("--policy", "SEC-007") == {("", "namespaces", "list")}


def test_nothing_is_ever_written_or_watched() -> None:
    assert {verb for _, _, verb in role("--pack", "strict")} == {"get", "list"}


def test_drift_needs_what_git_declares(tmp_path: Path) -> None:
    (tmp_path / "pc.yaml").write_text(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: a}\nspec: {hard: {pods: 1}}\n"
    )
    assert role("--policy", "DRF-001", "--git", tmp_path) >= {("", "resourcequotas", "list")}


def test_drift_of_what_argo_cd_deploys_needs_argo_cds_own_settings(tmp_path: Path) -> None:
    argo = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app, namespace: argocd}\n"
    source = "source: {repoURL: https://git.example/repo, path: app}"
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "all.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: a}\n"
    )
    asked = ("--policy", "DRF-002", "--git", tmp_path)
    assert ("", "configmaps", "list") not in role(*asked)
    (tmp_path / "argo.yaml").write_text(f"{argo}spec: {{{source}, destination: {{namespace: a}}}}\n")
    assert ("", "configmaps", "list") in role(*asked)


@pytest.mark.parametrize("policies", ["SEC-007", "GPU-005", "DRF-005", "KED-019,ARG-007", ""])
def test_the_role_is_what_the_audit_asks_for(tmp_path: Path, policies: str) -> None:
    chosen = ("--policy", policies) if policies else ()
    with serving(FakeCluster()) as cluster:
        config = cluster.kubeconfig(tmp_path)
        run("check", "--live", "--kubeconfig", config, *chosen, "--format", "json")
        asked = {path.rpartition("/")[2] for path in cluster.requests if path.count("/") > 2}
    assert asked == {resource for _, resource, verb in role(*chosen) if verb == "list"}


def test_an_account_is_bound_when_asked() -> None:
    done = run("rbac", "--policy", "SEC-007", "--bind", "audit/auditor", "--name", "reader")
    binding = [*yaml.safe_load_all(done.out)][1]
    assert binding["roleRef"]["name"] == "reader"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "auditor", "namespace": "audit"}]


def test_an_account_without_its_namespace_is_a_mistake_of_usage() -> None:
    assert run("rbac", "--bind", "auditor").code == 2


def test_what_is_left_out_needs_no_rule() -> None:
    left = role() - role("--leave-out", "secrets")
    assert left == {("", "secrets", "list")}
    assert run("rbac", "--leave-out", "secret").code == 2


def test_report_objects_are_written_by_these_rights_and_no_others() -> None:
    plain, writing = role("--policy", "SEC-007"), role("--policy", "SEC-007", "--report-objects")
    plurals = {
        "openreports.io": ("clusterreports", "reports"),
        "wgpolicyk8s.io": ("clusterpolicyreports", "policyreports"),
    }
    assert writing - plain == {
        (group, resource, verb)
        for group, resources in plurals.items()
        for resource in resources
        for verb in ("create", "delete", "list", "update")
    }


def test_report_objects_need_a_cluster(tmp_path: Path) -> None:
    outcome = run("check", tmp_path, "--report-objects")
    assert outcome.code == 2 and "add --cluster" in outcome.err and outcome.out == ""
