"""What a queue message asks for, whichever of the shapes it comes in.

S3 event notifications (one or several records, and the test event that S3 sends once), the same inside an SNS
envelope, EventBridge's "Object Created", and a plain ``{"bucket": …, "key": …}``.
Sources: "Event message structure" in the Amazon S3 user guide; "Object Created" in the EventBridge events
reference; "Amazon SNS message and JSON formats".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from worker.faults import PermanentFault

_ENVELOPES = 3
"""SNS inside SNS does not happen; a bound keeps a hostile body from nesting without end."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One object, or with a key that ends in ``/`` one folder of DICOM files, to be segmented."""

    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None
    """Without quotes; absent where the message carries none."""
    size: int | None = None
    """Bytes, as the sender says: a hint, never trusted."""
    sequencer: str | None = None

    @property
    def is_prefix(self) -> bool:
        return self.key.endswith("/")


def parse(body: str) -> list[ScanRequest]:
    """The scans that a message asks for; empty for what asks for none (a test event, a deletion).

    PermanentFault ``unreadable-message`` for every other body.
    """
    try:
        return _requests(json.loads(body), 0)
    except (ValueError, RecursionError) as error:
        raise _unreadable("it is not JSON") from error


def _requests(message: Any, depth: int) -> list[ScanRequest]:
    if not isinstance(message, dict):
        raise _unreadable("it is not a JSON object")
    if message.get("Type") == "Notification" and isinstance(message.get("Message"), str):
        if depth == _ENVELOPES:
            raise _unreadable("too many envelopes")
        return _requests(json.loads(message["Message"]), depth + 1)
    if message.get("Event") == "s3:TestEvent":
        return []
    if "Records" in message:
        return _records(message["Records"])
    if "detail-type" in message:
        return _eventbridge(message)
    if "bucket" in message and "key" in message:
        return [_request(message["bucket"], message)]
    raise _unreadable("it is none of: S3 event, SNS notification, EventBridge event, {bucket, key}")


def _records(records: Any) -> list[ScanRequest]:
    if not isinstance(records, list):
        raise _unreadable("Records is no list")
    found = []
    for record in records:
        if not isinstance(record, dict):
            raise _unreadable("a record is no object")
        name = record.get("eventName", "ObjectCreated:")
        if not isinstance(name, str):
            raise _unreadable("a record's eventName is no text")
        if not name.removeprefix("s3:").startswith("ObjectCreated:"):
            continue
        s3 = _mapping(record, "s3")
        item = {**_mapping(s3, "object")}
        if isinstance(item.get("key"), str):
            item["key"] = unquote_plus(item["key"])
        request = _request(_mapping(s3, "bucket").get("name"), item)
        if not request.is_prefix:  # a console's "folder" is an empty object, and no scan
            found.append(request)
    return found


def _eventbridge(event: Mapping[str, Any]) -> list[ScanRequest]:
    if event["detail-type"] != "Object Created":
        return []
    detail = _mapping(event, "detail")
    request = _request(_mapping(detail, "bucket").get("name"), _mapping(detail, "object"))
    return [] if request.is_prefix else [request]


def _request(bucket: Any, item: Mapping[str, Any]) -> ScanRequest:
    etag = _text(item, "eTag", "etag")
    size = item.get("size")
    return ScanRequest(
        bucket=_required(bucket, "bucket"),
        key=_required(item.get("key"), "key"),
        version_id=_text(item, "versionId", "version-id", "version_id"),
        etag=etag.strip('"') or None if etag else None,
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        sequencer=_text(item, "sequencer"),
    )


def _mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise _unreadable(f"{name} is missing or no object")
    return value


def _required(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _unreadable(f"{name} is missing or no text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _unreadable(f"{name} is not valid Unicode") from error
    return value


def _text(item: Mapping[str, Any], *names: str) -> str | None:
    """The first of several spellings. S3's version id "null" pins nothing: the object is older than versioning."""
    value = next((item[name] for name in names if isinstance(item.get(name), str) and item[name]), None)
    return value if value and value.isprintable() and value != "null" else None


def _unreadable(why: str) -> PermanentFault:
    return PermanentFault(
        "unreadable-message",
        f"The queue message cannot be read: {why}.",
        where="message body",
        repair='Send an S3 event notification, or {"bucket": "…", "key": "…"}.',
    )
