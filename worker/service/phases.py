"""What each stage does with one scan. Raises a Fault, LostScan, or Settled where the scan ends early."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.explain import prior_refusal
from worker.faults import DeviceOutOfMemory, PermanentFault
from worker.keys import ScanKeys
from worker.logs import log
from worker.result import Written, build
from worker.segmenter import Output, Segmentation
from worker.service.context import Context
from worker.service.fetch import fetch_file, fetch_folder
from worker.service.locate import locate
from worker.service.work import Outcome, Scan
from worker.storage import ObjectFacts

_LARGEST_ERROR = 1 << 20


class Settled(Exception):
    """The scan needs no more work."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Waiting(Exception):
    """Another message of the same scan is in work: this one ends with it."""


class Phases:
    """The five stages, each a method that takes a scan."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def download(self, scan: Scan) -> None:
        context, settings = self._context, self._context.settings
        scan.keys = keys = locate(scan, context.storage, context.segmenter, settings)
        assert scan.source is not None
        if not context.ledger.lead(scan):
            raise Waiting
        self._skip_known(scan, keys)
        scan.folder = context.scratch.new()
        if scan.parts:
            scan.payload, scan.downloaded = fetch_folder(
                scan.request.key, scan.parts, scan.folder, context.storage, settings.max_input_bytes
            )
        else:
            scan.payload, scan.downloaded = fetch_file(
                scan.source, scan.folder, context.storage, settings.max_input_bytes
            )
        context.metrics.bytes.labels("downloaded").inc(scan.downloaded.size)

    def _skip_known(self, scan: Scan, keys: ScanKeys) -> None:
        """A scan that is done, or that was refused, costs two small requests and no work."""
        context, message = self._context, scan.held.message
        bucket = context.settings.output_bucket
        if context.storage.head(bucket, keys.marker) is not None:
            raise Settled(Outcome.DUPLICATE)
        if message.receive_count > 1:
            known = prior_refusal(context.storage.read(bucket, keys.error, _LARGEST_ERROR), message.id)
            if known is not None:
                raise known
        if message.receive_count > context.settings.max_receives:
            raise PermanentFault(
                "attempts-exhausted",
                f"{message.receive_count - 1} attempts ended without an answer, as when a worker is killed over it.",
                repair="See the worker's logs and memory at the time; then move the message back.",
            )

    def prepare(self, scan: Scan) -> None:
        scan.payload = self._context.segmenter.prepare(scan.payload)

    def infer(self, scan: Scan) -> None:
        context = self._context
        with context.metrics.device_busy():
            try:
                scan.payload = context.segmenter.infer(scan.payload)
            except DeviceOutOfMemory:
                log("device out of memory: smaller tiles", scan=scan.id)
                scan.smaller_tiles = True
        if (
            scan.smaller_tiles
        ):  # outside of the handler, whose traceback would keep the first try's tensors alive
            with context.metrics.device_busy():
                scan.payload = context.segmenter.infer(scan.payload, smaller_tiles=True)
        context.metrics.device(context.segmenter.device_state())

    def export(self, scan: Scan) -> None:
        assert scan.folder is not None
        folder = scan.folder / "outputs"
        folder.mkdir()
        segmentation = self._context.segmenter.export(scan.payload, folder)
        for part, seconds in segmentation.seconds.items():
            scan.seconds[part] = seconds
            self._context.metrics.phase(part, seconds)
        scan.payload = segmentation

    def upload(self, scan: Scan) -> None:
        """Results first, the marker last; nothing that exists is overwritten."""
        context, keys = self._context, scan.keys
        assert keys is not None
        segmentation: Segmentation = scan.payload
        written = [self._write(scan, keys, output) for output in segmentation.outputs]
        context.ledger.check(scan)
        marker = build(self._facts(scan, keys), segmentation, written)
        created = context.storage.create(
            context.settings.output_bucket,
            keys.marker,
            marker,
            content_type="application/json",
            sha256=hashlib.sha256(marker).hexdigest(),
        )
        raise Settled(Outcome.DONE if created else Outcome.DUPLICATE)

    def _write(self, scan: Scan, keys: ScanKeys, output: Output) -> Written:
        context = self._context
        context.ledger.check(scan)
        with output.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = output.path.stat().st_size
        key = self._create(keys, output, sha256)
        context.metrics.bytes.labels("uploaded").inc(size)
        return Written(output.name, key, output.content_type, size, sha256)

    def _create(self, keys: ScanKeys, output: Output, sha256: str) -> str:
        """The key that now holds exactly these bytes."""
        bucket, storage = self._context.settings.output_bucket, self._context.storage
        key = keys.output(output.name)
        if self._create_at(key, output.path, output.content_type, sha256):
            return key
        there: ObjectFacts | None = storage.head(bucket, key)
        if there is not None and there.sha256 == sha256:
            return key
        if storage.head(bucket, keys.marker) is not None:
            raise Settled(Outcome.DUPLICATE)
        key = keys.variant(output.name, sha256)
        self._create_at(key, output.path, output.content_type, sha256)
        return key

    def _create_at(self, key: str, path: Path, content_type: str, sha256: str) -> bool:
        bucket = self._context.settings.output_bucket
        return self._context.storage.create(bucket, key, path, content_type=content_type, sha256=sha256)

    def _facts(self, scan: Scan, keys: ScanKeys) -> dict[str, Any]:
        context = self._context
        assert scan.source is not None and scan.downloaded is not None
        now = context.clock()
        scan.seconds["upload"] = now - scan.stage_since  # all but this file's own
        occupied = now - max(context.finished, scan.received)
        return {
            "scan_id": keys.id,
            "input": {
                "bucket": scan.source.bucket,
                "key": scan.source.key,
                "version_id": scan.source.version_id,
                "etag": scan.source.etag or None,
                "bytes": scan.downloaded.size,
                "sha256": scan.downloaded.sha256,
                "files": len(scan.parts) or 1,
            },
            "model": {"digest": context.segmenter.digest, **context.segmenter.description},
            "options": {**context.segmenter.options},
            "smaller_tiles": scan.smaller_tiles,
            "seconds": {**scan.seconds, "total": now - scan.received},
            "usd_estimate": occupied * context.settings.usd_per_hour / 3600,
            "attempt": scan.held.message.receive_count,
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
