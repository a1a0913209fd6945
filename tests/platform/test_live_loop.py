"""Uploads bring workers and GPU nodes, and their end takes both away: the whole platform at once, on real components.

Terraform's account, KEDA's operator, Karpenter, scheduler, quotas and Pod Security are the real ones; so is the worker,
with a trivial network. No program of the loop has a key, and moto judges every request by Terraform's policies.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import Timeline, wait_for
from tests.platform.gpu_loop import ENVIRONMENT, NAMESPACE, WORKER, Loop, Samples, cluster_and_account, start
from tests.platform.loop_account import Account
from tests.platform.pod_processes import PodProcesses
from tests.platform.timeline_page import LOOP, Run, record

pytestmark = pytest.mark.slow
SCANS, SCAN_S, WORKERS = 2_700, 0.5, 4
# Eight scans a second are 50 requests: moto, one process, serves them on a busy machine too.
DURING_DRAIN = 200
KARPENTER_LOOKS_S = 5
"""Karpenter batches pods for a second, or ten while more arrive, before it buys."""
TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Cluster, Account]]:
    with cluster_and_account() as both:
        yield both


def test_uploads_bring_workers_and_gpu_nodes_and_their_end_takes_both_away(
    running: tuple[Cluster, Account], timeline: Timeline, tmp_path: Path
) -> None:
    cluster, account = running
    timeline.include(cluster.timeline, "cluster")
    loop = start(cluster, account, tmp_path)
    timeline.note("prod applied by Terraform, IAM enforced, manifests applied")
    check_identities(loop)
    timeline.wait_for("ScaledObject ready", loop.ready)
    assert loop.replicas() == 0 and loop.gpu_nodes() == []
    zero = Timeline()
    with PodProcesses(cluster, account, NAMESPACE) as workers, Samples(loop, workers) as samples:
        check_one_scan_wakes_the_platform(loop, zero)
        run = check_the_load_is_done_in_the_predicted_time(loop, zero, workers)
        check_gpu_nodes_are_for_workers_alone(loop)
        check_a_zone_may_be_drained(loop, zero)
        check_everything_goes_back_to_zero(loop, zero, workers)
        check_no_scan_was_lost_or_done_twice(loop)
    record(LOOP, run._replace(events=zero.events, samples=samples.found))
    timeline.events += zero.events
    timeline.note(f"resident MiB: {cluster.resident_mib()}")


def check_identities(loop: Loop) -> None:
    """Roles trust one ServiceAccount each; without a key nothing is answered; a worker may not more than its policy."""
    names = {WORKER: f"{NAMESPACE}:{WORKER}", "keda-operator": "keda:keda-operator"}
    for role, subject in names.items():
        claims = loop.account.trust_of(f"cbct-{ENVIRONMENT}-{role}")
        assert claims == {"sub": f"system:serviceaccount:{subject}", "aud": "sts.amazonaws.com"}
    worker = role_client(loop, "sqs")
    with pytest.raises(ClientError, match="not authorized"):
        worker.send_message(QueueUrl=loop.bridge["queue_url"], MessageBody="{}")
    with pytest.raises(ClientError):
        role_client(loop, "s3").put_object(Bucket=loop.bridge["input_bucket"], Key="incoming/x", Body=b"")


def role_client(loop: Loop, service: str) -> Any:
    """A client with the worker's role, by a token of its ServiceAccount."""
    import boto3  # type: ignore[import-untyped]

    token = loop.api.token(WORKER, NAMESPACE, audiences=["sts.amazonaws.com"])
    found = loop.account.client("sts").assume_role_with_web_identity(
        RoleArn=loop.bridge["worker_role_arn"], RoleSessionName="test", WebIdentityToken=token
    )["Credentials"]
    return boto3.client(
        service,
        endpoint_url=loop.account.url,
        region_name=loop.bridge["aws_region"],
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


def check_one_scan_wakes_the_platform(loop: Loop, timeline: Timeline) -> None:
    loop.upload(["first"], SCAN_S)
    timeline.note("one scan uploaded")
    timeline.wait_for("KEDA: 0 → 1 worker", lambda: loop.replicas() == 1)
    timeline.wait_for("Karpenter: 0 → 1 GPU node", lambda: len(loop.gpu_nodes()) == 1)
    timeline.wait_for("worker runs", lambda: len(loop.pods()) == 1)
    timeline.wait_for("its result is written", lambda: loop.results() == ["first"])


def check_the_load_is_done_in_the_predicted_time(
    loop: Loop, timeline: Timeline, workers: PodProcesses
) -> Run:
    """The model: a worker's network is its bottleneck, so that what is left is done in left × seconds / workers."""
    timeline.wait_for("back to 0", lambda: loop.replicas() == workers.running() == 0, timeout=120)
    # As before a maintenance (docs/day-2.md): the backlog is whole when the work begins.
    loop.pause(True)
    loop.upload([f"load-{number:04}" for number in range(SCANS)], SCAN_S)
    assert loop.messages() == SCANS and loop.replicas() == 0
    timeline.note(f"{SCANS} scans uploaded while KEDA was paused, {SCAN_S} s of network each")
    loop.pause(False)
    timeline.note("KEDA resumed")
    timeline.wait_for(f"HPA: {WORKERS} workers", lambda: loop.replicas() == WORKERS)
    timeline.wait_for(f"{WORKERS} workers run", lambda: len(loop.pods()) == workers.running() == WORKERS)
    assert len(set(loop.zones())) == 3, loop.zones()
    timeline.note("in three zones")
    check_no_one_else_gets_a_gpu_node(loop)
    timeline.note("a pod that does not tolerate the taint waits, and nothing is bought for it")
    left = loop.messages()
    predicted = left * SCAN_S / WORKERS
    began = timeline.note(f"{left} messages left: {predicted:.0f} s by the model")
    timeline.wait_for("queue empty", lambda: loop.messages() == 0, timeout=3 * predicted + 60)
    taken = timeline.events[-1].seconds - began
    timeline.note(f"drained in {taken:.0f} s, {taken / predicted:.2f} of the model's time")
    assert 0.9 < taken / predicted < 1.35
    return Run(SCANS, SCAN_S, WORKERS, left, predicted, taken, [], [])


def check_gpu_nodes_are_for_workers_alone(loop: Loop) -> None:
    names = {each["metadata"]["name"] for each in loop.gpu_nodes()}
    assert all(TAINT in each["spec"]["taints"] for each in loop.gpu_nodes())
    loop.cluster.kubectl("-n", "audit", "create", "job", "--from=cronjob/auditor", "now")
    loop.cluster.kubectl("-n", "audit", "wait", "--for=condition=complete", "job/now", "--timeout=60s")
    placed = [each for each in loop.api.list("v1", "Pod") if "nodeName" in each["spec"]]
    on_gpus = {
        each["metadata"]["labels"]["app.kubernetes.io/name"]
        for each in placed
        if each["spec"]["nodeName"] in names
    }
    elsewhere = {
        each["metadata"]["labels"]["app.kubernetes.io/name"]
        for each in placed
        if each["spec"]["nodeName"] not in names
    }
    assert on_gpus <= {WORKER} and "auditor" in elsewhere and WORKER not in elsewhere


def check_no_one_else_gets_a_gpu_node(loop: Loop) -> None:
    """A pod that asks for a GPU node by its label, but does not tolerate the taint, waits; no node is bought for it."""
    spec = {"nodeSelector": {"workload-class": "gpu"}, "containers": [{"name": "main", "image": "none:1"}]}
    stray = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stray"}, "spec": spec}
    bought = {each["metadata"]["name"] for each in loop.gpu_nodes()}
    loop.api.apply([stray])
    wait_for("refused", lambda: "untolerated taint" in unscheduled(loop.api.get("v1", "Pod", "stray")))
    time.sleep(KARPENTER_LOOKS_S)
    assert "nodeName" not in loop.api.get("v1", "Pod", "stray")["spec"]
    assert {each["metadata"]["name"] for each in loop.gpu_nodes()} <= bought
    loop.api.delete("v1", "Pod", "stray")


def unscheduled(pod: Object) -> str:
    """Why the scheduler has found no node for a pod; '' if it has not said so."""
    found = [each for each in pod["status"].get("conditions", ()) if each["type"] == "PodScheduled"]
    return found[0].get("message", "") if found else ""


def check_a_zone_may_be_drained(loop: Loop, timeline: Timeline) -> None:
    """A zone is emptied under load: its nodes are bought elsewhere, and its scans are done elsewhere."""
    loop.upload([f"drain-{number:04}" for number in range(DURING_DRAIN)], SCAN_S)
    timeline.note(f"{DURING_DRAIN} scans more")
    timeline.wait_for(f"{WORKERS} workers run again", lambda: len(loop.zones()) == WORKERS, timeout=120)
    zone = loop.zones()[0]
    away = {"key": "topology.kubernetes.io/zone", "operator": "NotIn", "values": [zone]}
    pool = loop.api.get("karpenter.sh/v1", "NodePool", "gpu")["spec"]
    pool["template"]["spec"]["requirements"].append(away)
    loop.api.patch("karpenter.sh/v1", "NodePool", "gpu", {"spec": {"template": pool["template"]}})
    selector = f"workload-class=gpu,topology.kubernetes.io/zone={zone}"
    words = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=150s"]
    timeline.note(f"{zone} is drained")
    loop.cluster.kubectl("drain", "--selector", selector, *words)
    timeline.note(f"{zone} is empty: its workers have ended")
    loop.cluster.kubectl("delete", "node", "--selector", selector, "--wait=false")
    timeline.wait_for("queue empty", lambda: loop.messages() == 0, timeout=240)
    assert zone not in loop.zones()


def check_everything_goes_back_to_zero(loop: Loop, timeline: Timeline, workers: PodProcesses) -> None:
    timeline.wait_for("KEDA: → 0 workers", lambda: loop.replicas() == 0, timeout=120)
    timeline.wait_for(
        "every worker has ended", lambda: workers.running() == 0 and not loop.pods(), timeout=150
    )
    timeline.wait_for("Karpenter: → 0 GPU nodes", lambda: loop.gpu_nodes() == [], timeout=180)
    assert workers.trouble is None and workers.unasked == []
    killed = {name: code for name, code in workers.exit_codes.items() if code}
    # Told to end while Python itself was starting: nothing heeds SIGTERM yet. In a pod it is PID 1, and not killed.
    assert [name for name, code in killed.items() if code != -SIGTERM or workers.log(name)] == []


def check_no_scan_was_lost_or_done_twice(loop: Loop) -> None:
    found = loop.results()
    assert len(found) == len(set(found)) == 1 + SCANS + DURING_DRAIN
    assert loop.messages("dead_letters_url") == 0
