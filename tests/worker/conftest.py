"""moto's S3 and SQS on loopback, and a service with a trivial segmenter."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from trivial import TrivialSegmenter

from worker.aws.client import client
from worker.aws.s3 import S3Storage
from worker.aws.sqs import SqsQueue
from worker.metrics import Metrics
from worker.service.service import Service
from worker.settings import Settings

HAS_NETWORK = find_spec("torch") is not None and find_spec("nnunetv2") is not None
collect_ignore = [] if HAS_NETWORK else ["nnunet", "imaging"]


def pytest_report_header() -> str:
    if HAS_NETWORK:
        return "worker: with torch and nnunetv2"
    return "worker: tests/worker/{nnunet,imaging} left out, for they need: pip install '.[worker]' -c constraints.txt"


@dataclass
class Cloud:
    """One moto server with the buckets ``scans`` and ``out`` and the queues ``work`` and ``dead``."""

    endpoint: str
    s3: Any
    sqs: Any
    queue_url: str
    dead_url: str

    def upload(self, key: str, content: dict[str, Any] | bytes, bucket: str = "scans") -> Any:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def send(self, body: str | dict[str, Any]) -> None:
        self.sqs.send_message(
            QueueUrl=self.queue_url, MessageBody=body if isinstance(body, str) else json.dumps(body)
        )

    def ask(self, key: str) -> None:
        self.send({"bucket": "scans", "key": key})

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket="out", Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def json(self, key: str) -> Any:
        return json.loads(self.s3.get_object(Bucket="out", Key=key)["Body"].read())

    def results(self) -> list[Any]:
        return [self.json(key) for key in self.keys("results/") if key.endswith("/result.json")]

    def errors(self) -> list[Any]:
        return [self.json(key) for key in self.keys("errors/")]

    def waiting(self, url: str | None = None) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url or self.queue_url, AttributeNames=names)
        return sum(int(value) for value in found["Attributes"].values())

    def dead(self) -> list[Any]:
        found = []
        while batch := self.sqs.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            found += [json.loads(message["Body"]) for message in batch]
        return found


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture
def cloud(moto_endpoint: str) -> Cloud:
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{moto_endpoint}/moto-api/reset", method="POST")).close()
    s3, sqs = client("s3", moto_endpoint), client("sqs", moto_endpoint)
    for bucket in ("scans", "out"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    queue_url = sqs.create_queue(QueueName="work")["QueueUrl"]
    dead_url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    return Cloud(moto_endpoint, s3, sqs, queue_url, dead_url)


class HastyQueue(SqsQueue):
    """Does not wait for messages: moto has them all at once, unlike SQS."""

    def receive(self, count: int, wait: float, visibility: float) -> Any:
        return super().receive(count, 0, visibility)


@dataclass
class Worker:
    """A service over the cloud, and what it was made of."""

    cloud: Cloud
    scratch: Path
    segmenter: TrivialSegmenter = field(default_factory=TrivialSegmenter)
    storage: Any = None
    queue: Any = None
    overrides: dict[str, Any] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=lambda: Metrics(usd_per_hour=1.0))

    def settings(self) -> Settings:
        values: dict[str, Any] = {
            "queue_url": self.cloud.queue_url,
            "dead_letter_queue_url": self.cloud.dead_url,
            "output_bucket": "out",
            "model": "unused",
            "model_sha256": "d" * 64,
            "scratch": self.scratch,
            "poll_seconds": 1,
            "visibility_seconds": 30,
            "backoff_seconds": 0,
            "usd_per_hour": 1.0,
            **self.overrides,
        }
        return Settings(**values)

    def service(self, *, until_empty: bool = True) -> Service:
        return Service(
            self.settings(),
            self.storage or S3Storage(self.cloud.s3),
            self.queue or HastyQueue(self.cloud.sqs, self.cloud.queue_url),
            SqsQueue(self.cloud.sqs, self.cloud.dead_url),
            self.segmenter,
            self.metrics,
            until_empty=until_empty,
        )

    def run(self) -> int:
        """Until the queue is empty."""
        return self.service().run()

    def outcome(self, name: str) -> int:
        return int(self.metrics.registry.get_sample_value("worker_scans_total", {"outcome": name}) or 0)


@pytest.fixture
def worker(cloud: Cloud, tmp_path: Path) -> Worker:
    return Worker(cloud, tmp_path / "scratch")


@pytest.fixture
def background() -> Iterator[Callable[[Service], threading.Thread]]:
    """Run a service in a thread; it is stopped at the test's end."""
    running: list[tuple[Service, threading.Thread]] = []

    def start(service: Service) -> threading.Thread:
        thread = threading.Thread(target=service.run, daemon=True)
        thread.start()
        running.append((service, thread))
        return thread

    yield start
    for service, thread in running:
        service.stop()
        thread.join(20)
