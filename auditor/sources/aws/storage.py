"""S3 buckets with the settings that Terraform keeps in resources of their own; SQS queues."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from auditor.sources.aws.refusals import Refused
from auditor.sources.aws.rows import LIVE, Found, Row, all_rows, each, once, several
from auditor.sources.aws.session import GLOBAL_REGION, Place
from auditor.sources.aws.shape import shaped, tag_map
from auditor.unknown import Unknown

PUBLIC_FLAGS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


class Setting(NamedTuple):
    """One setting of a bucket: the call, Terraform's type (after ``aws_s3_bucket_``), and how it is written.

    ``fields`` are those of the resource that are unknown where the call is refused.
    """

    call: str
    kind: str
    fields: tuple[str, ...]
    write: Callable[[dict[str, Any]], dict[str, Any] | None]


def _public(found: dict[str, Any]) -> dict[str, Any]:
    """All four flags; a bucket without the setting blocks nothing."""
    stated = shaped(found.get("PublicAccessBlockConfiguration", {}))
    return {flag: stated.get(flag, False) for flag in PUBLIC_FLAGS}


def _versioning(found: dict[str, Any]) -> dict[str, Any]:
    status = found.get("Status", "")
    return {
        "versioning_configuration": [{"status": status, "mfa_delete": found.get("MFADelete", "Disabled")}]
    }


def _encryption(found: dict[str, Any]) -> dict[str, Any] | None:
    rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules")
    renamed = {"kms_master_key_id": "kms_master_key_id", "sse_algorithm": "sse_algorithm"}
    return {"rule": [shaped(each, renamed) for each in rules]} if rules else None


def _lifecycle(found: dict[str, Any]) -> dict[str, Any] | None:
    rules = found.get("Rules")
    renamed = {"transitions": "transition", "noncurrent_version_transitions": "noncurrent_version_transition"}
    return {"rule": [shaped(each, renamed) for each in rules]} if rules else None


_TARGETS = (
    ("QueueConfigurations", "queue", "QueueArn", "queue_arn"),
    ("TopicConfigurations", "topic", "TopicArn", "topic_arn"),
    ("LambdaFunctionConfigurations", "lambda_function", "LambdaFunctionArn", "lambda_function_arn"),
)


def _notification(found: dict[str, Any]) -> dict[str, Any] | None:
    body: dict[str, Any] = {}
    for key, block, arn, argument in _TARGETS:
        rows = [
            {
                "id": each.get("Id", ""),
                argument: each.get(arn, ""),
                "events": each.get("Events", []),
                **_filter(each),
            }
            for each in found.get(key, ())
        ]
        if rows:
            body[block] = rows
    if "EventBridgeConfiguration" in found:
        body["eventbridge"] = True
    return body or None


def _filter(found: dict[str, Any]) -> dict[str, str]:
    rules = found.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    return {f"filter_{each['Name'].lower()}": each["Value"] for each in rules}


def _policy(found: dict[str, Any]) -> dict[str, Any] | None:
    return {"policy": found["Policy"]} if "Policy" in found else None


def _logging(found: dict[str, Any]) -> dict[str, Any] | None:
    stated = found.get("LoggingEnabled")
    return shaped(stated) if stated else None


_EVERYBODY = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "public",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "authenticated",
}


def _acl(found: dict[str, Any]) -> dict[str, Any] | None:
    """The canned ACL that has the same grants, for those that let everybody in."""
    given = {
        (_EVERYBODY[uri], grant.get("Permission", ""))
        for grant in found.get("Grants", ())
        if (uri := grant.get("Grantee", {}).get("URI", "")) in _EVERYBODY
    }
    if not given:
        return None
    if ("public", "WRITE") in given or ("public", "FULL_CONTROL") in given:
        return {"acl": "public-read-write"}
    return {"acl": "public-read" if any(who == "public" for who, _ in given) else "authenticated-read"}


SETTINGS = (
    Setting("s3.get_bucket_versioning", "versioning", ("versioning_configuration",), _versioning),
    Setting("s3.get_bucket_encryption", "server_side_encryption_configuration", ("rule",), _encryption),
    Setting("s3.get_public_access_block", "public_access_block", PUBLIC_FLAGS, _public),
    Setting("s3.get_bucket_lifecycle_configuration", "lifecycle_configuration", ("rule",), _lifecycle),
    Setting(
        "s3.get_bucket_notification_configuration",
        "notification",
        ("queue", "topic", "lambda_function"),
        _notification,
    ),
    Setting("s3.get_bucket_policy", "policy", ("policy",), _policy),
    Setting("s3.get_bucket_logging", "logging", ("target_bucket",), _logging),
    Setting("s3.get_bucket_acl", "acl", ("acl",), _acl),
)
"""One row a setting, so that a refused call leaves just that setting unknown."""


def buckets(place: Place) -> Found:
    """``aws_s3_bucket`` of the region, and a resource for each setting that is on or could not be read.

    What the account blocks counts as blocked by the bucket; ``live.own`` are the bucket's own flags.
    """
    of_account = _of_account(place)

    def one(found: dict[str, Any]) -> Iterator[Row]:
        name = found["Name"]
        if _region(place, found) != place.region:
            return
        arn = f"arn:{place.partition}:s3:::{name}"
        tags = place.value("s3.get_bucket_tagging", Bucket=name)
        body = {"bucket": name, "id": name, "arn": arn, "region": place.region}
        yield Row("aws_s3_bucket", arn, body | {"tags": _tags(tags)})
        for setting in SETTINGS:
            made = _setting(place, setting, name)
            if made is not None and setting.write is _public:
                made = _effective(made, of_account)
            if made is not None:
                kind = f"aws_s3_bucket_{setting.kind}"
                yield Row(kind, f"{arn}/{setting.kind}", {"bucket": name, **made})

    return several(place, place.listed("s3.list_buckets"), one)


def _of_account(place: Place) -> dict[str, Any]:
    try:
        row = next(all_rows(account_block(place)))
    except Refused as error:
        return dict.fromkeys(PUBLIC_FLAGS, error.unknown)
    return row.body


def _effective(own: dict[str, Any], of_account: dict[str, Any]) -> dict[str, Any]:
    """A flag that is off counts only where the account's is off, too."""
    flags = {flag: of_account[flag] if own[flag] is False else own[flag] for flag in PUBLIC_FLAGS}
    return {**flags, LIVE: {"own": own}}


def _tags(found: dict[str, Any] | Unknown) -> Any:
    return found if isinstance(found, Unknown) else tag_map(found.get("TagSet"))


def _setting(place: Place, setting: Setting, bucket: str) -> dict[str, Any] | None:
    found = place.value(setting.call, Bucket=bucket)
    return dict.fromkeys(setting.fields, found) if isinstance(found, Unknown) else setting.write(found)


def _region(place: Place, bucket: dict[str, Any]) -> str:
    stated = bucket.get("BucketRegion")
    if not stated:
        found = place.get("s3.get_bucket_location", Bucket=bucket["Name"])
        stated = found.get("LocationConstraint") or GLOBAL_REGION
    return "eu-west-1" if stated == "EU" else str(stated)


@once
def account_block(place: Place) -> Found:
    """``aws_s3_account_public_access_block``: what the account blocks for every bucket."""
    found = place.get("s3control.get_public_access_block", AccountId=place.account)
    yield Row("aws_s3_account_public_access_block", f"{place.where} S3 public access block", _public(found))


_NUMBERS = {
    "DelaySeconds": "delay_seconds",
    "MaximumMessageSize": "max_message_size",
    "MessageRetentionPeriod": "message_retention_seconds",
    "ReceiveMessageWaitTimeSeconds": "receive_wait_time_seconds",
    "VisibilityTimeout": "visibility_timeout_seconds",
}
_TEXTS = {
    "KmsMasterKeyId": "kms_master_key_id",
    "Policy": "policy",
    "QueueArn": "arn",
    "RedriveAllowPolicy": "redrive_allow_policy",
    "RedrivePolicy": "redrive_policy",
}
_FLAGS = {"FifoQueue": "fifo_queue", "SqsManagedSseEnabled": "sqs_managed_sse_enabled"}
_COUNTS = {
    "ApproximateNumberOfMessages": "messages",
    "ApproximateNumberOfMessagesDelayed": "delayed",
    "ApproximateNumberOfMessagesNotVisible": "in_flight",
}


def queues(place: Place) -> Found:
    """``aws_sqs_queue``; ``live`` counts its messages at the moment."""

    def one(url: str) -> Row | None:
        name = url.rsplit("/", 1)[-1]
        arn = f"arn:{place.partition}:sqs:{place.region}:{place.account}:{name}"
        found = place.value("sqs.get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
        tags = place.value("sqs.list_queue_tags", QueueUrl=url)
        body: dict[str, Any] = {"name": name, "id": url, "url": url, "arn": arn}
        body["tags"] = tags if isinstance(tags, Unknown) else tags.get("Tags", {})
        if isinstance(found, Unknown):
            fields = (*_NUMBERS.values(), *_TEXTS.values(), *_FLAGS.values())
            body |= {field: found for field in fields if field != "arn"} | {LIVE: found}
            return Row("aws_sqs_queue", arn, body)
        return Row("aws_sqs_queue", arn, body | _attributes(found["Attributes"])) if found else None

    return each(place, place.listed("sqs.list_queues"), one)


def _attributes(given: dict[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {field: int(given[key]) for key, field in _NUMBERS.items() if key in given}
    body |= {field: given[key] for key, field in _TEXTS.items() if given.get(key)}
    body |= {field: given[key] == "true" for key, field in _FLAGS.items() if key in given}
    if "redrive_policy" in body:
        body["redrive_policy"] = json.dumps(json.loads(body["redrive_policy"]), separators=(",", ":"))
    body[LIVE] = {field: int(given[key]) for key, field in _COUNTS.items() if key in given}
    return body
