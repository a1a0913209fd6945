"""``storage.Storage`` on S3: pinned reads, conditional writes."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from worker.aws.faults import code, faults, status
from worker.faults import PermanentFault, TransientFault
from worker.storage import Downloaded, ObjectFacts

_CHUNK = 1 << 20
_CONFLICT_TRIES = 4


class S3Storage:
    def __init__(self, s3: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self._s3, self._sleep = s3, sleep

    def head(self, bucket: str, key: str, version_id: str | None = None) -> ObjectFacts | None:
        pinned = {"VersionId": version_id} if version_id else {}
        with faults("read"):
            try:
                found = self._s3.head_object(Bucket=bucket, Key=key, **pinned)
            except ClientError as error:
                if status(error) in (404, 405) or (version_id and status(error) == 400):
                    return None  # 405: a delete marker; 400: not a version id at all
                raise
        return ObjectFacts(
            bucket,
            key,
            found["ETag"].strip('"'),
            _version(found.get("VersionId")),
            found["ContentLength"],
            found.get("Metadata", {}).get("sha256"),
        )

    def list(self, bucket: str, prefix: str, limit: int) -> Sequence[ObjectFacts]:
        found: list[ObjectFacts] = []
        with faults("list"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                found += [
                    ObjectFacts(bucket, item["Key"], item["ETag"].strip('"'), None, item["Size"])
                    for item in page.get("Contents", ())
                    if not item["Key"].endswith("/")
                ]
                if len(found) > limit:
                    break
        return found[: limit + 1]

    def download(self, source: ObjectFacts, target: Path, max_bytes: int) -> Downloaded:
        pinned = {"VersionId": source.version_id} if source.version_id else {"IfMatch": f'"{source.etag}"'}
        with faults("download"):
            try:
                found = self._s3.get_object(Bucket=source.bucket, Key=source.key, **pinned)
            except ClientError as error:
                raise _gone(error) from error
            if found["ContentLength"] > max_bytes:
                found["Body"].close()
                raise _too_large(found["ContentLength"], max_bytes)
            return _save(found["Body"].iter_chunks(_CHUNK), target, max_bytes, found["ContentLength"])

    def read(self, bucket: str, key: str, max_bytes: int) -> bytes | None:
        with faults("read"):
            try:
                found = self._s3.get_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if status(error) == 404:
                    return None
                raise
            content: bytes = found["Body"].read(max_bytes)
            return content

    def create(self, bucket: str, key: str, content: Path | bytes, *, content_type: str, sha256: str) -> bool:
        for attempt in range(_CONFLICT_TRIES):
            try:
                self._put(bucket, key, content, content_type, sha256, IfNoneMatch="*")
                return True
            except ClientError as error:
                if status(error) == 412:
                    return False
                if status(error) != 409:
                    raise
            self._sleep(0.2 * 2**attempt)  # two conditional writes met: the other one may yet fail
        raise TransientFault(
            "write-conflict", "Another conditional write to the same key keeps being in progress."
        )

    def replace(self, bucket: str, key: str, content: bytes, *, content_type: str) -> None:
        self._put(bucket, key, content, content_type, hashlib.sha256(content).hexdigest())

    def _put(
        self, bucket: str, key: str, content: Path | bytes, content_type: str, sha256: str, **condition: str
    ) -> None:
        arguments = {
            "Bucket": bucket,
            "Key": key,
            "ContentType": content_type,
            "ChecksumSHA256": base64.b64encode(bytes.fromhex(sha256)).decode(),
            "Metadata": {"sha256": sha256},
            **condition,
        }
        with faults("write", passed=(409, 412)):
            if isinstance(content, bytes):
                self._s3.put_object(Body=content, **arguments)
            else:
                with content.open("rb") as body:
                    self._s3.put_object(Body=body, **arguments)


def _save(chunks: Iterator[bytes], target: Path, max_bytes: int, announced: int) -> Downloaded:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(size, max_bytes)
            digest.update(chunk)
            file.write(chunk)
    if size != announced:
        raise TransientFault("download-cut-off", f"The download ended after {size} of {announced} bytes.")
    return Downloaded(size, digest.hexdigest())


def _version(version_id: str | None) -> str | None:
    """S3 says "null" for an object that was written before versioning: its etag pins it better."""
    return None if version_id in (None, "null") else version_id


def _gone(error: ClientError) -> Exception:
    if status(error) == 412:
        return PermanentFault(
            "input-replaced",
            "Another object was written to this key since the message was sent.",
            repair="Nothing, if the newer object's own message was processed; else send it again.",
        )
    if status(error) in (404, 405) or code(error) in ("NoSuchVersion", "NoSuchKey"):
        return PermanentFault(
            "input-missing",
            "The object that the message names does not exist.",
            repair="Upload the scan again; see whether a lifecycle rule or a person deleted it.",
        )
    unchanged: Exception = error
    return unchanged


def _too_large(size: int, max_bytes: int) -> PermanentFault:
    return PermanentFault(
        "input-too-large",
        f"The scan has {size} bytes or more; {max_bytes} are allowed.",
        repair="Send one series only, or raise WORKER_MAX_INPUT_BYTES.",
    )
