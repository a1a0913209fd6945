"""What is written about a scan that cannot be done: for people (``errors/….json``) and for the dead-letter queue."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from worker.faults import Fault, PermanentFault
from worker.messages import ScanRequest

_LARGEST_BODY = 200_000
"""Bytes; below the smallest limit of a queue message (SQS once had 256 KiB)."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a scan was given up. Holds the object's key: it lies where results lie, and is protected as they are."""

    code: str
    what: str
    where: str
    repair: str
    bucket: str
    key: str
    pin: str
    """Version id or etag; empty where the object was never found."""
    scan_id: str
    message_id: str
    attempts: int
    at: str
    """UTC, ISO 8601."""
    permanent: bool
    """False: a fault that a retry might have repaired, and did not, as often as was allowed."""
    message: str = ""
    """The message itself, where it could not be read."""

    def to_json(self) -> bytes:
        return json.dumps({"schema": "worker-error/1", **asdict(self)}, indent=2).encode()


def explain(
    fault: Fault,
    request: ScanRequest | None,
    *,
    pin: str = "",
    scan_id: str = "",
    message_id: str,
    attempts: int,
    message: str = "",
) -> Explanation:
    return Explanation(
        code=fault.code,
        what=fault.what,
        where=fault.where,
        repair=fault.repair,
        bucket=request.bucket if request else "",
        key=request.key if request else "",
        pin=pin,
        scan_id=scan_id,
        message_id=message_id,
        attempts=attempts,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        permanent=isinstance(fault, PermanentFault),
        message=message if not request else "",
    )


def dead_letter(explanation: Explanation, request: ScanRequest | None, error_key: str) -> str:
    """A message body that says why, and that the worker reads again when it is moved back."""
    told = {"code": explanation.code, "what": explanation.what, "where": explanation.where}
    told |= {"repair": explanation.repair, "explained_at": error_key}
    if request is None:
        body = json.dumps({"unreadable": explanation.message, "fault": told})
        return body if len(body.encode()) <= _LARGEST_BODY else explanation.message
    known = {"bucket": request.bucket, "key": request.key}
    known |= {"version_id": request.version_id} if request.version_id else {}
    known |= {"etag": request.etag} if request.etag else {}
    return json.dumps({**known, "fault": told})


def prior_refusal(content: bytes | None, message_id: str) -> PermanentFault | None:
    """The permanent fault that an earlier delivery of this very message was refused with."""
    try:
        found: Any = json.loads(content or b"{}")
        if found.get("message_id") == message_id and found.get("permanent") is True:
            return PermanentFault(found["code"], found["what"], where=found["where"], repair=found["repair"])
    except (ValueError, AttributeError, KeyError):
        return None
    return None
