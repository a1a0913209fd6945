"""An account that exists for the length of a demonstration, on this machine only."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_INPUT, _OUTPUT = "demo-scans", "demo-results"


class DemoCloud:
    """moto's S3 and SQS on a loopback port: two buckets, a queue that S3 notifies, a dead-letter queue."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        from worker.aws.client import client

        # Whatever account this shell is signed in to must not be touched by a demonstration.
        os.environ.update(
            AWS_ACCESS_KEY_ID="demo", AWS_SECRET_ACCESS_KEY="demo", AWS_DEFAULT_REGION="us-east-1"
        )
        os.environ.pop("AWS_SESSION_TOKEN", None)
        os.environ.pop("AWS_PROFILE", None)
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.s3, self.sqs = client("s3", self.endpoint), client("sqs", self.endpoint)
        self._queue, self._dead = self._make()

    def _make(self) -> tuple[str, str]:
        for bucket in (_INPUT, _OUTPUT):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        dead = self.sqs.create_queue(QueueName="demo-dead-letters")["QueueUrl"]
        queue = self.sqs.create_queue(QueueName="demo-scans")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        self.s3.put_bucket_notification_configuration(
            Bucket=_INPUT,
            NotificationConfiguration={
                "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
            },
        )
        return queue, dead

    @property
    def settings(self) -> dict[str, Any]:
        """What the worker must know of it."""
        return {
            "queue_url": self._queue,
            "dead_letter_queue_url": self._dead,
            "input_bucket": _INPUT,
            "output_bucket": _OUTPUT,
            "aws_endpoint_url": self.endpoint,
        }

    def upload(self, key: str, path: Path) -> None:
        self.s3.upload_file(str(path), _INPUT, key)

    def fetch_results(self, folder: Path) -> list[dict[str, Any]]:
        """Everything in the output bucket as files under ``folder``; every ``result.json`` read."""
        results = []
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=_OUTPUT):
            for item in page.get("Contents", ()):
                target = folder / item["Key"].removeprefix("results/")
                target.parent.mkdir(parents=True, exist_ok=True)
                self.s3.download_file(_OUTPUT, item["Key"], str(target))
                if target.name == "result.json":
                    results.append(json.loads(target.read_text()))
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
