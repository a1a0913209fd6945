"""The platform's repository under Argo CD's real controllers: how it is served, and what they make of it.

What cannot be had here is left out of the repository, in code below: the charts (wave 2 has no Application then; the
definitions that they need come from wave 1's projects, of whose sources Go's own copies lie in local repositories).
Everything else is rendered and synced as it is committed.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.live.controlplane.argocd import NAMESPACE, ArgoCD
from tests.live.controlplane.aws import Moto
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.gomodules import module_folder
from tests.live.controlplane.keda import Keda
from tests.live.controlplane.manifests import Object
from tests.live.workloads import DEPLOYMENT
from tests.platform import definitions
from tests.platform.adopted import Adopted, commit, git
from tests.platform.overlays import PLATFORM, read
from tests.platform.server_side import apply_strictly

APPLICATION = ("argoproj.io/v1alpha1", "Application")
BOOTSTRAP = PLATFORM / "bootstrap/argocd"
PROMETHEUS = "github.com/prometheus-operator/prometheus-operator"
OWN = "https://github.com/example-org/gpu-inference-platform.git"
SOURCES = {
    "https://github.com/kedacore/keda.git": "github.com/kedacore/keda/v2",
    f"https://{PROMETHEUS}.git": PROMETHEUS,
}
QUEUE = "cbct-prod-scans"
QUEUE_URL = f"https://sqs.us-east-1.amazonaws.com/111122223333/{QUEUE}"
WAVES = (
    ("namespaces", "keda-definitions", "prometheus-definitions"),
    ("configs-prod",),
    ("ml-worker-prod",),
)
NEEDED = ("prometheusrules", "servicemonitors")
"""Definitions of the Prometheus operator whose kinds the platform has; all ten would cost the API server 800 MiB."""


@contextmanager
def cluster_with_argocd() -> Iterator[tuple[Cluster, Moto]]:
    """Control plane, KEDA with the queue that it asks, and Argo CD as the platform sets it up."""
    settings, parameters = (
        read(BOOTSTRAP / f"{name}.yaml")[0]["data"] for name in ("argocd-cm", "argocd-cmd-params-cm")
    )
    # As the installation of Argo CD names its variables.
    variables = {
        key.replace("applicationsetcontroller", "argocd.applicationset.controller")
        .replace(".", "_")
        .upper(): value
        for key, value in parameters.items()
    }
    moto = Moto()
    with Cluster(add_ons=[moto, Keda(moto), ArgoCD(settings, variables)]) as cluster:
        moto.client("sqs").create_queue(QueueName=QUEUE)
        yield cluster, moto


def bootstrap(cluster: Cluster, adopted: Adopted) -> None:
    """The one step by hand."""
    objects = adopted.rendered("bootstrap/argocd") + read(adopted.folder / "clusters/prod/root.yaml")
    assert apply_strictly(cluster.api, objects) == {}


def release(adopted: Adopted, image: str, digest: str, message: str) -> str:
    """Promote an image to prod, commit everything, make the tag, as the pipeline does; the tag."""
    adopted.run(sys.executable, "ci/promote.py", "prod", f"{image}={digest}")
    adopted.commit(message)
    data = read(adopted.folder / "clusters/prod/applications/release.yaml")[0]["data"]
    tag: str = data["revision"]
    git(adopted.folder, "tag", tag)
    return tag


def add_nodes(cluster: Cluster) -> None:
    """What Terraform's node groups would have."""
    cluster.add_node("system-a", labels={"workload-class": "system"})
    gpu = {"workload-class": "gpu", "nvidia.com/gpu.present": "true"}
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    cluster.add_node("gpu-a", {"nvidia.com/gpu": "4"}, labels=gpu, taints=[taint])


def repository(
    folder: Path, moto: Moto, prepare: Callable[[Adopted], None] = lambda adopted: None
) -> Adopted:
    """The platform in a local git, reading no other address than local ones; tag prod-1 is made.

    ``prepare`` changes it before the first commit.
    """
    adopted = Adopted(folder / "platform", "prod")
    queue = moto.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    addresses = {OWN: f"file://{adopted.folder}", QUEUE_URL: queue}
    for address, module in SOURCES.items():
        addresses[address] = f"file://{mirror(folder / module.rpartition('/')[0].replace('/', '-'), module)}"
    for path in [*adopted.folder.rglob("*.yaml")]:
        text = path.read_text()
        for old, new in addresses.items():
            text = text.replace(old, new)
        path.write_text(text)
    leave_out_charts(adopted)
    prepare(adopted)
    adopted.commit("Adopt the platform")
    git(adopted.folder, "tag", "prod-1")
    return adopted


def mirror(folder: Path, module: str) -> Path:
    """A project's definitions, at the version deployed, as a repository with that tag."""
    version = definitions.version_of(module)
    [source] = [each for each in definitions.SOURCES if each.module == module]
    inside = "config/crd" if "keda" in module else source.files.rpartition("/")[0]
    target = folder / inside
    shutil.copytree(module_folder(module, version) / inside, target)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    if "keda" not in module:
        for path in target.glob("*.yaml"):
            if not any(name in path.name for name in NEEDED):
                path.unlink()
    commit(folder, version)
    git(folder, "tag", version)
    return folder


def leave_out_charts(adopted: Adopted) -> None:
    """Charts come from registries that cannot be reached: their ApplicationSets are not made."""
    path = adopted.folder / "clusters/base/kustomization.yaml"
    body = read(path)[0]
    body["resources"] = [each for each in body["resources"] if not each.startswith("2-")]
    path.write_text(yaml.safe_dump(body))
    # What wrote revisions into those two.
    path = adopted.folder / "clusters/components/release/kustomization.yaml"
    body = read(path)[0]
    for replacement in body["replacements"]:
        replacement["targets"] = [
            each
            for each in replacement["targets"]
            if each["select"].get("name") not in ("controllers", "node-autoscaler")
        ]
    path.write_text(yaml.safe_dump(body))


def applications(cluster: Cluster) -> dict[str, Object]:
    """Every Application, by its name."""
    return {each["metadata"]["name"]: each for each in cluster.api.list(*APPLICATION, NAMESPACE)}


def settled(cluster: Cluster, name: str) -> bool:
    """Synced, healthy, and no operation under way."""
    status = applications(cluster)[name]["status"]
    return bool(
        status["sync"]["status"] == "Synced"
        and status["health"]["status"] == "Healthy"
        and status.get("operationState", {}).get("phase", "Succeeded") == "Succeeded"
    )


def all_settled(cluster: Cluster, names: tuple[str, ...]) -> bool:
    """:func:`settled`, of several."""
    return all(settled(cluster, name) for name in names)


def image(cluster: Cluster) -> str:
    """What the worker's container runs."""
    pod = cluster.api.get(*DEPLOYMENT, "ml-worker", "inference")["spec"]["template"]["spec"]
    return str(pod["containers"][0]["image"])
