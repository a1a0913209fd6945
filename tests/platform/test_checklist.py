"""What rows of the checklist (platform/README.md) say and no other test holds: names kept, packing, closed doors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.platform.charts import Release, releases
from tests.platform.overlays import PLATFORM, one, read, rendered
from tests.platform.test_gitops_inputs import WORKERS, container, settings, template

ENVIRONMENTS = ("dev", "prod")


def release(chart: str, environment: str = "prod") -> Release:
    (found,) = [each for each in releases(environment) if each.chart == chart]
    return found


@pytest.mark.parametrize(
    ("chart", "version", "namespace"),
    [
        ("gpu-operator", r"v25\.3\.2", "gpu-operator"),
        ("kube-prometheus-stack", r"\d+\.\d+\.\d+", "monitoring"),
        ("keda", r"\d+\.\d+\.\d+", "keda"),
        ("cluster-autoscaler", r"\d+\.\d+\.\d+", "kube-system"),
        ("opencost", r"\d+\.\d+\.\d+", "opencost"),
    ],
)
def test_releases_are_pinned_and_lie_where_they_should(chart: str, version: str, namespace: str) -> None:
    found = release(chart)
    assert re.fullmatch(version, found.version) and found.namespace == namespace


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cluster_autoscaler_knows_cluster_region_and_role(environment: str) -> None:
    given = release("cluster-autoscaler", environment).values[-1]
    (known,) = read(PLATFORM / f"clusters/{environment}/cluster.yaml")
    assert given["autoDiscovery"] == {"clusterName": known["data"]["cluster_name"]}
    assert given["awsRegion"] == known["data"]["aws_region"]
    role = given["rbac"]["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role == known["data"]["cluster_autoscaler_role_arn"]


def test_the_operator_takes_the_time_slicing_that_the_overlay_brings() -> None:
    (values,) = read(PLATFORM / "infrastructure/controllers/gpu-operator/values-time-slicing.yaml")
    named = values["devicePlugin"]["config"]
    assert named == {"name": "time-slicing-config-all", "default": "any"}
    config = one("infrastructure/configs/time-slicing", "ConfigMap", named["name"])
    assert config["metadata"]["namespace"] == release("gpu-operator").namespace
    assert "timeSlicing" in config["data"][named["default"]]


@pytest.mark.parametrize(("overlay", "kind"), WORKERS)
def test_workers_prefer_one_node_and_never_insist(overlay: str, kind: str) -> None:
    (packing,) = template(overlay, kind)["spec"]["affinity"].values()
    (preferred,) = packing.pop("preferredDuringSchedulingIgnoredDuringExecution")
    assert packing == {} and preferred["weight"] == 100
    assert preferred["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"


def test_monitoring_is_reached_from_inside_only_and_has_no_known_password() -> None:
    values = release("kube-prometheus-stack").values[0]
    for part in ("prometheus", "alertmanager", "grafana"):
        assert values[part]["service"]["type"] == "ClusterIP"
        assert not values[part].get("ingress")
    assert values["grafana"]["admin"]["existingSecret"] == "grafana-admin"
    assert "adminPassword" not in values["grafana"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_prometheus_picks_up_every_monitor_and_rule_of_ours(environment: str) -> None:
    stack = release("kube-prometheus-stack", environment)
    wanted = {"matchLabels": {"release": stack.name}}
    spec = stack.values[0]["prometheus"]["prometheusSpec"]
    assert spec["serviceMonitorSelector"] == spec["podMonitorSelector"] == spec["ruleSelector"] == wanted
    ours = [
        each
        for overlay in (f"apps/{environment}", f"infrastructure/configs/{environment}")
        for each in rendered(overlay)
        if each["kind"] in ("ServiceMonitor", "PrometheusRule")
    ]
    assert len(ours) == 3
    assert all(each["metadata"]["labels"]["release"] == stack.name for each in ours)


@pytest.mark.parametrize(("overlay", "kind"), WORKERS)
def test_a_pod_has_the_memory_that_its_worker_may_take(overlay: str, kind: str) -> None:
    """The largest scan that it accepts, and the shared memory beside it."""
    limits = container(overlay, kind)["resources"]["limits"]
    (shared,) = [each for each in template(overlay, kind)["spec"]["volumes"] if each["name"] == "shm"]
    needed = settings(overlay).max_scan_memory_bytes + gibibytes(shared["emptyDir"]["sizeLimit"])
    assert needed < gibibytes(limits["memory"])


def gibibytes(text: str) -> int:
    return int(text.removesuffix("Gi")) * 2**30


def test_the_longest_scan_declared_is_what_a_worker_has_to_end_in() -> None:
    for overlay in ("apps/dev", "apps/prod"):
        declared = template(overlay, "Deployment")["metadata"]["annotations"]["auditor.dev/max-seconds"]
        assert float(declared) == settings(overlay).grace_seconds


def test_karpenter_buys_nodes_with_one_gpu_only() -> None:
    requirements = one("infrastructure/configs/karpenter", "NodePool", "gpu")["spec"]["template"]["spec"]
    asked = {each["key"]: each["values"] for each in requirements["requirements"] if each["operator"] == "In"}
    assert asked["karpenter.k8s.aws/instance-gpu-count"] == ["1"]


def default_of(variable: str) -> str:
    text = Path(PLATFORM / "terraform/modules/platform/variables.tf").read_text()
    found = re.search(rf'variable "{variable}" {{.*?default\s+= "([^"]+)"', text, re.DOTALL)
    assert found is not None
    return found[1]


def test_names_of_the_origin_are_kept() -> None:
    assert (default_of("region"), default_of("cluster_name")) == ("us-east-1", "swin-tiny-eks-cluster")
    outputs = (PLATFORM / "terraform/envs/prod/outputs.tf").read_text()
    assert 'output "cluster_autoscaler_role_arn"' in outputs


def test_the_nodes_of_karpenter_are_those_of_the_node_groups() -> None:
    """One AMI release for both ways to a node."""
    made: Any = one("infrastructure/configs/karpenter", "EC2NodeClass", "gpu")["spec"]
    (term,) = made["amiSelectorTerms"]
    assert term["alias"] == f"al2023@v{default_of('node_release_version').rpartition('-')[2]}"
