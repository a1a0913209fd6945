"""``bootstrap.sh`` as it is run by hand: Terraform's real outputs, kubectl and Argo CD's manifests on a control plane.

What it cannot reach here is GitHub: the manifests are those of Argo CD's Go module, at the version that it names.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.live.controlplane import build
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.gomodules import module_folder
from tests.platform import definitions
from tests.platform.adopted import Adopted
from tests.platform.overlays import read

ARGOCD = "github.com/argoproj/argo-cd/v3"
KINDS = (
    ("v1", "Namespace"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("argoproj.io/v1alpha1", "AppProject"),
    ("argoproj.io/v1alpha1", "Application"),
)
"""What it makes, but for definitions; compared between one run and the next."""


class Bootstrap:
    """The platform in a repository of its own in ``folder``, beside the roots that were applied."""

    def __init__(self, folder: Path, environment: str, roots: Path) -> None:
        self.adopted = Adopted(folder / "platform", environment)
        (folder / "platform/terraform").symlink_to(roots)
        (folder / "tools").symlink_to(Path(__file__).parents[2] / "tools")
        self.environment = environment

    def run(self, cluster: Cluster, account: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """The script's exit code and words; ``account`` are Terraform's variables of the process."""
        manifests = module_folder(ARGOCD, definitions.version_of(ARGOCD)) / "manifests/install.yaml"
        path = os.pathsep.join([str(build.program("kubectl").parent), os.environ["PATH"]])
        variables = {
            **os.environ,
            **account,
            "ARGOCD_MANIFESTS": str(manifests),
            "KUBECONFIG": str(cluster.kubeconfig),
            "PYTHON": sys.executable,
            "PATH": path,
        }
        script = self.adopted.folder / "bootstrap/bootstrap.sh"
        command = ["bash", str(script), self.environment]
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=600, check=False
        )


def versions(cluster: Cluster) -> dict[str, str]:
    """Kind, namespace and name → resourceVersion, of what a run of the script could have written."""
    return {
        f"{kind} {meta.get('namespace', '')}/{meta['name']}": _version(each)
        for api_version, kind in KINDS
        for each in cluster.api.list(api_version, kind)
        for meta in [each["metadata"]]
    }


def _version(body: dict[str, Any]) -> str:
    """What changes when somebody writes to it; of what controllers count, only the specification."""
    if "replicas" in body.get("spec", {}):
        return str(body["metadata"]["generation"])
    return str(body["metadata"]["resourceVersion"])


def check(applied_as: str, roots: Path, account: Mapping[str, str], outputs: Mapping[str, Any]) -> None:
    """Refused while Git does not say what Terraform says; then Argo CD, its secret and the root; then nothing more."""
    bridge = outputs["gitops_bridge"]
    bootstrap = Bootstrap(roots.parent / "adopted", applied_as, roots)
    with Cluster() as cluster:
        cluster.add_node("system-a", labels={"workload-class": "system", "kubernetes.io/os": "linux"})
        refused = bootstrap.run(cluster, account)
        assert refused.returncode == 1 and "is not what Terraform says" in refused.stderr, refused.stderr
        assert cluster.api.find("v1", "Namespace", "argocd") is None
        bootstrap.adopted.write_cluster(bridge)
        first = bootstrap.run(cluster, account)
        assert first.returncode == 0, first.stdout + first.stderr
        assert outputs["cluster_endpoint"] in first.stdout
        assert "would violate PodSecurity" not in first.stderr, first.stderr
        check_the_secret_is_the_bridge(cluster, bridge)
        check_the_root_is_what_git_says(cluster, bootstrap.adopted)
        check_settings_are_in_force(cluster, bootstrap.adopted)
        check_grafanas_password_is_random(cluster)
        before = versions(cluster)
        second = bootstrap.run(cluster, account)
        assert second.returncode == 0, second.stdout + second.stderr
        assert versions(cluster) == before


def check_the_secret_is_the_bridge(cluster: Cluster, bridge: Mapping[str, Any]) -> None:
    """The name, labels and annotations that Terraform gives, and no credential."""
    secret = cluster.api.get("v1", "Secret", f"cluster-{bridge['name']}", "argocd")
    labels = {"argocd.argoproj.io/secret-type": "cluster", **bridge["labels"]}
    assert secret["metadata"]["labels"] == labels
    assert secret["metadata"]["annotations"] == bridge["annotations"]
    texts = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert (texts["name"], texts["server"]) == (bridge["name"], "https://kubernetes.default.svc")
    assert json.loads(texts["config"]) == {"tlsClientConfig": {"insecure": False}}


def check_the_root_is_what_git_says(cluster: Cluster, adopted: Adopted) -> None:
    [root] = cluster.api.list("argoproj.io/v1alpha1", "Application", "argocd")
    [written] = read(adopted.folder / f"clusters/{adopted.environment}/root.yaml")
    assert root["metadata"]["name"] == written["metadata"]["name"]
    assert root["spec"] == written["spec"]


def check_settings_are_in_force(cluster: Cluster, adopted: Adopted) -> None:
    """Ours lie over upstream's ConfigMaps, and the controller that reads them once was started anew."""
    for name in ("argocd-cm", "argocd-cmd-params-cm"):
        [written] = read(adopted.folder / f"bootstrap/argocd/{name}.yaml")
        there = cluster.api.get("v1", "ConfigMap", name, "argocd")["data"]
        assert {key: there.get(key) for key in written["data"]} == written["data"]
    controller = cluster.api.get("apps/v1", "Deployment", "argocd-applicationset-controller", "argocd")
    assert "kubectl.kubernetes.io/restartedAt" in controller["spec"]["template"]["metadata"]["annotations"]


def check_grafanas_password_is_random(cluster: Cluster) -> None:
    secret = cluster.api.get("v1", "Secret", "grafana-admin", "monitoring")["data"]
    password = base64.b64decode(secret["password"]).decode().strip()
    assert len(base64.b64decode(password)) == 24
