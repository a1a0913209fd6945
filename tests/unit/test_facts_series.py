"""Rules and scalers against the metrics that Prometheus has."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.catalog import load_builtin
from auditor.engine import Engine
from auditor.model import Resource, Target, Verdict
from auditor.reach import Reach, Unread
from auditor.sources.live import live_origin, live_target
from auditor.unknown import Unknown
from auditor.world import World

NAMES = ["up", "worker_queue_age_seconds", "job:errors:rate5m"]
BODY = {"window": {"days": 14.0}, "names": NAMES}
REFUSED = Unknown("the answer is incomplete", "repair the store")


def metrics(*, read: bool = True) -> Target:
    """The target of a Prometheus, read or refused."""
    found = Resource("metrics/v1", "SeriesNames", "", "all", BODY, live_origin("metrics:m", "metrics", "x"))
    key = ("metrics", "SeriesNames")
    reach = Reach("metrics", frozenset({key}) if read else frozenset())
    if not read:
        reach.unread[key] = Unread("metrics/v1", "SeriesNames", REFUSED)
    return live_target(
        "metrics:m", "metrics:m", source="metrics", reach=reach, resources=[found] if read else []
    )


def judged(code: str, api_version: str, kind: str, spec: dict[str, Any], *tied: Target) -> list[Verdict]:
    """What one policy says of one object of a cluster."""
    meta = {"name": "x", "namespace": "inference"}
    body = {"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": spec}
    origin = live_origin("cluster:c", "cluster", "x")
    resource = Resource(api_version, kind, "inference", "x", body, origin)
    target = live_target("cluster:c", "cluster:c", source="cluster", resources=[resource])
    policies = [each for each in load_builtin() if each.code == code]
    return Engine(policies).judge(World(target, tied))


def of_rule(expression: str, *tied: Target) -> list[tuple[str, str]]:
    spec = {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expression}]}]}
    found = judged("OBS-049", "monitoring.coreos.com/v1", "PrometheusRule", spec, *tied)
    return [(str(each.status), each.message or each.reason) for each in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("worker_queue_age_seconds > 60", "pass"),
        ("job:errors:rate5m / job:all:rate5m > 0.1", "fail"),
        ("worker_que_age_seconds > 60", "fail"),
        ("absent(worker_que_age_seconds)", "pass"),
        ("sum by (job) (rate(up[5m]))", "pass"),
        ("{{ .Values.metric }} > 1", "not-assessed"),
    ],
)
def test_a_rule_on_a_metric_that_never_was_is_found(expression: str, expected: str) -> None:
    ((status, _),) = of_rule(expression, metrics())
    assert status == expected


def test_the_metric_and_the_days_are_named() -> None:
    ((_, said),) = of_rule("worker_que_age_seconds > 60", metrics())
    assert said == "A asks for worker_que_age_seconds, of which Prometheus had no series in 14 days"


def test_without_a_prometheus_nothing_is_said() -> None:
    assert [status for status, _ in of_rule("nobody_knows > 1")] == ["not-applicable"]


def test_half_the_names_decide_nothing() -> None:
    assert of_rule("nobody_knows > 1", metrics(read=False)) == [("not-assessed", REFUSED.reason)]


def test_a_scaler_on_a_metric_that_never_was_is_found_at_its_query() -> None:
    address = "http://prometheus.monitoring:9090"
    asks = ({"query": "sum(nobody_knows)"}, {"query": "sum(up)"})
    triggers = [{"type": "prometheus", "metadata": {**each, "serverAddress": address}} for each in asks]
    spec = {"triggers": [*triggers, {"type": "cpu", "metadata": {"value": "60"}}]}
    failed, passed = judged("KED-052", "keda.sh/v1alpha1", "ScaledObject", spec, metrics())
    assert (str(failed.status), failed.at) == ("fail", ("spec", "triggers", 0, "metadata", "query"))
    assert "nobody_knows" in failed.message
    assert str(passed.status) == "pass"
