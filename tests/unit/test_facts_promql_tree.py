"""What a scaling query computes, read from its text alone."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.promql_tree import Node, read
from auditor.unknown import Unknown
from tests.unit import worlds
from tests.unit.test_facts_keda import SCALER, fact


def row(query: str, target: str = "api") -> Any:
    quoted = query.replace("'", "''")
    trigger = f"{{type: prometheus, metadata: {{serverAddress: a, threshold: '1', query: '{quoted}'}}}}"
    [found] = fact(worlds.world(SCALER % ("a", target, trigger)), "keda_prometheus")
    return found


def shape(node: Node) -> str:
    inner = ", ".join(shape(arg) for arg in node.args)
    return f"{node.name}({inner})" if node.args else node.name


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("a + b * c", "+(a, *(b, c))"),
        ("a * b + c", "+(*(a, b), c)"),
        ("a - b - c", "-(-(a, b), c)"),
        ("a ^ b ^ c", "^(a, ^(b, c))"),
        ("a or b and c", "or(a, and(b, c))"),
        ("-a / 2", "/(a, 2)"),
        ('sum by (x) (rate(a{b="}"}[5m])) > bool 3', ">(sum(rate(a)), 3)"),
        ("sum(a) by (x) / on (x) group_left (y) b", "/(sum(a), b)"),
        ("max_over_time(a[1h:5m] offset -5m @ end())", "max_over_time(a)"),
        ("job:http_requests:rate5m{job=~'a|b'} # x / y", "job:http_requests:rate5m"),
        ('{__name__="up"} == 1e3', "==(, 1000)"),
    ],
)
def test_operators_bind_as_prometheus_binds_them(query: str, wanted: str) -> None:
    found = read(query)
    assert isinstance(found, Node)
    assert shape(found) == wanted


@pytest.mark.parametrize(
    "query", ["", "sum(", "a b", "a[5m", "}", "'", "(" * 500 + "a" + ")" * 500, "- " * 900 + "a"]
)
def test_what_is_no_query_is_unknown(query: str) -> None:
    assert isinstance(read(query), Unknown)


@pytest.mark.parametrize(
    ("query", "unclamped", "floor", "mean"),
    [
        ("sum(rate(a[1m])) / sum(rate(b[1m]))", True, 0.0, False),
        ("sum(rate(a[1m])) / clamp_min(sum(rate(b[1m])), 0.01)", False, 0.0, False),
        ("sum(rate(a[1m])) / clamp_min(sum(rate(b[1m])), 1)", False, 1.0, False),
        ("avg(rate(a[1m]) / clamp_min(rate(b[1m]), 1))", False, 1.0, True),
        ("sum(rate(a[1m])) / count(up)", False, 0.0, False),
        ("sum(rate(a[1m])) / 60", False, 0.0, False),
        ("avg(a / b)", False, 0.0, False),
        ("sum(rate(a[1m])) / (sum(rate(b[1m])) > 0)", False, 0.0, False),
        ("sum(a) / sum(increase(b[1m]))", True, 0.0, False),
    ],
)
def test_denominators_are_judged(query: str, unclamped: bool, floor: float, mean: bool) -> None:
    found = row(query)
    assert (found["unclamped"], found["understated"], found["ratio_mean"]) == (unclamped, floor, mean)


@pytest.mark.parametrize(
    ("query", "wakes"),
    [
        ("histogram_quantile(0.95, sum by (le) (rate(x_bucket[1m])))", False),
        ('sum(rate(http_request_duration_seconds_count{service="gateway"}[1m]))', False),
        ('sum(waiting{pod=~"api-.*"})', False),
        ('sum(waiting{container="api"})', False),
        ('sum(waiting{pod=~"api2-.*"})', True),
        ('sum(rate(nginx_ingress_controller_requests{service="api"}[1m]))', True),
        ("sum(rabbitmq_queue_messages)", True),
        ('sum(waiting{pod!="api"})', True),
    ],
)
def test_only_what_lives_without_the_workload_wakes_it(query: str, wakes: bool) -> None:
    assert row(query)["wakes"] is wakes
