"""What serves, watches, protects and isolates a workload, and what it mounts."""

from __future__ import annotations

from typing import Any

from auditor.graph.draft import Draft, object_of, surely_not
from auditor.model import Resource
from auditor.views.interface import Instance

MONITORING = "monitoring.coreos.com"
SHOWN_POLICIES = 2
"""NetworkPolicies that are drawn by themselves; more become one node."""


def draw_neighbours(draft: Draft, pod: Instance) -> None:
    """Services, monitors, budgets, network policies and references."""
    _draw_services(draft, pod)
    for template in draft.world.instances_of("PodTemplate", pod.resource):
        _draw_budgets(draft, template)
        _draw_policies(draft, template)
    _draw_pod_monitors(draft)
    _draw_references(draft, pod)


def _draw_services(draft: Draft, pod: Instance) -> None:
    for row in draft.fact("served_by", pod).get("services", ()):
        found = draft.at(row["ref"])
        if found is not None:
            node = draft.resource(found[0])
            draft.join(node, draft.centre, "sends traffic to")
            _draw_monitors(draft, "ServiceMonitor", found[0], node)


def _draw_pod_monitors(draft: Draft) -> None:
    _draw_monitors(draft, "PodMonitor", draft.workload, draft.centre)


def _draw_monitors(draft: Draft, kind: str, watched: Resource, node: str) -> None:
    """Monitors that select the resource; a port that it does not have breaks the join."""
    for monitor in draft.world.kind(MONITORING, kind):
        answer = draft.fact("monitor", object_of(monitor))
        ends = [draft.at(ref) for ref in answer.get("refs", ())]
        if any(end is not None and end[0] is watched for end in ends):
            absent = [each["port"] for each in answer["endpoints"] if surely_not(each["found"])]
            label = f"scrapes port {absent[0]}, which is not there" if absent else "scrapes"
            draft.join(draft.resource(monitor), node, label, ok=not absent)


def _draw_budgets(draft: Draft, template: Instance) -> None:
    for row in draft.fact("disruption", template).get("budgets", ()):
        found = draft.at(row["ref"])
        answer = draft.fact("disruption_budget", object_of(found[0])) if found else {}
        if found is None or not _reaches(draft, answer):
            continue
        blocked = any(each["title"] == draft.workload.title for each in answer["blocked"])
        label = "lets no pod go" if blocked else "keeps available"
        draft.join(draft.resource(found[0]), draft.centre, label, ok=not blocked)


def _draw_policies(draft: Draft, template: Instance) -> None:
    found = [draft.at(ref) for ref in draft.fact("isolation", template).get("refs", ())]
    policies = [
        end[0]
        for end in found
        if end is not None and _reaches(draft, draft.fact("network_policy", object_of(end[0])))
    ]
    if len(policies) > SHOWN_POLICIES:
        node = draft.several(f"{len(policies)} NetworkPolicies", "NetworkPolicy")
        draft.join(node, draft.centre, "isolate")
        return
    for policy in policies:
        draft.join(draft.resource(policy), draft.centre, "isolates")


def _reaches(draft: Draft, answer: dict[str, Any]) -> bool:
    """Whether the workload is among the nearest pods that a budget or policy selects."""
    ends = (draft.at(ref) for ref in answer.get("refs", ()))
    return any(end is not None and end[0] is draft.workload for end in ends)


def _draw_references(draft: Draft, pod: Instance) -> None:
    """Claims, and ConfigMaps and Secrets that are surely not there; accounts are drawn with the identity."""
    for row in draft.fact("references", pod).get("all", ()):
        kind, absent = row["kind"], surely_not(row["found"]) and not row["optional"]
        if kind == "ServiceAccount":
            continue
        if absent:
            draft.join(draft.centre, draft.missing(row["name"], kind), "reads, but it is not there", ok=False)
        elif kind == "PersistentVolumeClaim":
            end = draft.of_ref(row["refs"][0]) if row["refs"] else None
            draft.join(draft.centre, end or draft.unsure(row["name"], kind), "mounts")
