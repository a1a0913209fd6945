"""Scaler → workload, trigger authentication, queue, dead-letter queue; bucket → queue."""

from __future__ import annotations

import posixpath
from typing import Any

from auditor.facts.iam_needs import is_operator
from auditor.facts.keda_target import together
from auditor.graph.draft import Draft, object_of, surely_not, told
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

QUEUE = "aws_sqs_queue"


def draw_scalers(draft: Draft, pod: Instance) -> None:
    """Everything that scales the workload, and what it scales by."""
    if pod.resource.kind == "ScaledJob":
        _draw_triggers(draft, pod.resource, draft.centre)
    for scaler, row in _scalers(draft, pod):
        _draw_scaler(draft, scaler, row)
    for scaler in draft.world.kind("keda.sh", "ScaledObject"):
        _draw_misdirected(draft, scaler)


def _scalers(draft: Draft, pod: Instance) -> list[tuple[Resource, dict[str, Any]]]:
    """Those deployed together with the workload; else those of the one other folder that has any.

    Examples that lie beside each other often use the same names.
    """
    rows = draft.fact("scaled_by", pod).get("scalers", ())
    named = [(found[0], row) for row in rows if (found := draft.at(row["ref"])) is not None]
    near = [each for each in named if together(draft.world, each[0], draft.workload)]
    folders = {posixpath.dirname(scaler.origin.file) for scaler, _ in named}
    return near or (named if len(folders) == 1 else [])


def _draw_scaler(draft: Draft, scaler: Resource, row: dict[str, Any]) -> None:
    node = draft.resource(scaler)
    label = f"scales {told(row['min'])} to {told(row['max'])}" if row["max"] else "scales"
    rivals = _rivals(draft, scaler)
    if rivals:
        label += f", and so does {', '.join(rivals)}"
    draft.join(node, draft.centre, label, ok=not rivals)
    if scaler.group == "keda.sh":
        _draw_triggers(draft, scaler, node)


def _rivals(draft: Draft, scaler: Resource) -> list[str]:
    """Titles of the other scalers of the same target, as KEDA's own webhook counts them."""
    if scaler.kind != "ScaledObject":
        return []
    answer = draft.fact("keda_target", object_of(scaler))
    return [each["title"] for key in ("rivals", "hpas") for each in answer.get(key, ())]


def _draw_misdirected(draft: Draft, scaler: Resource) -> None:
    """A scaler whose target is not there, and whose name is nearly the workload's."""
    answer = draft.fact("keda_target", object_of(scaler))
    if surely_not(answer.get("found")) and answer["suggestion"] == draft.workload.name:
        kind = dig(scaler.body, ("spec", "scaleTargetRef", "kind")) or "Deployment"
        if kind == draft.workload.kind:
            node = draft.resource(scaler)
            draft.join(node, draft.centre, f"names {answer['title']}, which is not there", ok=False)
            _draw_triggers(draft, scaler, node)


def _draw_triggers(draft: Draft, scaler: Resource, node: str) -> None:
    for view in draft.world.instances_of("Scaler", scaler):
        for row in draft.fact("keda_auth", view).get("references", ()):
            _draw_authentication(draft, node, row)
        rows = draft.world.fact("scaler_queues", view)
        for row in rows if type(rows) is list else ():
            _draw_scaler_queue(draft, node, row)


def _draw_authentication(draft: Draft, node: str, row: dict[str, Any]) -> None:
    if isinstance(row["found"], Unknown):
        draft.join(node, draft.unsure(row["name"], row["kind"]), "authenticates by")
    elif not row["found"]:
        draft.join(node, draft.missing(row["name"], row["kind"]), f"not there: {row['why']}", ok=False)
    else:
        found = draft.at(row["ref"])
        if found is not None:
            end = draft.resource(found[0])
            draft.join(node, end, "authenticates by")
            _draw_borrowed_identity(draft, found[0], end)


def _draw_borrowed_identity(draft: Draft, authentication: Resource, node: str) -> None:
    """Whose AWS identity a trigger authentication takes: the operator's, or the workload's."""
    for row in draft.fact("keda_auth", object_of(authentication)).get("associations", ()):
        end = draft.of_ref(row["ref"])
        if end is not None:
            draft.join(node, end, f"takes the identity of {row['account']}")
    if is_operator(dig(authentication.body, ("spec", "podIdentity"))):
        _draw_operator(draft, node)


def _draw_operator(draft: Draft, node: str) -> None:
    known = False
    for identity in draft.world.instances("Identity"):
        answer = draft.fact("identity", identity) if identity.value["kind"] == "role" else {}
        if answer.get("keda") is not True:
            continue
        known = True
        lacks = [each["action"] for each in answer["needs"] if surely_not(each["granted"])]
        label = f"may not {lacks[0]}" if lacks else "as keda-operator"
        draft.join(node, draft.resource(identity.resource), label, ok=not lacks)
    if not known:
        draft.join(node, draft.unsure("role of keda-operator", "aws_iam_role"), "as keda-operator")


def _draw_scaler_queue(draft: Draft, node: str, row: dict[str, Any]) -> None:
    queue = row["queue"]
    name = row["name"] if isinstance(row["name"], str) and row["name"] else "its queue"
    if isinstance(queue["found"], Unknown):
        draft.join(node, draft.unsure(name, QUEUE), "counts messages of")
    elif not queue["found"]:
        draft.join(node, draft.missing(name, QUEUE), f"not there: {queue['why']}", ok=False)
    else:
        found = draft.at(queue["refs"][0])
        if found is not None:
            end = draft.resource(found[0])
            draft.join(node, end, "counts messages of")
            _draw_queue(draft, found[0], end)


def _draw_queue(draft: Draft, queue: Resource, node: str) -> None:
    for view in draft.world.instances_of("Queue", queue):
        answer = draft.fact("queue", view)
        if answer:
            _draw_dead_letters(draft, node, answer["dlq"])
            _draw_notifications(draft, node, answer)


def _draw_dead_letters(draft: Draft, node: str, dlq: dict[str, Any]) -> None:
    label = "dead letters go to"
    end = draft.of_ref(dlq["refs"][0]) if dlq["refs"] else None
    if end is not None:
        draft.join(node, end, label)
    elif surely_not(dlq["found"]):
        draft.join(node, draft.missing("no dead-letter queue", QUEUE), "dead letters go nowhere", ok=False)
    else:
        draft.join(node, draft.unsure("dead-letter queue", QUEUE), label)


def _draw_notifications(draft: Draft, node: str, answer: dict[str, Any]) -> None:
    why = ""
    if surely_not(answer["grant"]["ok"]):
        why = "may not notify: the queue's policy does not let S3 send"
    elif surely_not(answer["key"]["ok"]):
        why = f"may not notify: {answer['key']['why']}"
    for row in answer["notified"]:
        start = draft.of_ref(row["ref"])
        if start is not None:
            draft.join(start, node, why or "notifies", ok=not why)
