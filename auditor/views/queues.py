"""SQS queues with everything that other blocks set on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.policy_statements import statements_of
from auditor.views.terraform_companions import companions, identity_of
from auditor.views.terraform_values import targets_of

if TYPE_CHECKING:
    from auditor.world import World

DEFAULTS = {
    "visibility_timeout": ("visibility_timeout_seconds", 30),
    "retention": ("message_retention_seconds", 345600),
    "delay": ("delay_seconds", 0),
    "receive_wait": ("receive_wait_time_seconds", 0),
    "kms_key": ("kms_master_key_id", ""),
    "sse": ("sqs_managed_sse_enabled", True),
    "fifo": ("fifo_queue", False),
}
"""Field → (argument of aws_sqs_queue, SQS's default). https://docs.aws.amazon.com/AWSSimpleQueueService/"""


_REDRIVE_PLACES: dict[Path, Path] = {
    ("redrive",): ("redrive_policy",),
    ("redrive", "target"): ("redrive_policy", "deadLetterTargetArn"),
    ("redrive", "max_receive_count"): ("redrive_policy", "maxReceiveCount"),
    ("dlq",): ("redrive_policy", "deadLetterTargetArn"),
}


class QueueView:
    """One queue; ``queue`` in CEL.

    ``{name, identity, visibility_timeout, retention, delay, receive_wait, kms_key, sse, fifo, redrive, dlq,
    is_dlq, sources, statements, tags}``. ``name`` may be Unknown; ``identity`` is a text by which a reference
    to the queue's ARN or URL is told (its Terraform address). ``redrive`` is ``{present, target,
    max_receive_count}``; ``dlq`` ``{found, name, retention, address}`` of the queue it sends to, when that is
    declared here. ``sources`` are the addresses of queues that send to this one. ``statements``: its policy's.
    """

    name = "Queue"
    variable = "queue"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for aws_sqs_queue."""
        return api_version == "terraform" and kind == "aws_sqs_queue"

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a queue."""
        body = resource.body
        value: dict[str, Any] = {
            "name": body.get("name", body.get("name_prefix", "")),
            "identity": resource.name,
        }
        moved: dict[Path, Path] = {(): (), ("name",): ("name",), ("tags",): ("tags",)}
        for field, (argument, default) in DEFAULTS.items():
            value[field] = body.get(argument, default)
            moved[(field,)] = (argument,)
        value["tags"] = body.get("tags", {})
        instance = Instance("Queue", resource, value, moved=moved)
        _redrive(instance, world)
        _policy(instance, world)
        value["sources"] = sorted(_sources(resource, world))
        value["is_dlq"] = bool(value["sources"])
        yield instance


def _redrive(instance: Instance, world: World) -> None:
    from auditor.terraform import policy_document

    resource = instance.resource
    text, owner = resource.body.get("redrive_policy"), resource
    for each in companions(world, resource, "aws_sqs_queue_redrive_policy", "queue_url"):
        text, owner = each.body.get("redrive_policy"), each
    document = policy_document(text) if text is not None else {}
    instance.value["redrive"] = _redrive_value(document, text is not None)
    instance.value["dlq"] = _dlq(instance, world, document)
    for path, at in _REDRIVE_PLACES.items():
        if owner is resource:
            instance.moved[path] = at
        else:
            instance.elsewhere[path] = (owner, at)


def _redrive_value(document: Any, present: bool) -> Any:
    if isinstance(document, Unknown):
        return document
    count = document.get("maxReceiveCount", 0)
    target = document.get("deadLetterTargetArn", "")
    if isinstance(count, str) and count.isdigit():
        count = int(count)
    return {"present": present and bool(document), "target": target, "max_receive_count": count}


def _dlq(instance: Instance, world: World, document: Any) -> Any:
    if isinstance(document, Unknown):
        return document
    found = queue_at(world, instance.resource, document.get("deadLetterTargetArn"))
    if found is None and document and (unseen := world.unseen("terraform", "aws_sqs_queue")) is not None:
        return unseen
    if found is None:
        return {"found": False, "name": "", "retention": 0, "address": ""}
    argument, default = DEFAULTS["retention"]
    return {
        "found": True,
        "name": found.body.get("name", ""),
        "retention": found.body.get(argument, default),
        "address": found.name,
    }


def queue_at(world: World, near: Resource, value: Any) -> Resource | None:
    """The queue that an ARN, URL or reference names, as declared in the root of ``near`` or in any tie."""
    for address, _ in targets_of(value):
        found = world.at_address(near, address)
        if found is not None and found.kind == "aws_sqs_queue":
            return found
    if not isinstance(value, str):
        return None
    name = value.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    queues = world.at_hand("terraform", "aws_sqs_queue")
    named = [each for each in queues if isinstance(each.body.get("name"), str) and each.body["name"] == name]
    return named[0] if len(named) == 1 else None


def _policy(instance: Instance, world: World) -> None:
    resource = instance.resource
    text, owner = resource.body.get("policy"), resource
    for each in companions(world, resource, "aws_sqs_queue_policy", "queue_url"):
        text, owner = each.body.get("policy"), each
    instance.value["statements"] = statements_of(text)
    if owner is resource:
        instance.moved[("statements",)] = ("policy",)
    else:
        instance.elsewhere[("statements",)] = (owner, ("policy",))


def _sources(resource: Resource, world: World) -> Iterable[str]:
    """Addresses of queues whose redrive policy names this one."""
    own = identity_of(resource.body.get("name"))
    for kind in ("aws_sqs_queue", "aws_sqs_queue_redrive_policy"):
        for each in world.at_hand("terraform", kind):
            text = each.body.get("redrive_policy")
            if each is resource or text is None:
                continue
            refers = any(address == resource.name for address, _ in targets_of(text))
            if refers or (own and isinstance(text, str) and f':{own}"' in text):
                sender = (
                    queue_at(world, each, each.body.get("queue_url")) if kind != "aws_sqs_queue" else each
                )
                yield (sender or each).name
