"""The audit before a sync, under Argo CD's real controllers: it stops a release while the cluster is not fit for it.

Its Job's container runs as a real process, with the line, the account and the ClusterRole that are synced.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.stages import HELD
from tests.live.controlplane.timeline import Timeline
from tests.platform.adopted import Adopted
from tests.platform.gitops import (
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
from tests.platform.job_processes import JobProcesses
from tests.platform.overlays import read

pytestmark = pytest.mark.slow

AUDIT, APP, CONFIGS = "audit", "ml-worker-prod", "configs-prod"
HOOK = "audit-before-sync"
OVERLAY = "infrastructure/configs/prod"
CONSOLE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "prometheus-for-all", "namespace": "monitoring"},
    "spec": {"type": "NodePort", "selector": {"app": "prometheus"}, "ports": [{"port": 9090}]},
}
DIGESTS = [f"sha256:{digit * 64}" for digit in "456"]


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Adopted]]:
    with cluster_with_argocd() as (cluster, moto):
        adopted = repository(tmp_path_factory.mktemp("git"), moto, prepare=hold_the_audit)
        add_nodes(cluster)
        yield cluster, adopted


def hold_the_audit(adopted: Adopted) -> None:
    """Its pod runs until its process has ended."""
    add: dict[str, Any] = {
        "op": "add",
        "path": "/spec/template/metadata/annotations",
        "value": {HELD: "true"},
    }
    adopted.patch("apps/prod", {"kind": "Job", "name": HOOK}, [add])


def test_an_audit_that_fails_stops_the_sync_until_the_cluster_is_mended(
    prod: tuple[Cluster, Adopted], timeline: Timeline
) -> None:
    cluster, adopted = prod
    timeline.include(cluster.timeline, "cluster")
    with JobProcesses(cluster, AUDIT) as audits:
        bootstrap(cluster, adopted)
        for wave in WAVES:
            done = functools.partial(all_settled, cluster, wave)
            timeline.wait_for(f"Synced and Healthy: {', '.join(wave)}", done, timeout=180)
        check_an_audit_passed(audits)
        open_a_console(cluster, adopted, timeline)
        check_the_next_release_is_stopped(cluster, adopted, timeline, audits)
        close_the_console(adopted, timeline)
        check_the_release_comes(cluster, timeline, audits)
        assert audits.trouble is None


def check_an_audit_passed(audits: JobProcesses) -> None:
    assert [each.code for each in audits.finished.values()] == [0], audits.finished


def open_a_console(cluster: Cluster, adopted: Adopted, timeline: Timeline) -> None:
    """A commit to another Application: nobody's hook, and a fault that is graver than what CI let through."""
    change_resources(adopted, add=True)
    release(adopted, "auditor", DIGESTS[0], "Show Prometheus to all")
    there = functools.partial(cluster.api.find, "v1", "Service", "prometheus-for-all", "monitoring")
    timeline.wait_for("a console is open to all", lambda: there() is not None, timeout=120)
    timeline.wait_for("settled", lambda: all_settled(cluster, (CONFIGS, APP)), timeout=120)


def change_resources(adopted: Adopted, *, add: bool) -> None:
    path = adopted.folder / OVERLAY / "kustomization.yaml"
    body = read(path)[0]
    if add:
        (adopted.folder / OVERLAY / "console.yaml").write_text(yaml.safe_dump(CONSOLE))
        body["resources"].append("console.yaml")
    else:
        (adopted.folder / OVERLAY / "console.yaml").unlink()
        body["resources"].remove("console.yaml")
    path.write_text(yaml.safe_dump(body))


def check_the_next_release_is_stopped(
    cluster: Cluster, adopted: Adopted, timeline: Timeline, audits: JobProcesses
) -> None:
    before, ran = image(cluster), len(audits.finished)
    release(adopted, "ml-worker", DIGESTS[1], "Promote to prod")
    timeline.wait_for("an audit has failed", lambda: HOOK in refused(cluster), timeout=180)
    last = [*audits.finished.values()][-1]
    assert len(audits.finished) > ran and last.code == 1, last
    assert "NET-005 console-service-exposed" in last.output and "prometheus-for-all" in last.output
    status = applications(cluster)[APP]["status"]
    assert status["sync"]["status"] == "OutOfSync"
    assert image(cluster) == before
    timeline.note("the Deployment is as it was")


def refused(cluster: Cluster) -> str:
    """What the last attempt of the Application says of its failed tasks; '' where none has failed."""
    state = applications(cluster)[APP]["status"].get("operationState", {})
    failed = [
        f"{each['kind']}/{each['name']}: {each['message']}"
        for each in state.get("syncResult", {}).get("resources", [])
        if each.get("hookPhase") in ("Failed", "Error")
    ]
    return f"{state.get('phase')}: {state.get('message')}: {failed}" if failed else ""


def close_the_console(adopted: Adopted, timeline: Timeline) -> None:
    change_resources(adopted, add=False)
    release(adopted, "auditor", DIGESTS[2], "Keep Prometheus to ourselves")
    timeline.note("the mending commit is released")


def check_the_release_comes(cluster: Cluster, timeline: Timeline, audits: JobProcesses) -> None:
    timeline.wait_for(
        "the image that was held back runs", lambda: image(cluster).endswith(DIGESTS[1]), timeout=300
    )
    timeline.wait_for("settled", lambda: settled(cluster, APP), timeout=120)
    assert [*audits.finished.values()][-1].code == 0
