"""The platform's two Grafana dashboards, as code: ``python -m tools.dashboards`` writes the JSON that is deployed.

A panel is a title, a unit, what it means, and its queries; where it stands follows from their order. Tests ask a real
Prometheus every query that is written here.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[1] / "platform/infrastructure/configs/base/observability/dashboards"
WIDTH, HEIGHT = 8, 8
"""Of a panel in Grafana's grid, which has 24 columns."""
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Query(NamedTuple):
    expr: str
    legend: str


class Panel(NamedTuple):
    """``kind``: timeseries or stat; ``unit``: Grafana's name of it."""

    title: str
    kind: str
    unit: str
    meaning: str
    queries: tuple[Query, ...]


class Dashboard(NamedTuple):
    uid: str
    title: str
    panels: tuple[Panel, ...]


def one(expr: str, legend: str) -> tuple[Query, ...]:
    """A panel's only query."""
    return (Query(expr, legend),)


BUSINESS = Dashboard(
    "inference-business",
    "Inference: what a scan costs",
    (
        Panel(
            "Scans in a day",
            "stat",
            "short",
            "Scans done in the last 24 hours.",
            one('sum(increase(worker_scans_total{outcome="done"}[1d]))', "done"),
        ),
        Panel(
            "USD per scan",
            "stat",
            "currencyUSD",
            "All that the platform cost in the last 24 hours, idle time and floor included, over scans done.",
            one("scan:usd:avg1d", "USD"),
        ),
        Panel(
            "USD per hour",
            "timeseries",
            "currencyUSD",
            "Fixed: control plane, NAT, endpoints, keys. CPU and GPU: nodes, by OpenCost.",
            (
                Query("platform:fixed_usd_per_hour", "fixed"),
                Query("platform:cpu_usd_per_hour:sum", "CPU nodes"),
                Query("platform:gpu_usd_per_hour:sum", "GPU nodes"),
            ),
        ),
        Panel(
            "Scans by outcome",
            "timeseries",
            "short",
            "Scans an hour, by how they ended.",
            one("sum by (outcome) (rate(worker_scans_total[15m])) * 3600", "{{outcome}}"),
        ),
        Panel(
            "Seconds for a scan",
            "timeseries",
            "s",
            "From the receipt of a scan to its written result, post-processing included.",
            (Query("scan:seconds:p95", "p95"), Query("scan:seconds:p99", "p99")),
        ),
        Panel(
            "Scans that wait",
            "timeseries",
            "short",
            "Messages in the queue and in work, as KEDA counts them.",
            one("queue:messages:max", "messages"),
        ),
        Panel(
            "USD a day, now and at ten times the scans",
            "timeseries",
            "currencyUSD",
            "At ten times the scans GPU time grows tenfold at most; what is fixed, and CPU nodes, stay.",
            (
                Query("avg_over_time(platform:usd_per_hour:sum[1d]) * 24", "now"),
                Query(
                    "24 * (avg_over_time(platform:fixed_usd_per_hour[1d])"
                    " + avg_over_time(platform:cpu_usd_per_hour:sum[1d])"
                    " + 10 * avg_over_time(platform:gpu_usd_per_hour:sum[1d]))",
                    "ten times",
                ),
            ),
        ),
        Panel(
            "USD per scan at ten times the scans",
            "stat",
            "currencyUSD",
            "The same arithmetic, over ten times the scans of the last 24 hours.",
            one(
                "24 * (avg_over_time(platform:fixed_usd_per_hour[1d])"
                " + avg_over_time(platform:cpu_usd_per_hour:sum[1d])"
                " + 10 * avg_over_time(platform:gpu_usd_per_hour:sum[1d]))"
                ' / on () (10 * sum(increase(worker_scans_total{outcome="done"}[1d])) > 0)',
                "USD",
            ),
        ),
        Panel(
            "USD in a month at this pace",
            "timeseries",
            "currencyUSD",
            "The last six hours as a month of 730 hours; the budget alert looks at the same.",
            one("avg_over_time(platform:usd_per_hour:sum[6h]) * 730", "USD"),
        ),
    ),
)

_POD = 'namespace="inference",container="worker"'

EFFICIENCY = Dashboard(
    "inference-efficiency",
    "Inference: what is wasted",
    (
        Panel(
            "CPU: requested and used",
            "timeseries",
            "short",
            "Cores of all pods. Requests far above use are nodes that nobody needs.",
            (
                Query('sum(kube_pod_container_resource_requests{resource="cpu"})', "requested"),
                Query('sum(rate(container_cpu_usage_seconds_total{container!=""}[5m]))', "used"),
            ),
        ),
        Panel(
            "Memory: requested and used",
            "timeseries",
            "bytes",
            "Of all pods; the working set is what an OOM kill looks at.",
            (
                Query('sum(kube_pod_container_resource_requests{resource="memory"})', "requested"),
                Query('sum(container_memory_working_set_bytes{container!=""})', "used"),
            ),
        ),
        Panel(
            "Worker: used over requested",
            "timeseries",
            "percentunit",
            "Of the workers alone: below a third asks for a smaller request, above nine tenths for a larger one.",
            (
                Query(
                    f"sum(rate(container_cpu_usage_seconds_total{{{_POD}}}[5m]))"
                    f' / on () (sum(kube_pod_container_resource_requests{{{_POD},resource="cpu"}}) > 0)',
                    "CPU",
                ),
                Query(
                    f"sum(container_memory_working_set_bytes{{{_POD}}})"
                    f' / on () (sum(kube_pod_container_resource_requests{{{_POD},resource="memory"}}) > 0)',
                    "memory",
                ),
            ),
        ),
        Panel(
            "GPU nodes by state",
            "timeseries",
            "short",
            "Busy: some GPU of the node works. Held: a pod asks for its GPU and does nothing. Empty: no pod does.",
            (
                Query("count(node:gpu_active:max > 0.05) or vector(0)", "busy"),
                Query(
                    "count((node:gpu_requested:sum > 0) unless on (node) (node:gpu_active:max > 0.05)) or vector(0)",
                    "held",
                ),
                Query(
                    "count(node:gpu_node:info unless on (node) (node:gpu_requested:sum > 0)) or vector(0)",
                    "empty",
                ),
            ),
        ),
        Panel(
            "How busy each GPU is",
            "timeseries",
            "percentunit",
            "Engine activity, or utilisation where the card has no profiling counters.",
            one("gpu:active:ratio", "{{node}} {{UUID}}"),
        ),
        Panel(
            "GPU memory of the network",
            "timeseries",
            "bytes",
            "The most that a worker ever allocated.",
            one("max by (pod) (worker_device_peak_memory_bytes)", "{{pod}}"),
        ),
        Panel(
            "Idle burn",
            "timeseries",
            "currencyUSD",
            "USD an hour for GPU nodes on which nothing happened for ten minutes.",
            one("platform:idle_gpu_usd_per_hour:sum", "USD/h"),
        ),
        Panel(
            "Idle share of GPU cost",
            "stat",
            "percentunit",
            "Of the last 24 hours.",
            one(
                "avg_over_time(platform:idle_gpu_usd_per_hour:sum[1d])"
                " / (avg_over_time(platform:gpu_usd_per_hour:sum[1d]) > 0)",
                "idle",
            ),
        ),
        Panel(
            "Cold start",
            "timeseries",
            "s",
            "From a worker pod's creation to ready (node, image, model), and the worker's own part of it.",
            (
                Query(
                    'max(kube_pod_status_ready_time{namespace="inference",pod=~"ml-worker-.*"}'
                    ' - on (namespace, pod) kube_pod_created{namespace="inference",pod=~"ml-worker-.*"})',
                    "pod created to ready",
                ),
                Query("max by (phase) (worker_startup_seconds)", "{{phase}}"),
            ),
        ),
        Panel(
            "Seconds by phase",
            "timeseries",
            "s",
            "Means. Slow jobs are told from idle nodes here: what is not infer is not the GPU's.",
            one(
                "sum by (phase) (rate(worker_phase_seconds_sum[15m]))"
                " / (sum by (phase) (rate(worker_phase_seconds_count[15m])) > 0)",
                "{{phase}}",
            ),
        ),
        Panel(
            "Replicas",
            "timeseries",
            "short",
            "Wanted and ready workers.",
            (
                Query(
                    'max(kube_deployment_spec_replicas{namespace="inference",deployment="ml-worker"})',
                    "wanted",
                ),
                Query(
                    'sum(kube_pod_status_ready{namespace="inference",pod=~"ml-worker-.*",condition="true"})',
                    "ready",
                ),
            ),
        ),
        Panel(
            "Messages held",
            "timeseries",
            "percentunit",
            "Of what the workers may hold: low while scans wait means that the network's start is the bottleneck.",
            one("sum(worker_messages_held) / (sum(worker_messages_held_limit) > 0)", "held"),
        ),
    ),
)
DASHBOARDS = {"business": BUSINESS, "efficiency": EFFICIENCY}


def rendered(dashboard: Dashboard) -> dict[str, Any]:
    """Grafana's JSON model; the data source is a variable."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "schemaVersion": 39,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "tags": ["inference"],
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, 24 // WIDTH)
    return {
        "id": number + 1,
        "title": panel.title,
        "description": panel.meaning,
        "type": panel.kind,
        "datasource": DATASOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": query.expr, "legendFormat": query.legend}
            for index, query in enumerate(panel.queries)
        ],
    }


def texts() -> dict[Path, str]:
    """Every file and what it says."""
    return {
        FOLDER / f"{name}.json": json.dumps(rendered(dashboard), indent=2) + "\n"
        for name, dashboard in DASHBOARDS.items()
    }


def main() -> int:
    """Write the dashboards, or with ``--check`` say which differ."""
    parser = argparse.ArgumentParser(prog="tools.dashboards", description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [path for path, text in texts().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{path.name}: {'differs; run python -m tools.dashboards' if check else 'written'}")
        if not check:
            path.write_text(texts()[path])
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
