"""Argo CD's real controllers bring the whole platform up from Git, wave by wave, and keep it there.

What cannot be had here is left out of the repository, in code below: the charts (wave 2 has no Application then; the
definitions that they need come from wave 1's projects, of whose sources the test puts Go's own copies into local
repositories). Everything else is rendered and synced as it is committed.
"""

from __future__ import annotations

import functools
import itertools
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.live.controlplane.argocd import NAMESPACE, RESYNC_S, ArgoCD
from tests.live.controlplane.aws import Moto
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.gomodules import module_folder
from tests.live.controlplane.keda import Keda
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import Timeline
from tests.live.workloads import DEPLOYMENT, replicas
from tests.platform import definitions
from tests.platform.adopted import Adopted, commit, git
from tests.platform.overlays import PLATFORM, read
from tests.platform.server_side import apply_strictly
from tests.platform.timeline_page import ARGO_CD, record

pytestmark = pytest.mark.slow
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
MESSAGES, WORKERS = 12, 3
WAVES = (
    ("namespaces", "keda-definitions", "prometheus-definitions"),
    ("configs-prod",),
    ("ml-worker-prod",),
)
NEEDED = ("prometheusrules", "servicemonitors")
"""Definitions of the Prometheus operator whose kinds the platform has; all ten would cost the API server 800 MiB."""


def add_nodes(cluster: Cluster) -> None:
    """What Terraform's node groups would have."""
    cluster.add_node("system-a", labels={"workload-class": "system"})
    gpu = {"workload-class": "gpu", "nvidia.com/gpu.present": "true"}
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    cluster.add_node("gpu-a", {"nvidia.com/gpu": "4"}, labels=gpu, taints=[taint])


def repository(folder: Path, moto: Moto) -> Adopted:
    """The platform in a local git, reading no other address than local ones; tag prod-1 is made."""
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


@pytest.fixture(scope="module")
def with_argocd() -> Iterator[tuple[Cluster, Moto]]:
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


def applications(cluster: Cluster) -> dict[str, Object]:
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
    return all(settled(cluster, name) for name in names)


def workers(cluster: Cluster) -> int:
    return replicas(cluster.api, "ml-worker", "inference")


def image(cluster: Cluster) -> str:
    pod = cluster.api.get(*DEPLOYMENT, "ml-worker", "inference")["spec"]["template"]["spec"]
    return str(pod["containers"][0]["image"])


def test_prod_comes_up_in_waves_from_a_tag_heals_and_is_promoted_by_a_commit(
    with_argocd: tuple[Cluster, Moto], timeline: Timeline, tmp_path: Path
) -> None:
    cluster, moto = with_argocd
    timeline.include(cluster.timeline, "cluster")
    adopted = repository(tmp_path, moto)
    add_nodes(cluster)
    bootstrap = adopted.rendered("bootstrap/argocd") + read(adopted.folder / "clusters/prod/root.yaml")
    assert apply_strictly(cluster.api, bootstrap) == {}
    timeline.note("root Application applied")
    check_waves(cluster, timeline)
    check_kedas_replicas_are_left_alone(cluster, timeline, moto)
    check_a_hand_edit_is_healed(cluster, timeline)
    check_a_commit_promotes(cluster, timeline, adopted)
    record(ARGO_CD, timeline.events)
    timeline.note(f"resident MiB: {cluster.resident_mib()}")


def check_waves(cluster: Cluster, timeline: Timeline) -> None:
    """No Application of a wave is there before those of the one before are healthy."""
    for number, wave in enumerate(WAVES):
        done = functools.partial(all_settled, cluster, wave)
        timeline.wait_for(f"wave {number}: {', '.join(wave)}", done, timeout=180)
    there = applications(cluster)
    for earlier, later in itertools.pairwise(WAVES):
        healthy = max(there[name]["status"]["health"]["lastTransitionTime"] for name in earlier)
        made = min(there[name]["metadata"]["creationTimestamp"] for name in later)
        assert healthy <= made, f"{later} before {earlier} was healthy"
    check_the_audit_ran_before_the_worker_came(cluster, timeline)


def check_the_audit_ran_before_the_worker_came(cluster: Cluster, timeline: Timeline) -> None:
    """The Job itself is gone, as its annotation wants; its events are left."""
    ended = [
        each["firstTimestamp"]
        for each in cluster.api.list("v1", "Event", "audit")
        if each["involvedObject"]["name"] == "audit-before-sync" and each["reason"] == "Completed"
    ]
    worker = cluster.api.get(*DEPLOYMENT, "ml-worker", "inference")
    assert ended and min(ended) <= worker["metadata"]["creationTimestamp"]
    timeline.note("the audit before the sync had ended before there was a worker")


def check_kedas_replicas_are_left_alone(cluster: Cluster, timeline: Timeline, moto: Moto) -> None:
    sqs = moto.client("sqs")
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    for number in range(MESSAGES):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    timeline.note(f"{MESSAGES} messages sent")
    timeline.wait_for(f"KEDA: 0 → {WORKERS}", lambda: workers(cluster) == WORKERS)
    time.sleep(3 * RESYNC_S)
    assert workers(cluster) == WORKERS
    assert applications(cluster)["ml-worker-prod"]["status"]["sync"]["status"] == "Synced"
    timeline.note("KEDA's replicas left alone through three looks at Git")


def check_a_hand_edit_is_healed(cluster: Cluster, timeline: Timeline) -> None:
    committed = image(cluster)
    cluster.kubectl(
        "-n", "inference", "set", "image", "deployment/ml-worker", "worker=registry.example/hotfix:1"
    )
    timeline.note("image edited by hand")
    timeline.wait_for("hand edit healed", lambda: image(cluster) == committed)
    assert workers(cluster) == WORKERS
    timeline.wait_for("synced again", lambda: settled(cluster, "ml-worker-prod"), timeout=120)


def check_a_commit_promotes(cluster: Cluster, timeline: Timeline, adopted: Adopted) -> None:
    """What is merged for dev leaves prod alone; the commit that moves prod's pin, with its tag, brings the change."""
    before, digest = image(cluster), f"sha256:{'5' * 64}"
    adopted.run(sys.executable, "ci/promote.py", "dev", f"ml-worker={digest}")
    adopted.commit("Promote to dev")
    timeline.note("another image committed for dev")
    time.sleep(3 * RESYNC_S)
    assert image(cluster) == before
    adopted.run(sys.executable, "ci/promote.py", "prod", f"ml-worker={digest}")
    adopted.commit("Promote to prod")
    release = read(adopted.folder / "clusters/prod/applications/release.yaml")[0]["data"]
    git(adopted.folder, "tag", release["revision"])
    timeline.note(f"promotion to prod committed and tagged {release['revision']}")
    timeline.wait_for("promoted image rolled out", lambda: image(cluster).endswith(digest), timeout=180)
    assert workers(cluster) == WORKERS
    timeline.wait_for("synced again", lambda: settled(cluster, "ml-worker-prod"), timeout=120)
