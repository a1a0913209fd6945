"""A process of the real service behind a trivial segmenter, that dies where it is told to.

``chaos_worker.py PLAN`` with PLAN a JSON object: endpoint, queue, dead, scratch, point and signal (where and how to
die; empty: not at all), hits (at which visit of the point), throttle (share of S3 requests refused), until_empty.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from trivial import TrivialSegmenter

from worker.aws.client import client
from worker.aws.s3 import S3Storage
from worker.aws.sqs import SqsQueue
from worker.faults import TransientFault
from worker.logs import configure
from worker.metrics import Metrics
from worker.queueing import Message
from worker.service.service import Service, on_signals
from worker.settings import Settings


class Fate:
    """Dies at the n-th visit of one point."""

    def __init__(self, point: str, number: str, hits: int) -> None:
        self._point, self._signal, self._left = point, number, hits
        self._lock = threading.Lock()

    def visit(self, point: str) -> None:
        if point != self._point:
            return
        with self._lock:
            self._left -= 1
            if self._left != 0:
                return
        sys.stderr.write(json.dumps({"died_at": point, "signal": self._signal}) + "\n")
        os.kill(os.getpid(), signal.Signals[self._signal])


class MortalSegmenter(TrivialSegmenter):
    def __init__(self, fate: Fate) -> None:
        super().__init__(pause=0.01)
        self._fate = fate

    def prepare(self, source: Path) -> Any:
        self._fate.visit("prepare")
        return super().prepare(source)

    def infer(self, prepared: Any, *, smaller_tiles: bool = False) -> Any:
        self._fate.visit("infer")
        return super().infer(prepared, smaller_tiles=smaller_tiles)

    def export(self, inferred: Any, folder: Path) -> Any:
        self._fate.visit("export")
        return super().export(inferred, folder)


class MortalStorage(S3Storage):
    def __init__(self, s3: Any, fate: Fate) -> None:
        super().__init__(s3)
        self._fate = fate

    def download(self, source: Any, target: Path, max_bytes: int) -> Any:
        self._fate.visit("download")
        return super().download(source, target, max_bytes)

    def create(self, bucket: str, key: str, content: Path | bytes, **how: Any) -> bool:
        marker = key.endswith("/result.json")
        self._fate.visit("marker" if marker else "upload")
        created = super().create(bucket, key, content, **how)
        if marker:
            self._fate.visit("after-marker")
        return created

    def replace(self, bucket: str, key: str, content: bytes, *, content_type: str) -> None:
        super().replace(bucket, key, content, content_type=content_type)
        self._fate.visit("explained")


class MortalQueue(SqsQueue):
    """Loses its hold on scans whose key starts with "lost-", at their first delivery, in three ways."""

    def __init__(self, sqs: Any, url: str, fate: Fate) -> None:
        super().__init__(sqs, url)
        self._fate = fate

    def receive(self, count: int, wait: float, visibility: float) -> Sequence[Message]:
        messages = super().receive(count, wait, visibility)
        if messages:
            self._fate.visit("receive")
        return messages

    def extend(self, messages: Sequence[Message], visibility: float) -> frozenset[str]:
        self._fate.visit("heartbeat")
        lost = {message for message in messages if '"lost-' in message.body and message.receive_count == 1}
        if any('"lost-deaf' in message.body for message in lost):
            raise TransientFault("connection-lost", "The heartbeat does not get through.")
        told = frozenset(message.id for message in lost if '"lost-told' in message.body)
        return told | super().extend([message for message in messages if message not in lost], visibility)

    def delete(self, message: Message) -> None:
        self._fate.visit("delete")
        super().delete(message)


class MortalDeadLetters(SqsQueue):
    def __init__(self, sqs: Any, url: str, fate: Fate) -> None:
        super().__init__(sqs, url)
        self._fate = fate

    def send(self, body: str) -> None:
        super().send(body)
        self._fate.visit("dead-letter")


def throttle(s3: Any, share: float) -> None:
    """Answer a share of the requests as S3 does when it wants fewer of them."""
    from botocore.awsrequest import AWSResponse

    class Raw(BytesIO):
        def stream(self, **_: Any) -> Any:
            while chunk := self.read(1024):
                yield chunk

    def refuse(request: Any, **_: Any) -> Any:
        if random.random() >= share:
            return None
        sys.stderr.write(json.dumps({"throttled": 1}) + "\n")
        body = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        return AWSResponse(request.url, 503, {"Content-Type": "application/xml"}, Raw(body))

    s3.meta.events.register("before-send.s3", refuse)


def main(plan: Mapping[str, Any]) -> int:
    configure("INFO")
    fate = Fate(plan["point"], plan["signal"], plan["hits"])
    s3, sqs = client("s3", plan["endpoint"]), client("sqs", plan["endpoint"])
    throttle(s3, plan["throttle"])
    settings = Settings(
        queue_url=plan["queue"],
        dead_letter_queue_url=plan["dead"],
        output_bucket="out",
        model="unused",
        model_sha256="d" * 64,
        scratch=Path(plan["scratch"]),
        poll_seconds=1,
        visibility_seconds=3,
        max_processing_seconds=60,
        max_receives=50,
        backoff_seconds=1,
        max_backoff_seconds=2,
        grace_seconds=8,
    )
    service = Service(
        settings,
        MortalStorage(s3, fate),
        MortalQueue(sqs, plan["queue"], fate),
        MortalDeadLetters(sqs, plan["dead"], fate),
        MortalSegmenter(fate),
        Metrics(),
        until_empty=plan["until_empty"],
    )
    on_signals(service.stop)
    return service.run()


if __name__ == "__main__":
    code = main(json.loads(sys.argv[1]))
    sys.stderr.flush()
    os._exit(code)
