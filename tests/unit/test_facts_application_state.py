"""What an Application says of itself, against the clock and against the commit that was audited."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.catalog import load_builtin
from auditor.engine import Engine
from auditor.model import Nowhere, Resource, Target, Verdict
from auditor.sources.live import live_origin, live_target
from auditor.world import Surroundings, World
from tests.unit.command import run
from tests.unit.fake_cluster import FakeCluster, serving

TAKEN = "2026-04-24T12:00:00Z"
AUDITED, OTHER = "a" * 40, "b" * 40


def application(status: dict[str, Any], namespace: str = "argocd") -> Resource:
    meta = {"name": "worker", "namespace": namespace, "creationTimestamp": "2026-01-01T00:00:00Z"}
    body = {"kind": "Application", "metadata": meta, "status": status}
    origin = live_origin("cluster:c", "cluster", "x")
    return Resource("argoproj.io/v1alpha1", "Application", namespace, "worker", body, origin)


def judged(code: str, status: dict[str, Any], *, declared_in: str = "argocd") -> Verdict:
    """What one policy says of an Application that Git declares too, at the commit AUDITED."""
    live = live_target(
        "cluster:c", "cluster:c", source="cluster", taken=TAKEN, resources=[application(status)]
    )
    written = Resource(
        "argoproj.io/v1alpha1", "Application", declared_in, "worker", {}, Nowhere("a.yaml", "git")
    )
    git = Target("argocd:worker", "argocd", "app", deployed_by=written)
    around = Surroundings(targets=(git, live), commit=AUDITED)
    policies = [each for each in load_builtin() if each.code == code]
    (verdict,) = Engine(policies).judge(World(live, around=around))
    return verdict


@pytest.mark.parametrize(
    ("sync", "expected"),
    [
        ({"revision": AUDITED}, "pass"),
        ({"revision": OTHER}, "fail"),
        ({"revisions": [OTHER, AUDITED]}, "pass"),
        ({"revisions": ["1.2.3", OTHER]}, "fail"),
        ({"revision": "1.2.3"}, "not-applicable"),
        ({}, "not-applicable"),
    ],
)
def test_the_synced_commit_is_held_against_the_audited_one(sync: dict[str, Any], expected: str) -> None:
    assert str(judged("ARG-036", {"sync": {"status": "Synced", **sync}}).status) == expected


def test_an_application_that_git_does_not_declare_is_not_held_against_it() -> None:
    found = judged("ARG-036", {"sync": {"status": "Synced", "revision": OTHER}}, declared_in="elsewhere")
    assert str(found.status) == "not-applicable"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"sync": {"status": "Synced"}, "health": {"status": "Healthy"}}, "pass"),
        ({"sync": {"status": "OutOfSync"}, "health": {"status": "Healthy"}}, "fail"),
        ({"sync": {"status": "Synced"}, "health": {"status": "Degraded"}}, "fail"),
        (
            {
                "sync": {"status": "OutOfSync"},
                "health": {"status": "Progressing"},
                "operationState": {"phase": "Running", "finishedAt": "2026-04-24T11:50:00Z"},
            },
            "pass",
        ),
        ({}, "not-applicable"),
    ],
)
def test_a_fault_that_lasts_is_found_and_one_of_the_moment_is_not(
    status: dict[str, Any], expected: str
) -> None:
    assert str(judged("ARG-007", status).status) == expected


APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: worker, namespace: argocd}
spec:
  project: ml
  source: {repoURL: https://git.example/repo, path: app, targetRevision: v1}
  destination: {server: https://kubernetes.default.svc, namespace: inference}
"""


def test_the_commit_of_the_tree_is_read_from_git(tmp_path: Path) -> None:
    tree = tmp_path / "git"
    (tree / "app").mkdir(parents=True)
    (tree / "app" / "all.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: inference}\n"
    )
    (tree / "application.yaml").write_text(APPLICATION)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for command in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "one")):
        subprocess.run(["git", *command], cwd=tree, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tree, check=True, capture_output=True, text=True)
    body = application({"sync": {"status": "Synced", "revision": head.stdout.strip()}}).body
    live = {**body, "apiVersion": "argoproj.io/v1alpha1"}
    with serving(FakeCluster([live])) as cluster:
        arguments = (
            "check",
            "--git",
            tree,
            "--kubeconfig",
            cluster.kubeconfig(tmp_path),
            "--policy",
            "ARG-036",
        )
        same = json.loads(run(*arguments, "--live", "--format", "json").out)
        live["status"]["sync"]["revision"] = OTHER
        other = json.loads(run(*arguments, "--live", "--format", "json").out)
    assert [each["policy"] for each in same.get("findings", [])] == []
    (finding,) = [each for each in other["findings"] if each["status"] == "fail"]
    assert finding["message"] == f"was synced from {'b' * 12}, and {head.stdout[:12]} was audited"
