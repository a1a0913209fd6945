from __future__ import annotations

from typing import Any

import pytest

from auditor.data.metrics import judge
from auditor.facts.alerts import SUBJECTS
from auditor.model import Target
from auditor.sources.monitoring import resources_of
from auditor.unknown import Unknown
from auditor.world import Surroundings, World
from tests.unit.worlds import resources


def rules(body: str, files: tuple[str, ...] = (), **declarations: object) -> World:
    text = f"""
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {{name: r}}
spec:
  groups:
    - name: g
      rules: [{body}]
"""
    target = Target("t", "loose", ".", resources(text))
    return World(target, (), declarations, Surroundings(frozenset(files), (target,)))


def fact(world: World, name: str) -> Any:
    return world.fact(name, world.instances("PrometheusRules")[0])


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        ("{alert: A, expr: aws_sqs_approximate_age_of_oldest_message_maximum > 900}", "queue-age"),
        ("{alert: A, expr: 'sqs_messages{queue=\"scans-dlq\"} > 0'}", "dead-letter"),
        ("{alert: A, expr: 'histogram_quantile(0.95, rate(x_bucket[5m])) > 300'}", "latency"),
        ("{alert: A, expr: 'sum(rate(http_requests_total{code=~\"5..\"}[5m])) > 1'}", "error-rate"),
        ("{alert: A, expr: 'avg_over_time(DCGM_FI_DEV_GPU_UTIL[30m]) < 5'}", "idle-gpu"),
        ("{alert: A, expr: 'rate(keda_scaled_object_errors_total[5m]) > 0'}", "scaler-not-ready"),
        ("{alert: MonthlyBudget, expr: 'sum(node_total_hourly_cost) > 5'}", "budget"),
        ("{alert: A, expr: 'kube_node_status_condition{condition=\"Ready\"} == 0'}", "node-stuck"),
        ("{alert: A, expr: 'up{job=\"worker\"} == 0'}", "target-down"),
        ("{alert: A, expr: 'absent(up{job=\"worker\"})'}", "target-down"),
    ],
)
def test_each_subject_is_told_from_a_usual_alert(rule: str, subject: str) -> None:
    assert subject in fact(rules(rule), "alerts")["subjects"]


def test_an_alert_about_something_else_has_no_subject() -> None:
    assert fact(rules("{alert: Disk, expr: node_filesystem_avail_bytes < 1e9}"), "alerts")["subjects"] == []
    assert len(SUBJECTS) == 9


def test_recording_rules_are_no_alerts() -> None:
    assert isinstance(fact(rules("{record: 'job:up', expr: up == 0}"), "alerts"), Unknown)


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("https://git.example/o/r/-/blob/main/runbooks/a.md#now", "found"),
        ("https://git.example/o/r/tree/main/runbooks", "found"),
        ("runbooks/a.md", "found"),
        ("https://git.example/o/r/blob/main/runbooks/b.md", "missing"),
        ("./runbooks/b.md", "missing"),
        ("https://git.example/o/other/blob/main/docs/b.md", "elsewhere"),
        ("https://runbooks.example/a", "elsewhere"),
        ("https://[broken/blob/main/a.md", "elsewhere"),
        ("https://git.example/o/r/blob/main/{{ $labels.job }}.md", "elsewhere"),
    ],
)
def test_runbooks_are_looked_up_only_where_they_can_be(url: str, state: str) -> None:
    world = rules(
        f"{{alert: A, expr: up, annotations: {{runbook_url: '{url}'}}}}", files=("runbooks/a.md", "x.yaml")
    )
    assert fact(world, "runbooks") == {url: state}


def test_recorded_and_declared_metrics_are_known_and_others_are_not_assessed() -> None:
    world = rules("{record: 'job:scans', expr: worker_scans_total}, {alert: A, expr: 'job:scans == 0'}")
    found = fact(world, "rule_expressions")
    assert found["job:scans == 0"]["unknown"] is False
    assert "worker_scans_total" in found["worker_scans_total"]["unknown"].reason
    declared = fact(rules("{alert: A, expr: worker_scans_total}", metrics="worker_*"), "rule_expressions")
    assert declared["worker_scans_total"]["unknown"] is False


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("kube_pod_status_phase", "known"),
        ("kube_resourcequota", "known"),
        ("kube_pod_status_phases", "wrong"),
        ("kube_customresource_info", "known"),
        ("kube_somebody_elses", "unknown"),
        ("DCGM_FI_DEV_GPU_UTIL", "known"),
        ("DCGM_FI_DEV_NO_SUCH_THING", "wrong"),
        ("keda_scaler_errors_total", "wrong"),
        ("keda_internal_scale_loop_latency_seconds_bucket", "known"),
        ("up", "known"),
        ("worker_scans_total", "unknown"),
    ],
)
def test_closed_families_are_judged_and_open_ones_are_not(name: str, state: str) -> None:
    assert judge(name).state == state


def test_renamed_metrics_are_told_their_new_name() -> None:
    assert judge("keda_scaler_errors_total").suggestion == "keda_scaler_detail_errors_total"


@pytest.mark.parametrize(
    ("path", "text", "kinds"),
    [
        ("rules.yaml", "groups:\n  - name: g\n    rules: [{alert: A, expr: up}]\n", ["PrometheusRules"]),
        ("rules.yaml", "groups:\n  - name: g\n    rules: expr:\n", []),
        ("rules.yaml", "groups: [{rules: {expr: 1}}] # rules: expr:\n", []),
        ("d.json", '{"panels": [], "schemaVersion": 39}', ["GrafanaDashboard"]),
        ("d.json", '{"panels": {}, "schemaVersion": 39}', []),
        ("d.json", '{"panels": [, "schemaVersion": 39}', []),
    ],
)
def test_only_whole_rule_files_and_dashboards_become_resources(
    path: str, text: str, kinds: list[str]
) -> None:
    data = text.encode()
    assert [each.kind for each in resources_of(path, data, lambda _: data)] == kinds


def test_a_rule_file_shows_its_lines() -> None:
    data = b"groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up\n"
    (found,) = resources_of("rules.yaml", data, lambda _: data)
    place = found.origin.locate(("groups", 0, "rules", 0, "expr"))
    assert place.span is not None
    assert place.span.line == 5
