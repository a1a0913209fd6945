"""From what a message names to one pinned input and the keys of its results."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from worker.faults import PermanentFault
from worker.keys import ScanKeys, scan_keys
from worker.messages import ScanRequest
from worker.segmenter import Segmenter
from worker.service.work import Scan
from worker.settings import Settings
from worker.storage import ObjectFacts, Storage


def refuse_foreign(request: ScanRequest, settings: Settings) -> None:
    """PermanentFault for a bucket that scans are not taken from."""
    if settings.input_bucket and request.bucket != settings.input_bucket:
        raise PermanentFault(
            "foreign-bucket",
            "The message names a bucket that this worker takes no scans from.",
            where="bucket",
            repair="Upload to the worker's input bucket, or change WORKER_INPUT_BUCKET.",
        )


def is_own_output(request: ScanRequest, settings: Settings) -> bool:
    """A result or an error of ours, announced by a notification without a prefix filter: reading it would loop."""
    own = (settings.output_prefix, settings.error_prefix)
    return request.bucket == settings.output_bucket and request.key.startswith(own)


def locate(scan: Scan, storage: Storage, segmenter: Segmenter, settings: Settings) -> ScanKeys:
    """Pin the input and give its keys. PermanentFault: nothing is there, or too many files."""
    request = scan.request
    if request.is_prefix:
        scan.source, scan.parts = _folder(request, storage, settings)
    else:
        scan.source = _object(request, storage)
    return scan_keys(
        request.bucket,
        request.key,
        scan.source.pin,
        segmenter.digest,
        segmenter.options,
        output_prefix=settings.output_prefix,
        error_prefix=settings.error_prefix,
    )


def _object(request: ScanRequest, storage: Storage) -> ObjectFacts:
    if request.version_id or request.etag:
        return ObjectFacts(
            request.bucket, request.key, request.etag or "", request.version_id, request.size or 0
        )
    found = storage.head(request.bucket, request.key)
    if found is None:
        raise _missing("The object that the message names does not exist.")
    return found


def _folder(
    request: ScanRequest, storage: Storage, settings: Settings
) -> tuple[ObjectFacts, tuple[ObjectFacts, ...]]:
    """A stand-in for a folder of DICOM files, pinned by the digest of its listing."""
    parts = storage.list(request.bucket, request.key, settings.max_input_files)
    if not parts:
        raise _missing("There are no objects under the prefix that the message names.")
    total = sum(part.size for part in parts)
    if len(parts) > settings.max_input_files:
        raise PermanentFault(
            "too-many-files",
            f"There are more than {settings.max_input_files} objects under the prefix.",
            repair="Send one series only, or raise WORKER_MAX_INPUT_FILES.",
        )
    listing = "".join(f"{part.key}\0{part.etag}\0{part.size}\n" for part in parts)
    pin = hashlib.sha256(listing.encode()).hexdigest()
    return ObjectFacts(request.bucket, request.key, pin, None, total), tuple(
        replace(part, bucket=request.bucket) for part in parts
    )


def _missing(what: str) -> PermanentFault:
    return PermanentFault(
        "input-missing",
        what,
        repair="Upload the scan again; see whether a lifecycle rule or a person deleted it.",
    )
