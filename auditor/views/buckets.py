"""S3 buckets with the settings that live in resources of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.policy_statements import statements_of
from auditor.views.terraform_companions import companions
from auditor.views.terraform_values import block, blocks, get

if TYPE_CHECKING:
    from auditor.world import World

BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_PREFIX = "aws_s3_bucket_"


class BucketView:
    """One bucket; ``bucket`` in CEL.

    ``{name, identity, force_destroy, versioning, encryption, public_access_block, lifecycle, notifications,
    statements, logging, tags}``. ``versioning`` is ``Enabled``, ``Suspended`` or '' (never switched on);
    ``encryption`` ``{algorithm, kms_key, bucket_key}`` ('' = S3's own default, SSE-S3); ``public_access_block``
    the four flags and ``present``; ``lifecycle`` ``[{id, enabled, prefix, expires_days, transitions}]``;
    ``notifications`` ``[{kind, target, events, prefix, suffix}]`` with kind queue, topic, lambda or
    eventbridge. Values in other blocks are shown at both ends.
    """

    name = "Bucket"
    variable = "bucket"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for aws_s3_bucket."""
        return api_version == "terraform" and kind == "aws_s3_bucket"

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a bucket."""
        body = resource.body
        value: dict[str, Any] = {
            "name": body.get("bucket", body.get("bucket_prefix", "")),
            "identity": resource.name,
            "force_destroy": body.get("force_destroy", False),
            "tags": body.get("tags", {}),
        }
        moved: dict[Path, Path] = {(): (), ("name",): ("bucket",)}
        moved |= {(field,): (field,) for field in ("force_destroy", "tags")}
        instance = Instance("Bucket", resource, value, moved=moved)
        parts = _Parts(world, instance)
        parts.put("versioning", "versioning", "versioning", _versioning)
        parts.put(
            "encryption",
            "server_side_encryption_configuration",
            "server_side_encryption_configuration",
            _encryption,
        )
        parts.put("public_access_block", "public_access_block", "", _public_access)
        _account_block(instance, world)
        parts.put("lifecycle", "lifecycle_configuration", "lifecycle_rule", _lifecycle)
        parts.put("notifications", "notification", "", _notifications)
        parts.put("statements", "policy", "policy", _statements)
        parts.put("logging", "logging", "logging", _logging)
        yield instance


class _Parts:
    """Reads one setting from the block of its own, else from the bucket's (provider versions before 4)."""

    def __init__(self, world: World, instance: Instance) -> None:
        self._world, self._instance = world, instance

    def put(self, field: str, kind: str, inline: str, read: Any) -> None:
        """Set a field; where several blocks set it, the last one counts."""
        bucket = self._instance.resource
        found = list(companions(self._world, bucket, _PREFIX + kind, "bucket", bucket.body.get("bucket")))
        if found:
            self._instance.value[field] = read(found[-1].body, False)
            self._instance.elsewhere[(field,)] = (found[-1], ())
            return
        self._instance.value[field] = read(bucket.body if inline in bucket.body else {}, True)
        self._instance.moved[(field,)] = (inline,) if inline else ()


def _versioning(body: Any, inline: bool) -> Any:
    if inline:
        enabled = get(block(body, "versioning"), "enabled")
        return enabled if isinstance(enabled, Unknown) else ("Enabled" if enabled in (True, "true") else "")
    return get(block(body, "versioning_configuration"), "status", "")


def _encryption(body: Any, inline: bool) -> Any:
    outer = block(body, "server_side_encryption_configuration") if inline else body
    rule = block(outer, "rule")
    if isinstance(rule, Unknown):
        return rule
    default = block(rule, "apply_server_side_encryption_by_default")
    return {
        "algorithm": get(default, "sse_algorithm", ""),
        "kms_key": get(default, "kms_master_key_id", ""),
        "bucket_key": get(rule, "bucket_key_enabled", False),
    }


def _public_access(body: Any, inline: bool) -> dict[str, Any]:
    """A missing flag is false in the block; without a block a new bucket has all four (since April 2023)."""
    return {"present": not inline, **{flag: body.get(flag, inline) for flag in BLOCKS}}


def _account_block(instance: Instance, world: World) -> None:
    """What the account blocks is blocked for every bucket of it."""
    for each in world.at_hand("terraform", "aws_s3_account_public_access_block"):
        own = instance.value["public_access_block"]
        of_account = {flag: each.body.get(flag, False) for flag in BLOCKS}
        instance.value["public_access_block"] = {
            **own,
            **{flag: True for flag in BLOCKS if of_account[flag] is True},
            "present": own["present"] or any(value is True for value in of_account.values()),
        }


def _lifecycle(body: Any, inline: bool) -> Any:
    listed = blocks(body, "lifecycle_rule" if inline else "rule")
    if isinstance(listed, Unknown):
        return listed
    return [_rule(each, inline) for each in listed]


def _rule(rule: dict[str, Any], inline: bool) -> dict[str, Any]:
    selected = block(rule, "filter")
    stated = (rule.get("prefix"), get(selected, "prefix"), get(block(selected, "and"), "prefix"))
    prefix = next((each for each in stated if each is not None), "")
    transitions = blocks(rule, "transition")
    return {
        "id": rule.get("id", ""),
        "enabled": rule.get("enabled", False) if inline else _is_enabled(rule.get("status")),
        "prefix": prefix,
        "expires_days": get(block(rule, "expiration"), "days", 0),
        "transitions": transitions if isinstance(transitions, Unknown) else len(transitions),
    }


def _is_enabled(status: Any) -> Any:
    return status if isinstance(status, Unknown) else status == "Enabled"


def _notifications(body: Any, inline: bool) -> Any:
    del inline
    found: list[dict[str, Any]] = []
    for kind, argument in (("queue", "queue_arn"), ("topic", "topic_arn"), ("lambda", "lambda_function_arn")):
        listed = blocks(body, kind if kind != "lambda" else "lambda_function")
        if isinstance(listed, Unknown):
            return listed
        found += [
            {
                "kind": kind,
                "target": each.get(argument, ""),
                "events": each.get("events", []),
                "prefix": each.get("filter_prefix", ""),
                "suffix": each.get("filter_suffix", ""),
            }
            for each in listed
        ]
    if body.get("eventbridge") is True:
        found.append({"kind": "eventbridge", "target": "", "events": [], "prefix": "", "suffix": ""})
    return found


def _statements(body: Any, inline: bool) -> Any:
    del inline
    return statements_of(body.get("policy"))


def _logging(body: Any, inline: bool) -> Any:
    section = block(body, "logging") if inline else body
    return get(section, "target_bucket", "")
