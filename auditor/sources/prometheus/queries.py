"""The questions: a fixed set, whatever runs. Pods are samples and are folded by the server into what owns them."""

from __future__ import annotations

from auditor.usage.series import Window

# Durations and matchers are filled in by :func:`filled`: $W is the step, $M its minutes, $H half of it, $D the
# window, $S the matchers.
OWNER = (
    "on (namespace, pod) group_left (owner_kind, owner_name) "
    "max by (namespace, pod, owner_kind, owner_name) "
    '(max_over_time(kube_pod_owner{owner_is_controller="true"$S}[$W]) > 0)'
)
_CONTAINER = 'container!="", container!="POD"$S'
_BY_OWNER = "by (namespace, owner_kind, owner_name, container)"
_CPU = "rate(container_cpu_usage_seconds_total{" + _CONTAINER + "}[$W])"
_MEMORY = "max_over_time(container_memory_working_set_bytes{" + _CONTAINER + "}[$W])"

USED = {
    "cpu_used": f"sum {_BY_OWNER} ({_CPU} * {OWNER})",
    "cpu_peak": f"max {_BY_OWNER} ({_CPU} * {OWNER})",
    "memory_used": f"sum {_BY_OWNER} ({_MEMORY} * {OWNER})",
    "memory_peak": f"max {_BY_OWNER} ({_MEMORY} * {OWNER})",
}


REQUESTED = (
    "sum by (namespace, owner_kind, owner_name, container, resource) (max by (namespace, pod, container, resource) "
    '(kube_pod_container_resource_requests{resource=~"cpu|memory"$S}) * on (namespace, pod) group_left () '
    f'max by (namespace, pod) (kube_pod_status_phase{{phase="Running"$S}} == 1) * {OWNER})'
)
"""CPU and memory in one question: its joins are most of what it costs."""

_MEMORY_USED = 'DCGM_FI_DEV_FB_USED{UUID!=""$S}[$W]'
_MEMORY_FREE = 'DCGM_FI_DEV_FB_FREE{UUID!=""$S}[$W]'


def _of_owner(fold: str, labels: str, device: str) -> str:
    """Something of each device, by what owns the pod that the exporter names; scrapers may rename its labels."""
    named = f'label_replace({device}, "pod", "$1", "exported_pod", "(.+)")'
    named = f'label_replace({named}, "namespace", "$1", "exported_namespace", "(.+)")'
    return f"{fold} by (namespace, owner_kind, owner_name{labels}) ({named} * {OWNER})"


GPU_MEMORY_THERE = 'count(last_over_time(DCGM_FI_DEV_FB_USED{UUID!=""$S}[$L]))'
"""Whether there is any: a join is computed whole although one of its sides is empty."""
GPU_MEMORY = {
    "peak": _of_owner("max", "", f"max_over_time({_MEMORY_USED})"),
    "size": _of_owner("max", "", f"(max_over_time({_MEMORY_USED}) + min_over_time({_MEMORY_FREE}))"),
    "free": _of_owner(
        "sum", ", node, Hostname", f"(sum_over_time({_MEMORY_FREE.replace('[$W]', '[$V:1m]')}) / $M)"
    ),
}
"""MiB of the GPUs of a workload's pods, as far as the exporter names pods. ``free`` is a mean over the whole step: a
pod of a minute has a thirtieth of what a pod of half an hour has."""

OWNERS = {
    "ReplicaSet": (
        "max by (namespace, replicaset, owner_kind, owner_name) (max_over_time("
        'kube_replicaset_owner{owner_is_controller="true"$S}[$D]))'
    ),
    "Job": (
        "max by (namespace, job_name, owner_kind, owner_name) (max_over_time("
        'kube_job_owner{owner_is_controller="true"$S}[$D]))'
    ),
}
"""Who owns what owns pods; asked once, at the window's end."""

NOW_REQUESTED = (
    "max by (namespace, owner_kind, owner_name, container, resource) "
    '(last_over_time(kube_pod_container_resource_requests{resource=~"cpu|memory"$S}[$L]) * '
    + OWNER.replace("[$W]", "[$L]")
    + ")"
)
"""What a pod asked for last; $L is the time that it is looked for."""

_DEVICE = "by (UUID, Hostname, node, modelName)"
SIGNALS = {
    "tensor-or-sm": (
        'DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{UUID!=""$S} offset 15s',
        'DCGM_FI_PROF_SM_ACTIVE{UUID!=""$S} offset 15s',
        0.01,
    ),
    "graphics-engine": ('DCGM_FI_PROF_GR_ENGINE_ACTIVE{UUID!=""$S} offset 15s', "", 0.05),
    "utilisation": ('DCGM_FI_DEV_GPU_UTIL{UUID!=""$S} offset 15s', "", 5),
}
POWER = 'DCGM_FI_DEV_POWER_USAGE{UUID!=""$S}'
POWER_NOISE = 1.25
"""A GPU that draws a quarter more than the least that its node's model drew is at work."""
SUBSTEP = "30s"
"""GPUs are looked at in the middle of each half minute."""


def _told(metric: str) -> str:
    """A metric under a label of its own, so that ``or`` keeps it beside another one of the same device."""
    return f'label_replace({metric}, "of", "{metric.partition("{")[0]}", "", "")'


def computing(signal: str) -> str:
    """The share of each step, 0 to 1, in which a GPU computed by one signal."""
    if signal == "power":
        # Fixed at the end of the window, or it would be computed anew for each half minute.
        least = f"min by (modelName) (min_over_time({POWER}[$D] @ end()))"
        busy = f"max {_DEVICE} ({POWER} offset 15s) > bool on (modelName) group_left () ({POWER_NOISE} * {least})"
        return f"avg_over_time(({busy})[$V:{SUBSTEP}])"
    first, second, noise = SIGNALS[signal]
    busy = f"max {_DEVICE} ({first})"
    if second:
        busy = f"max {_DEVICE} ({_told(first)} or {_told(second)})"
    return f"avg_over_time((({busy}) > bool {noise})[$V:{SUBSTEP}])"


DEVICE_MEMORY = f'max {_DEVICE} (max_over_time(DCGM_FI_DEV_FB_USED{{UUID!=""$S}}[$W]))'
"""MiB."""
XID = f'max {_DEVICE} (max_over_time(DCGM_FI_DEV_XID_ERRORS{{UUID!=""$S}}[$W]))'
ECC = f'max {_DEVICE} (max_over_time(DCGM_FI_DEV_ECC_DBE_VOL_TOTAL{{UUID!=""$S}}[$W]))'

_ACCELERATOR = 'resource=~"nvidia_com_gpu|aws_amazon_com_neuron|aws_amazon_com_neurondevice"'
_READY = 'condition="Ready", status="true"'
_ALIVE = 'phase=~"Pending|Running"'
_TRUE = 'condition="true"'
_ANY_NODE = 'node!=""'


def _seen(metric: str, matchers: str) -> str:
    """A metric in the middle of the step, so that a change counts for half a step too early as often as too late.

    A range does not look back five minutes: what is gone is not there.
    """
    return f"last_over_time({metric}{{{matchers}$S}}[2m] offset $H)"


_GPU_PODS = (
    "max by (namespace, pod, node, container) "
    f"({_seen('kube_pod_container_resource_requests', _ACCELERATOR)})"
)
_OF_PODS = "* on (namespace, pod) group_left () max by (namespace, pod)"
NODES = {
    "ready": f"max by (node) ({_seen('kube_node_status_condition', _READY)})",
    "capacity": f"max by (node) ({_seen('kube_node_status_capacity', _ACCELERATOR)})",
    "offered": f"max by (node) ({_seen('kube_node_status_allocatable', _ACCELERATOR)})",
    "asked": f"sum by (node) ({_GPU_PODS} {_OF_PODS} ({_seen('kube_pod_status_phase', _ALIVE)} == 1))",
    "served": f"sum by (node) ({_GPU_PODS} {_OF_PODS} ({_seen('kube_pod_status_ready', _TRUE)} == 1))",
    "cordoned": f"max by (node) ({_seen('kube_node_spec_unschedulable', _ANY_NODE)})",
}
CREATED = 'max by (node) (max_over_time(kube_node_created{node!=""$S}[$D]))'
LABELS = (
    "max by (node, label_node_kubernetes_io_instance_type, label_topology_kubernetes_io_region, "
    "label_karpenter_sh_capacity_type, label_eks_amazonaws_com_capacitytype) "
    '(max_over_time(kube_node_labels{node!=""$S}[$D]))'
)

FLEET = {
    "capacity": 'max by (node, resource) (kube_node_status_capacity{resource=~"cpu|memory|nvidia_com_gpu"$S})',
    "requested": (
        "sum by (node, resource) (max by (namespace, pod, container, node, resource) "
        '(kube_pod_container_resource_requests{resource=~"cpu|memory"$S}) * on (namespace, pod) group_left () '
        'max by (namespace, pod) (kube_pod_status_phase{phase="Running"$S} == 1))'
    ),
    "cpu_used": (
        f"sum by (node) (sum by (namespace, pod) ({_CPU}) * on (namespace, pod) group_left (node) "
        'max by (namespace, pod, node) (kube_pod_info{node!=""$S}))'
    ),
    "memory_used": (
        f"sum by (node) (sum by (namespace, pod) ({_MEMORY}) * on (namespace, pod) group_left (node) "
        'max by (namespace, pod, node) (kube_pod_info{node!=""$S}))'
    ),
}

_WORKER = "by (namespace, job, instance, pod)"
SCANS = {
    "scans": f'max {_WORKER} (max_over_time(worker_scans_total{{outcome="done"$S}}[$W]))',
    "usd": f'max {_WORKER} (max_over_time(worker_cost_usd_total{{job!=""$S}}[$W]))',
    "busy": f'max {_WORKER} (max_over_time(worker_device_busy_seconds_total{{job!=""$S}}[$W]))',
}
SCAN_BUCKETS = 'sum by (namespace, job, le) (max_over_time(worker_scan_seconds_bucket{job!=""$S}[$D]))'

NODE_COST = 'max by (node, instance_type, region) (last_over_time(node_total_hourly_cost{node!=""$S}[$L]))'


def filled(query: str, window: Window, selector: str, look_back: int = 0) -> str:
    """A question with its durations and matchers."""
    query = query.replace("$S", f", {selector}" if selector else "")
    query = query.replace("$V", f"{window.step - 1}s")  # Prometheus 2 counts both ends of a range
    query = query.replace("$M", f"{window.step // 60}")
    query = query.replace("$H", f"{window.step // 2}s")
    query = query.replace("$D", f"{window.seconds}s").replace("$W", f"{window.step}s")
    return query.replace("$L", f"{look_back or window.seconds}s")
