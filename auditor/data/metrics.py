"""Metric names of exporters that a GPU platform scrapes, and what is wrong with a given name.

A family is closed when every name of it is known: a name of such a family that is not in the table is never
emitted, so an alert on it never fires. All other names are beyond what can be said from Git.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from auditor.data._tables import nearest, table

# https://keda.sh/docs/latest/operate/prometheus/ (2.18)
KEDA = frozenset(
    [
        "keda_build_info",
        "keda_scaler_active",
        "keda_scaled_object_paused",
        "keda_scaler_metrics_value",
        "keda_scaler_metrics_latency_seconds",
        "keda_scaler_detail_errors_total",
        "keda_scaled_object_errors_total",
        "keda_scaled_job_errors_total",
        "keda_resource_handled_total",
        "keda_trigger_handled_total",
        "keda_resource_registered_total",
        "keda_trigger_registered_total",
        "keda_internal_scale_loop_latency_seconds",
        "keda_cloudevent_events_emitted_total",
        "keda_cloudevent_events_queued",
        "keda_internal_metricsservice_grpc_server_started_total",
        "keda_internal_metricsservice_grpc_server_handled_total",
        "keda_internal_metricsservice_grpc_server_msg_received_total",
        "keda_internal_metricsservice_grpc_server_msg_sent_total",
        "keda_internal_metricsservice_grpc_server_handling_seconds",
        "keda_internal_metricsservice_grpc_client_started_total",
        "keda_internal_metricsservice_grpc_client_handled_total",
        "keda_internal_metricsservice_grpc_client_msg_received_total",
        "keda_internal_metricsservice_grpc_client_msg_sent_total",
        "keda_internal_metricsservice_grpc_client_handling_seconds",
        "keda_webhook_scaled_object_validation_total",
        "keda_webhook_scaled_object_validation_errors",
    ]
)
# Names of older releases, and what says the same today.
KEDA_RENAMED = {
    "keda_scaler_errors": "keda_scaler_detail_errors_total",
    "keda_scaler_errors_total": "keda_scaler_detail_errors_total",
    "keda_scaled_object_errors": "keda_scaled_object_errors_total",
    "keda_scaled_job_errors": "keda_scaled_job_errors_total",
    "keda_scaler_metrics_latency": "keda_scaler_metrics_latency_seconds",
    "keda_resource_totals": "keda_resource_handled_total",
    "keda_trigger_totals": "keda_trigger_handled_total",
    "keda_internal_scale_loop_latency": "keda_internal_scale_loop_latency_seconds",
    "keda_metrics_adapter_scaler_errors": "keda_scaler_detail_errors_total",
    "keda_metrics_adapter_scaler_errors_total": "keda_scaler_detail_errors_total",
    "keda_metrics_adapter_scaled_object_errors": "keda_scaled_object_errors_total",
    "keda_metrics_adapter_scaler_metrics_value": "keda_scaler_metrics_value",
}

OPEN_PREFIXES = (
    "node_",
    "container_",
    "machine_",
    "kubelet_",
    "apiserver_",
    "prometheus_",
    "alertmanager_",
    "process_",
    "go_",
    "workqueue_",
    "rest_client_",
    "coredns_",
    "etcd_",
    "scheduler_",
    "karpenter_",
    "cluster_autoscaler_",
    "argocd_",
    "aws_",
    "opencost_",
    "kubecost_",
    "kube_state_metrics_",
    "kube_customresource_",
    "kubernetes_",
    "aggregator_",
    "reloader_",
    "ray_",
    "loki_",
    "thanos_",
    "istio_",
    "envoy_",
    "nvidia_",
    "vllm:",
    "grafana_",
    "http_",
    "probe_",
    "scrape_",
)
"""Exporters that are well known, but whose names are too many or too changeable for a table."""
BUILT_IN = frozenset({"up", "ALERTS", "ALERTS_FOR_STATE"})
_HISTOGRAM = ("_bucket", "_sum", "_count")


class Judged(NamedTuple):
    """``known``: emitted; ``wrong``: surely not emitted; ``unknown``: nobody can say from here."""

    state: Literal["known", "wrong", "unknown"]
    suggestion: str = ""


@cache
def judge(name: str) -> Judged:
    """What can be said about one metric name."""
    if name in BUILT_IN or name.startswith(OPEN_PREFIXES):
        return Judged("known")
    if name in KEDA_RENAMED:
        return Judged("wrong", KEDA_RENAMED[name])
    if name.startswith("keda_"):
        return _among(name, KEDA)
    for family, depth in (("kube", 2), ("dcgm", 3)):
        if name.lower().startswith({"kube": "kube_", "dcgm": "dcgm_fi_"}[family]):
            return _in_table(name, table("metrics.json")[family], depth)
    return Judged("unknown")


def _in_table(name: str, kinds: dict[str, list[str]], depth: int) -> Judged:
    """A closed family only where the first words are known: other exporters begin with ``kube_`` as well."""
    kind = "_".join(name.split("_")[:depth])
    if kind not in kinds:
        return Judged("unknown")
    return _among(name, frozenset(f"{kind}_{rest}".rstrip("_") for rest in kinds[kind]))


def _among(name: str, names: frozenset[str]) -> Judged:
    plain = next((name.removesuffix(end) for end in _HISTOGRAM if name.endswith(end)), name)
    if name in names or plain in names:
        return Judged("known")
    return Judged("wrong", nearest(name, sorted(names)) or "")
