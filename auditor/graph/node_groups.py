"""Workload → node groups: which can start a node for it, what fails on the others, and what keeps them up."""

from __future__ import annotations

from typing import Any

from auditor.graph.draft import Draft
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

SHOWN = 4
"""Groups, or things that keep one up, which are drawn by themselves; the rest become one node."""
KIND = "node group"


def draw_node_groups(draft: Draft, pod: Instance) -> None:
    """Where a node can be started for the pod.

    Groups that do not fit are drawn only when none does: a group for other work is no fault.
    """
    answer = draft.world.fact("scale_from_zero", pod)
    if isinstance(answer, Unknown):
        draft.join(draft.centre, draft.unsure("node group", KIND), answer.reason)
        return
    good = [row for row in answer["groups"] if row["ok"] is True]
    unsure = [row for row in answer["groups"] if isinstance(row["ok"], Unknown)]
    if isinstance(answer["ok"], Unknown) and not unsure:
        draft.join(draft.centre, draft.unsure("another node group", KIND), answer["ok"].reason)
    elif good or unsure:
        _draw_fitting(draft, pod, good, unsure)
    else:
        _draw_failing(draft, answer)


def _draw_fitting(
    draft: Draft, pod: Instance, good: list[dict[str, Any]], unsure: list[dict[str, Any]]
) -> None:
    stays = _stays(draft, pod)
    for row in good[:SHOWN]:
        label = f"starts on {row['type']}" if row["type"] else "starts on"
        _draw_group(draft, row, label + stays, ok=True)
    for row in unsure[: max(SHOWN - len(good), 0)]:
        _draw_group(draft, row, f"may start on: {row['why']}", ok=True)
    left = len(good) + len(unsure) - SHOWN
    if left > 0:
        draft.join(draft.centre, draft.several(f"{left} more node groups", KIND), "may start on")


def _stays(draft: Draft, pod: Instance) -> str:
    """Why the pod itself keeps its node up when there is no work."""
    for row in draft.fact("scale_to_zero", pod).get("blockers", ()):
        if row["kind"] in ("gpu-workload", "held"):
            return f" and keeps it up: {row['why']}"
    return ""


def _draw_failing(draft: Draft, answer: dict[str, Any]) -> None:
    closest = answer.get("closest", {}).get("group")
    rows = sorted(answer["groups"], key=lambda row: row["name"] != closest)
    for row in rows[:SHOWN]:
        _draw_group(draft, row, row["why"], ok=False)
    left = len(rows) - SHOWN
    if left > 0:
        draft.join(draft.centre, draft.several(f"{left} more node groups", KIND), "do not fit", ok=False)


def _draw_group(draft: Draft, row: dict[str, Any], label: str, *, ok: bool) -> None:
    found = draft.at(row["ref"])
    if found is None:
        return
    resource, path = found
    group = _view_of(draft, resource, path)
    node = draft.resource(resource, path, row["name"])
    draft.join(draft.centre, node, label, ok=ok)
    if group is not None and ok:
        _draw_blockers(draft, node, group)


def _view_of(draft: Draft, resource: Resource, path: Path) -> Instance | None:
    found = draft.world.instances_of("NodeGroup", resource)
    return next((each for each in found if each.source_path(()) == path), None)


def _draw_blockers(draft: Draft, node: str, group: Instance) -> None:
    """What else keeps the group's nodes up: strays, pods that are not evicted, disruption budgets."""
    others: dict[str, tuple[Resource, str]] = {}
    for row in draft.fact("scale_to_zero", group).get("blockers", ()):
        found = draft.at(row["ref"])
        if found is None or row["who"] == draft.workload.title or found[0] is group.resource:
            continue
        others.setdefault(row["who"], (found[0], row["why"]))
    for resource, why in list(others.values())[:SHOWN]:
        draft.join(draft.resource(resource), node, f"keeps it up: {why}", ok=False)
    left = len(others) - SHOWN
    if left > 0:
        draft.join(draft.several(f"{left} more workloads", "workload"), node, "keep it up", ok=False)
