"""Bucket → queue: which buckets notify a queue, and whether the queue and its key let S3 do so."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.model import Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.policy_statements import statements_of
from auditor.views.terraform_companions import companions
from auditor.views.terraform_values import blocks, referenced, targets_of

if TYPE_CHECKING:
    from auditor.world import World

S3 = "s3.amazonaws.com"
SOURCE_ARN, SOURCE_ACCOUNT = "aws:SourceArn", "aws:SourceAccount"
SEND = ("sqs:SendMessage",)
USE_KEY = ("kms:GenerateDataKey", "kms:Decrypt")
_OUTPUT = regex(r"s3://(?P<bucket>[^/]+)/?(?P<prefix>[^*]*)(?:\*(?P<suffix>[^*]*))?")
MANAGED_KEY = "alias/aws/sqs"
DEPTHS = ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "NumberOfMessagesSent")


class Notification(NamedTuple):
    """One queue block of a bucket's notification; ``bucket`` is the bucket's name where it is known."""

    resource: Resource
    place: int
    bucket: Any
    prefix: Any
    suffix: Any


def notifications(world: World, queue: Resource) -> list[Notification]:
    """The blocks that send to a queue."""
    return [
        Notification(
            each, index, _bucket(world, each), block.get("filter_prefix", ""), block.get("filter_suffix", "")
        )
        for each in world.kind("terraform", "aws_s3_bucket_notification")
        for index, block in enumerate(_listed(blocks(each.body, "queue")))
        if _means(world, each, block.get("queue_arn"), queue)
    ]


def loop(output: Any, sources: list[Notification]) -> str | Unknown:
    """The notification that makes new work of what is written to ``output``; '' when none does.

    ``output`` is ``s3://bucket/prefix*suffix``, as declared.
    """
    if not sources:
        return ""
    if isinstance(output, Unknown):
        return output
    found = _OUTPUT.fullmatch(output)
    if found is None:
        return Unknown(f"the declared output {output!r} is no s3:// URL", "write s3://BUCKET/PREFIX*SUFFIX")
    bucket, prefix, suffix = found["bucket"], found["prefix"], found["suffix"] or ""
    for each in sources:
        stated = next((value for value in each[2:] if isinstance(value, Unknown)), None)
        if stated is not None:
            return stated
        if (
            bucket == each.bucket
            and prefix.startswith(each.prefix)
            and (suffix or prefix).endswith(each.suffix)
        ):
            return each.resource.title
    return ""


def _bucket(world: World, notification: Resource) -> Any:
    value = notification.body.get("bucket", "")
    found = referenced(world, notification, value, "aws_s3_bucket")
    return found.body.get("bucket", value) if found is not None else value


def _listed(found: Any) -> list[dict[str, Any]]:
    return found if type(found) is list else []


def alarmed(world: World, queue: Instance) -> bool | Unknown:
    """Whether a CloudWatch alarm watches the queue's depth or age."""
    unsure: Unknown | None = None
    for alarm in world.kind("terraform", "aws_cloudwatch_metric_alarm"):
        if alarm.body.get("metric_name") not in DEPTHS:
            continue
        dimensions = alarm.body.get("dimensions")
        named = dimensions.get("QueueName") if type(dimensions) is dict else dimensions
        if isinstance(named, Unknown):
            if any(address == queue.resource.name for address, _ in targets_of(named)):
                return True
            unsure = unsure or named
        elif isinstance(queue.value["name"], str) and named == queue.value["name"]:
            return True
    return (
        False if unsure is None else Unknown(f"an alarm's queue is not known: {unsure.reason}", unsure.repair)
    )


def grant(queue: Instance) -> dict[str, Any]:
    """``{ok, missing}``: whether the queue's policy lets S3 send, and which conditions that statement lacks."""
    listed = queue.value["statements"]
    if isinstance(listed, Unknown):
        return {"ok": listed, "missing": []}
    allowing = [each for each in listed if _allows(each, SEND)]
    if not allowing:
        unsure = next((found for each in listed if (found := _unsure(each))), None)
        return {"ok": False if unsure is None else unsure, "missing": []}
    return {"ok": True, "missing": min((_unconditioned(each) for each in allowing), key=len)}


def _unconditioned(statement: dict[str, Any]) -> list[str]:
    """Which of the two keys that bind S3 to this account's bucket a statement does not test."""
    tested = statement["conditions"]
    if isinstance(tested, Unknown) or S3 not in _texts(statement["principals"]["service"]):
        return []
    keys = {str(each["key"]).lower() for each in tested if isinstance(each["key"], str)}
    return [name for name in (SOURCE_ARN, SOURCE_ACCOUNT) if name.lower() not in keys]


def key_grant(world: World, queue: Instance) -> dict[str, Any]:
    """``{used, ok, why, refs}``: whether a key encrypts the queue, and whether S3 may use it."""
    key = queue.value["kms_key"]
    answer: dict[str, Any] = {
        "used": isinstance(key, Unknown) or bool(key),
        "ok": True,
        "why": "",
        "refs": [],
    }
    if not answer["used"]:
        return answer
    if isinstance(key, str) and key.endswith(MANAGED_KEY):
        return answer | {"ok": False, "why": f"the key is {MANAGED_KEY}, whose policy AWS keeps to itself"}
    found = referenced(world, queue.resource, key, "aws_kms_key")
    if found is None:
        outside = Unknown(
            f"the key of {queue.resource.title} is not declared here", "audit the root that declares it"
        )
        return answer | {"ok": outside}
    for statements in _key_policies(world, found):
        if isinstance(statements, Unknown):
            return answer | {"ok": statements}
        if any(_allows(each, USE_KEY) for each in statements):
            return answer
        unsure = next((reason for each in statements if (reason := _unsure(each))), None)
        if unsure is not None:
            return answer | {"ok": unsure}
    why = f"the policy of {found.title} does not let S3 call kms:GenerateDataKey and kms:Decrypt"
    return answer | {"ok": False, "why": why, "refs": [world.ref(found, ("policy",))]}


def _key_policies(world: World, key: Resource) -> Iterator[Any]:
    if "policy" in key.body:
        yield statements_of(key.body["policy"])
    for each in companions(world, key, "aws_kms_key_policy", "key_id"):
        yield statements_of(each.body.get("policy"))


def _means(world: World, near: Resource, value: Any, queue: Resource) -> bool:
    if isinstance(value, Unknown):
        return any(world.at_address(near, address) is queue for address, _ in targets_of(value))
    name = queue.body.get("name")
    return isinstance(value, str) and isinstance(name, str) and value.rpartition(":")[2] == name


def _allows(statement: dict[str, Any], actions: tuple[str, ...]) -> bool:
    """Whether a statement surely allows S3 all of the actions (wildcards count)."""
    principals = statement["principals"]
    if statement["effect"] != "Allow" or isinstance(principals, Unknown):
        return False
    if S3 not in _texts(principals["service"]) and not principals["any"]:
        return False
    given = [text.lower() for text in _texts(statement["actions"])]
    return all(any(fnmatchcase(action.lower(), pattern) for pattern in given) for action in actions)


def _unsure(statement: dict[str, Any]) -> Unknown | None:
    """Why it cannot be told whom a statement allows what."""
    principals, actions = statement["principals"], statement["actions"]
    named = principals if isinstance(principals, Unknown) else principals["service"]
    return next((each for each in (named, actions) if isinstance(each, Unknown)), None)


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if type(value) is list else []
