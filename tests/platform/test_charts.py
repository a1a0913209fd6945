"""The operators' charts with our values: Karpenter's as it is in its Go module, and what is judged in all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platform import charts, definitions
from tests.platform.charts import Release
from tests.platform.overlays import Object

ENVIRONMENTS = ("dev", "prod")
KARPENTER = "github.com/aws/karpenter-provider-aws"
EVERY = {"keda", "kube-prometheus-stack", "opencost", "gpu-operator", "cluster-autoscaler"}


def karpenters_chart() -> Path:
    return definitions.chart(KARPENTER)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_karpenters_chart_takes_our_values_and_makes_what_the_project_allows(
    environment: str, tmp_path: Path
) -> None:
    assert charts.judge(karpenters_chart(), charts.karpenter(environment, tmp_path), environment) == {}


def test_karpenters_controller_has_role_queue_and_a_place_on_system_nodes(tmp_path: Path) -> None:
    objects = charts.render(karpenters_chart(), charts.karpenter("prod", tmp_path))
    (account,) = [each for each in objects if each["kind"] == "ServiceAccount"]
    assert account["metadata"]["name"] == "karpenter"
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith(
        "role/cbct-prod-karpenter"
    )
    (controller,) = [each for each in objects if each["kind"] == "Deployment"]
    pod = controller["spec"]["template"]["spec"]
    assert pod["nodeSelector"]["workload-class"] == "system"
    told = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    assert told["CLUSTER_NAME"] == "swin-tiny-eks-cluster" and told["INTERRUPTION_QUEUE"] == "interruptions"
    (monitor,) = [each for each in objects if each["kind"] == "ServiceMonitor"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


def release(values: Object) -> Release:
    return Release("sample", "1.0.0", "sample", "keda", (values, {}))


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A chart of one Deployment, with a dependency of its own."""
    chart = tmp_path / "sample"
    (chart / "templates").mkdir(parents=True)
    (chart / "charts/inner").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: sample, version: 1.0.0}")
    (chart / "values.yaml").write_text("{replicas: 1, resources: {}, scope: Namespaced}")
    (chart / "charts/inner/Chart.yaml").write_text("{apiVersion: v2, name: inner, version: 1.0.0}")
    (chart / "charts/inner/values.yaml").write_text("{port: 80}")
    (chart / "templates/made.yaml").write_text(
        "apiVersion: v1\nkind: {{ if eq .Values.scope `Cluster` }}PersistentVolume{{ else }}ConfigMap{{ end }}\n"
        "metadata: {name: made}\ndata: {replicas: {{ .Values.replicas }}}\n"
        "# {{ with .Values.hidden }}{{ . }}{{ end }}\n"
    )
    return chart


def test_a_value_that_a_chart_does_not_have_is_told(sample: Path) -> None:
    values = {"replica": 2, "resources": {"requests": {}}, "hidden": 1, "inner": {"port": 81, "prot": 82}}
    assert charts.unknown_values(sample, release(values)) == ["inner.prot", "replica"]


def test_what_the_schemas_refuse_is_told(sample: Path) -> None:
    found = charts.problems(charts.render(sample, release({"replicas": 2})))
    assert list(found) == ["ConfigMap made"]
    assert charts.problems(charts.render(sample, release({"replicas": '"2"'}))) == {}


def test_what_the_project_does_not_allow_is_told(sample: Path) -> None:
    allowed = charts.render(sample, release({}))
    assert charts.refused(allowed, release({}), "prod") == []
    wide = charts.render(sample, release({"scope": "Cluster"}))
    assert charts.refused(wide, release({}), "prod") == ["PersistentVolume keda/made"]
    elsewhere = release({})._replace(namespace="default")
    assert charts.refused(allowed, elsewhere, "prod") == ["ConfigMap default/made"]


def test_a_chart_that_does_not_render_says_why(sample: Path) -> None:
    (sample / "templates/made.yaml").write_text('{{ fail "no such size" }}')
    with pytest.raises(AssertionError, match="no such size"):
        charts.render(sample, release({}))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_chart_that_is_deployed_is_known_here(environment: str) -> None:
    assert {each.chart for each in charts.releases(environment)} == EVERY


def test_a_name_outside_of_the_clusters_domain_is_told(sample: Path) -> None:
    """What came of one `clusterName` for all charts: to OpenCost's it is the domain."""
    right, wrong = (f"http://prometheus.monitoring.svc.{domain}:9090" for domain in ("cluster.local", "prod"))
    (sample / "templates/made.yaml").write_text(
        f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}, data: {{a: '{right}', b: '{wrong}'}}}}"
    )
    found = charts.strange_names(charts.render(sample, release({})))
    assert found == ["prometheus.monitoring.svc.prod"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_all_charts_are_given_means_the_same_to_none_of_the_others(environment: str) -> None:
    """Each top-level key belongs to one of them: KEDA, OpenCost, kube-prometheus-stack."""
    given = {each.chart: set(each.values[-1]) for each in charts.releases(environment)}
    shared = given.pop("keda")
    assert shared == {"podIdentity", "opencost", "alertmanager"}
