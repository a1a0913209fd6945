"""Argo CD's real controllers bring the whole platform up from Git, wave by wave, and keep it there.

What cannot be had here, and so is left out of the repository, is said in :mod:`tests.platform.gitops`.
"""

from __future__ import annotations

import functools
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.controlplane.argocd import RESYNC_S
from tests.live.controlplane.aws import Moto
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.timeline import Timeline
from tests.live.workloads import DEPLOYMENT, replicas
from tests.platform.adopted import Adopted
from tests.platform.gitops import (
    QUEUE,
    WAVES,
    add_nodes,
    all_settled,
    applications,
    bootstrap,
    cluster_with_argocd,
    image,
    release,
    repository,
    settled,
)
from tests.platform.timeline_page import ARGO_CD, record

pytestmark = pytest.mark.slow
MESSAGES, WORKERS = 12, 3


@pytest.fixture(scope="module")
def with_argocd() -> Iterator[tuple[Cluster, Moto]]:
    with cluster_with_argocd() as both:
        yield both


def workers(cluster: Cluster) -> int:
    return replicas(cluster.api, "ml-worker", "inference")


def test_prod_comes_up_in_waves_from_a_tag_heals_and_is_promoted_by_a_commit(
    with_argocd: tuple[Cluster, Moto], timeline: Timeline, tmp_path: Path
) -> None:
    cluster, moto = with_argocd
    timeline.include(cluster.timeline, "cluster")
    adopted = repository(tmp_path, moto)
    add_nodes(cluster)
    bootstrap(cluster, adopted)
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
    tag = release(adopted, "ml-worker", digest, "Promote to prod")
    timeline.note(f"promotion to prod committed and tagged {tag}")
    timeline.wait_for("promoted image rolled out", lambda: image(cluster).endswith(digest), timeout=180)
    assert workers(cluster) == WORKERS
    timeline.wait_for("synced again", lambda: settled(cluster, "ml-worker-prod"), timeout=120)
