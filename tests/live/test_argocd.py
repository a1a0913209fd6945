"""Argo CD's real controllers keep a cluster at what a local git says."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.controlplane.argocd import NAMESPACE, RESYNC_S, ArgoCD
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import Timeline
from tests.live.workloads import DEPLOYMENT, gpu_deployment, replicas

pytestmark = pytest.mark.slow
APPLICATION = ("argoproj.io/v1alpha1", "Application", "worker")
IMAGE = "registry.example/worker"
KUSTOMIZATION = """\
resources: [deployment.yaml]
images: [{{name: registry.example/none, newName: {image}, newTag: "{tag}"}}]
"""


@pytest.fixture(scope="module")
def with_argocd() -> Iterator[Cluster]:
    with Cluster(add_ons=[ArgoCD()]) as cluster:
        yield cluster


class Repository:
    """A local git with one kustomization."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._git("init", "--quiet", "--initial-branch=main")
        deployment = gpu_deployment("worker")
        del deployment["spec"]["replicas"]
        (folder / "deployment.yaml").write_text(json.dumps(deployment))

    def commit(self, tag: str) -> None:
        """Set the image's tag and commit."""
        (self.folder / "kustomization.yaml").write_text(KUSTOMIZATION.format(image=IMAGE, tag=tag))
        self._git("add", ".")
        self._git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "-m", tag)

    def _git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.folder), *words], check=True, capture_output=True)


def project(folder: Path) -> Object:
    here = {"server": "https://kubernetes.default.svc", "namespace": "default"}
    return {
        "apiVersion": APPLICATION[0],
        "kind": "AppProject",
        "metadata": {"name": "inference"},
        "spec": {"sourceRepos": [f"file://{folder}"], "destinations": [here]},
    }


def application(folder: Path) -> Object:
    sync = {"automated": {"selfHeal": True}, "syncOptions": ["RespectIgnoreDifferences=true"]}
    return {
        "apiVersion": APPLICATION[0],
        "kind": APPLICATION[1],
        "metadata": {"name": APPLICATION[2]},
        "spec": {
            "project": "inference",
            "source": {"repoURL": f"file://{folder}", "path": ".", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "ignoreDifferences": [
                {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
            ],
            "syncPolicy": sync,
        },
    }


def test_git_is_synced_and_hand_edits_healed_but_replicas_left_alone(
    with_argocd: Cluster, timeline: Timeline, tmp_path: Path
) -> None:
    cluster, api = with_argocd, with_argocd.api
    timeline.include(cluster.timeline, "cluster")
    repository = Repository(tmp_path)
    repository.commit("1")

    def image() -> str:
        pod = api.get(*DEPLOYMENT, "worker")["spec"]["template"]["spec"]
        return str(pod["containers"][0]["image"])

    def synced() -> bool:
        status = api.get(*APPLICATION, NAMESPACE)["status"]
        return bool(status["sync"]["status"] == "Synced" and status["operationState"]["phase"] == "Succeeded")

    api.apply([project(tmp_path), application(tmp_path)], namespace=NAMESPACE)
    timeline.note("application made")
    timeline.wait_for("synced from git", lambda: synced() and image() == f"{IMAGE}:1", timeout=120)

    api.patch(*DEPLOYMENT, "worker", {"spec": {"replicas": 3}}, manager="keda-operator")
    # A sync sets the replicas that Argo CD saw last: a change within the same second would be undone.
    time.sleep(2 * RESYNC_S)
    assert replicas(api, "worker") == 3 and synced()
    timeline.note("replicas set to 3 by another hand, and left alone")
    cluster.kubectl("set", "image", "deployment/worker", f"main={IMAGE}:hotfix")
    timeline.note("image edited by hand")
    timeline.wait_for("hand edit healed", lambda: image() == f"{IMAGE}:1")
    assert replicas(api, "worker") == 3

    repository.commit("2")
    timeline.note("new commit")
    timeline.wait_for("new commit rolled out", lambda: image() == f"{IMAGE}:2", timeout=120)
    timeline.wait_for("synced again", synced)
    assert replicas(api, "worker") == 3
    timeline.note(f"resident MiB: {cluster.resident_mib()}")
