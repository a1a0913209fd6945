"""Monitors, the Services they select, the Prometheus that selects them, and DCGM exporter."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.unknown import Unknown
from tests.unit.test_facts_joins import fact, pod, service, tree

MONITOR = """
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: m, namespace: {namespace}, labels: {{release: stack}}}}
spec: {spec}
"""
PROMETHEUS = """
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {{name: p, namespace: monitoring}}
spec: {spec}
"""


def monitor(spec: str, namespace: str = "prod") -> str:
    return MONITOR.format(spec=spec, namespace=namespace)


API = "{selector: {matchLabels: {app: api}}, endpoints: [{port: http}, {port: web}, {targetPort: 80}]}"


def test_endpoints_name_ports_of_the_service() -> None:
    found = fact(tree(a__s=service("api"), a__m=monitor(API)), "monitor", "ServiceMonitor")
    assert found["found"] is True
    assert [(row["port"], row["found"]) for row in found["endpoints"]] == [("http", True), ("web", False)]


@pytest.mark.parametrize(
    ("scope", "namespace", "wanted"),
    [
        ("", "prod", True),
        ("namespaceSelector: {matchNames: [prod]}, ", "monitoring", True),
        ("namespaceSelector: {any: true}, ", "monitoring", True),
    ],
)
def test_a_monitor_looks_into_the_namespaces_it_names(scope: str, namespace: str, wanted: bool) -> None:
    world = tree(
        a__s=service("api"), a__m=monitor(API.replace("{selector", "{" + scope + "selector", 1), namespace)
    )
    assert fact(world, "monitor", "ServiceMonitor")["found"] is wanted


def test_a_monitor_that_misses_the_services_beside_it_is_dangling_else_unknown() -> None:
    missed = API.replace("app: api", "app: apis")
    assert (
        fact(tree(a__s=service("api"), a__m=monitor(missed)), "monitor", "ServiceMonitor")["found"] is False
    )
    found = fact(tree(a__s=service("api"), b__m=monitor(missed)), "monitor", "ServiceMonitor")["found"]
    assert isinstance(found, Unknown)


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("{serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}}", True),
        (
            "{serviceMonitorSelector: {matchLabels: {release: stack}}, serviceMonitorNamespaceSelector: {}}",
            True,
        ),
        (
            "{serviceMonitorSelector: {matchLabels: {release: other}}, serviceMonitorNamespaceSelector: {}}",
            False,
        ),
        ("{serviceMonitorSelector: {}}", False),
        ("{serviceMonitorNamespaceSelector: {}}", False),
    ],
)
def test_prometheus_selects_by_label_and_namespace(spec: str, wanted: bool) -> None:
    world = tree(a__m=monitor(API), a__p=PROMETHEUS.format(spec=spec))
    rows = fact(world, "monitor", "ServiceMonitor")["prometheus"]
    assert [row["selects"] for row in rows] == [wanted]


EXPORTER = pod("dcgm").replace("registry.example/dcgm:1", "nvcr.io/nvidia/k8s/dcgm-exporter:4")
DCGM = "{selector: {matchLabels: {app: dcgm}}, endpoints: [{port: http}]}"


def exporter(**files: str) -> Any:
    world = tree(a__e=EXPORTER, **files)
    return world.fact("gpu_exporter", world.instances("PodTemplate")[0])["scraped"]


def test_an_exporter_is_scraped_by_monitor_or_annotation() -> None:
    assert exporter(a__s=service("dcgm"), a__m=monitor(DCGM)) is True
    marked = service("dcgm").replace(
        "metadata: {", 'metadata: {annotations: {prometheus.io/scrape: "true"}, '
    )
    assert exporter(a__s=marked) is True
    by_pod = monitor("{selector: {matchLabels: {app: dcgm}}}").replace("ServiceMonitor", "PodMonitor")
    assert exporter(a__m=by_pod) is True


def test_an_exporter_without_a_monitor_is_unscraped_only_where_others_have_one() -> None:
    assert exporter(a__s=service("dcgm"), a__m=monitor(API)) is False
    found = exporter(a__s=service("dcgm"))
    assert isinstance(found, Unknown)
