"""The CronJob of the audit as it is shipped: its line, account, ClusterRole and IAM policy; and with a rule less."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.keda import Keda
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import wait_for
from tests.live.prometheus_server import unpacked
from tests.platform.containers import UNITS, Containers, Finished
from tests.platform.gpu_loop import ENVIRONMENT, adopt
from tests.platform.loop_account import Account
from tests.platform.moto_process import ACCOUNT
from tests.platform.standing import add_nodes, apply_all

pytestmark = pytest.mark.slow

NAMESPACE, NAME = "audit", "auditor"
ROLE = ("rbac.authorization.k8s.io/v1", "ClusterRole", NAME)
SERVICES = ("prometheus-prometheus.monitoring.svc", f"{ACCOUNT}.127.0.0.1")
"""What the line calls Prometheus, and botocore the account's own host of S3 Control at moto."""
RUN_S = 120


class InCluster(NamedTuple):
    """The platform with its account, and a place for the auditor's containers."""

    cluster: Cluster
    account: Account
    containers: Containers


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InCluster]:
    """prod by Terraform, IAM enforced; its manifests applied; an empty Prometheus at the address of the real one."""
    folder, account = tmp_path_factory.mktemp("platform"), Account()
    with Cluster(add_ons=[account, Keda(account, f"cbct-{ENVIRONMENT}-keda-operator")]) as cluster:
        _, adopted = adopt(cluster, account, folder)
        account.leave()
        add_nodes(cluster)
        apply_all(cluster, adopted)
        start_prometheus(cluster, folder)
        yield InCluster(cluster, account, Containers(cluster, account, SERVICES))


def start_prometheus(cluster: Cluster, folder: Path) -> None:
    """In the cluster's own network, whose port 9090 is free."""
    config = folder / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1m}\n")
    flags = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'series'}"]
    argv = [str(unpacked() / "prometheus"), *flags, "--web.listen-address=127.0.0.1:9090"]
    cluster.processes.start("prometheus", argv)
    wait_for("Prometheus is ready", lambda: "Server is ready" in cluster.processes.log("prometheus"))


def pod_of(cluster: Cluster) -> Object:
    """The pod that the CronJob makes, as the API server has it."""
    job = cluster.api.get("batch/v1", "CronJob", NAME, NAMESPACE)["spec"]["jobTemplate"]
    pod: Object = job["spec"]["template"]["spec"]
    return pod


def run(platform: InCluster, name: str) -> Finished:
    """The CronJob's container, from its start to its end."""
    platform.containers.start(name, pod_of(platform.cluster), NAMESPACE)
    wait_for(f"{name} ends", lambda: platform.containers.finished(name) is not None, timeout=RUN_S)
    done = platform.containers.finished(name)
    assert done is not None
    return done


@pytest.fixture(scope="module")
def whole(platform: InCluster) -> Finished:
    return run(platform, "whole")


def test_the_shipped_rights_are_enough_and_the_platform_passes(whole: Finished) -> None:
    assert whole.code == 0, whole.output
    assert "cluster:in-cluster,aws:" in whole.output and "Traceback" not in whole.output


def test_no_right_is_missing_in_the_cluster_or_the_account(whole: Finished) -> None:
    for missing in ("Problems", "add the rule", "let the auditor's role", "could not be"):
        assert missing not in whole.output


def test_what_it_takes_fits_what_it_asks_for(platform: InCluster, whole: Finished) -> None:
    [container] = pod_of(platform.cluster)["containers"]
    asked, limit = (container["resources"][each] for each in ("requests", "limits"))
    print(f"CronJob: {whole.cpu_s:.1f} s of CPU, {whole.peak_mib:.0f} MiB at its peak")
    assert mib(asked["memory"]) == mib(limit["memory"]) > 1.5 * whole.peak_mib
    deadline = platform.cluster.api.get("batch/v1", "CronJob", NAME, NAMESPACE)["spec"]["jobTemplate"]["spec"]
    assert whole.cpu_s / cores(asked["cpu"]) < deadline["activeDeadlineSeconds"]


def mib(text: str) -> float:
    return float(text[:-2]) * UNITS[text[-2:]] / UNITS["Mi"]


def cores(text: str) -> float:
    return float(text.removesuffix("m")) / (1000 if text.endswith("m") else 1)


@pytest.mark.parametrize(
    ("group", "plural", "judged"),
    [("networking.k8s.io", "networkpolicies", "NET-003"), ("policy", "poddisruptionbudgets", "ZRO-011")],
)
def test_without_a_rule_it_names_that_rule_and_ends_with_3(
    platform: InCluster, group: str, plural: str, judged: str
) -> None:
    shipped = platform.cluster.api.get(*ROLE)["rules"]
    left = [rule for rule in shipped if plural not in rule["resources"]]
    assert len(left) == len(shipped) - 1
    platform.cluster.api.patch(*ROLE, {"rules": left})
    try:
        done = run(platform, f"without-{plural}")
    finally:
        platform.cluster.api.patch(*ROLE, {"rules": shipped})
    rule = f'{{apiGroups: ["{group}"], resources: ["{plural}"], verbs: [list]}}'
    assert done.code == 3, done.output
    assert f"repair: add the rule {rule} to the auditor's ClusterRole" in done.output
    assert not_assessed(done.output, rule) >= {judged}


def not_assessed(output: str, repair: str) -> set[str]:
    """The policies in the line that counts what a repair would decide."""
    [line] = [each for each in output.split("\n") if f" × add the rule {repair}" in each]
    return {*line.rpartition("(")[2].rstrip(")").split(", ")}
