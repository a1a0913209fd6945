"""Taints against tolerations, with the scheduler's rules."""

from __future__ import annotations

from typing import Any

from auditor.unknown import Unknown

BLOCKING = ("NoSchedule", "NoExecute")
DAEMONSET_KEYS = frozenset(
    f"node.kubernetes.io/{name}"
    for name in (
        "not-ready",
        "unreachable",
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
        "network-unavailable",
    )
)
"""Taints that the DaemonSet controller tolerates on behalf of its pods (Kubernetes docs, DaemonSet)."""


def tolerates(toleration: dict[str, Any], taint: dict[str, Any]) -> bool | Unknown:
    """Whether one toleration matches one taint.

    An empty key with ``Exists`` matches every key; an empty effect matches every effect; the default
    operator is ``Equal``, and a missing value is ''.
    """
    for part in (taint["key"], taint["effect"]):
        if isinstance(part, Unknown):
            return part
    effect = toleration.get("effect") or ""
    if effect and effect != taint["effect"]:
        return False
    key = toleration.get("key") or ""
    operator = toleration.get("operator") or "Equal"
    if not key:
        return bool(operator == "Exists")
    if key != taint["key"]:
        return False
    if operator == "Exists":
        return True
    if isinstance(taint["value"], Unknown):
        return taint["value"]
    return bool(operator == "Equal" and str(toleration.get("value") or "") == str(taint["value"]))


def untolerated(tolerations: Any, taints: list[dict[str, Any]]) -> list[dict[str, Any]] | Unknown:
    """The taints that keep the pod off; Unknown when that depends on something unknown."""
    listed = [each for each in (tolerations if type(tolerations) is list else ()) if type(each) is dict]
    left: list[dict[str, Any]] = []
    unsure: Unknown | None = None
    for taint in taints:
        if not isinstance(taint["effect"], Unknown) and taint["effect"] not in BLOCKING:
            continue
        answers = [tolerates(each, taint) for each in listed]
        if any(answer is True for answer in answers):
            continue
        unknown = next((answer for answer in answers if isinstance(answer, Unknown)), None)
        if unknown is None:
            left.append(taint)
        else:
            unsure = unknown
    return left if left or unsure is None else unsure


def spelled(taint: dict[str, Any]) -> str:
    """``nvidia.com/gpu=present:NoSchedule``, as kubectl writes it."""
    parts = {name: "?" if isinstance(part, Unknown) else str(part) for name, part in taint.items()}
    value = f"={parts['value']}" if parts["value"] else ""
    return f"{parts['key']}{value}:{parts['effect']}"
