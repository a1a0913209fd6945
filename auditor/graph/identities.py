"""Workload → ServiceAccount → IAM role → what the role grants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.graph.draft import Draft, listing, surely_not, told
from auditor.iam import ROLE
from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance

ACCOUNT = "ServiceAccount"
WAYS = {"irsa": "acts as (IRSA)", "pod-identity": "acts as (Pod Identity)", "eksctl": "acts as (IRSA)"}


def draw_identity(draft: Draft, pod: Instance) -> None:
    """Who the workload is on AWS, as far as this tree says it."""
    answer = draft.fact("identity", pod)
    account = _draw_account(draft, pod, answer) if answer else None
    if account is None:
        return
    roles = [_draw_role(draft, account, answer["account"], row) for row in answer["mechanisms"]]
    if not roles and draft.fact("aws_calls", pod):
        _draw_no_role(draft, account, answer["has"])
    _draw_grants(draft, next((role for role in roles if role), None), answer["needs"])


def _draw_account(draft: Draft, pod: Instance, answer: dict[str, Any]) -> str | None:
    """The account's node; None for the namespace's default account without an AWS role."""
    name = answer["account"]
    if answer["refs"]:
        found = draft.of_ref(answer["refs"][0])
        if found is not None:
            draft.join(draft.centre, found, "runs as")
        return found
    if name == "default" and not answer["mechanisms"]:
        return None
    rows = draft.fact("references", pod).get("all", ())
    said = next((row["found"] for row in rows if (row["kind"], row["name"]) == (ACCOUNT, name)), True)
    if surely_not(said):
        node = draft.missing(name, ACCOUNT)
        draft.join(draft.centre, node, "runs as, but it is not there", ok=False)
    else:
        node = draft.unsure(name or "?", ACCOUNT)
        draft.join(draft.centre, node, "runs as")
    return node


def _draw_role(draft: Draft, account: str, name: str, row: dict[str, Any]) -> str | None:
    """The role that one mechanism gives the account; its node where it is known."""
    found = draft.at(row["ref"])
    if found is None:
        return None
    way = WAYS.get(row["how"], "acts as")
    for identity in draft.world.instances_of("Identity", found[0]):
        if identity.value["kind"] == "role":
            node = draft.resource(identity.resource)
            draft.join(account, node, way)
            return node
        if identity.value["name"] == name:
            role = draft.fact("identity", identity).get("role")
            return _draw_named_role(draft, account, way, role, found[0])
    return None


def _draw_named_role(draft: Draft, account: str, way: str, role: Any, by: Resource) -> str | None:
    if type(role) is not dict:
        return None
    if role["ref"]:
        node = draft.of_ref(role["ref"])
        if node is not None:
            refused = surely_not(role["trusts"])
            label = f"is not trusted: the role trusts {told(role['said'])}" if refused else way
            draft.join(account, node, label, ok=not refused)
        return node
    label = told(role["title"]).rsplit("/", 1)[-1] or by.name
    if surely_not(role["found"]):
        node = draft.missing(label, ROLE)
        draft.join(account, node, f"{way}, but it is not there", ok=False)
    else:
        node = draft.unsure(label, ROLE)
        draft.join(account, node, way)
    return node


def _draw_no_role(draft: Draft, account: str, has: Any) -> None:
    if surely_not(has):
        draft.join(account, draft.missing("no IAM role", ROLE), "calls AWS without a role", ok=False)
    elif isinstance(has, Unknown):
        draft.join(account, draft.unsure("IAM role", ROLE), has.reason)


def _draw_grants(draft: Draft, role: str | None, needs: list[dict[str, Any]]) -> None:
    """What the workload does on AWS, and whether its role lets it."""
    if role is None:
        return
    for queue in dict.fromkeys(row["queue"] for row in needs):
        rows = [row for row in needs if row["queue"] == queue]
        lacking = [row["action"] for row in rows if surely_not(row["granted"])]
        label = f"may not {listing(lacking, 2)}" if lacking else _granted(rows)
        for end in _ends(draft, queue, rows):
            draft.join(role, end, label, ok=not lacking)


def _granted(rows: list[dict[str, Any]]) -> str:
    unknown = any(isinstance(row["granted"], Unknown) for row in rows)
    return "what it grants is not known" if unknown else f"grants {listing((r['action'] for r in rows), 2)}"


def _ends(draft: Draft, queue: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """The queue, or the actions that the workload declares."""
    if not queue:
        yield draft.several(listing(row["action"] for row in rows), "declared AWS actions")
    else:
        found = [each for each in draft.world.instances("Queue") if told(each.value["name"]) == queue]
        yield draft.resource(found[0].resource) if len(found) == 1 else draft.unsure(queue, "aws_sqs_queue")
