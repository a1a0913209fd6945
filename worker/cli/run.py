"""``worker run``: the service."""

from __future__ import annotations

import logging
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from worker.cli.configured import settings_or_none
from worker.faults import Fault
from worker.logs import configure, log

if TYPE_CHECKING:
    from worker.metrics import Metrics
    from worker.segmenter import Segmenter
    from worker.settings import Settings
    from worker.storage import Storage


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--until-empty", action="store_true", help="end with 0 once the queue is empty (for a ScaledJob)"
    )


def run(options: Namespace) -> int:
    settings = settings_or_none()
    if settings is None:
        return 2
    configure(settings.log_level)
    from worker.service.service import on_signals

    # As PID 1 of a container a process without a handler does not even notice SIGTERM.
    on_signals(leave)
    code = _serve(settings, until_empty=options.until_empty)
    sys.stdout.flush()
    sys.stderr.flush()
    # A stage that is still inside the network would crash the interpreter's own end.
    os._exit(code)


def leave() -> None:
    """End at once: while the model loads nothing is held, so nothing has to be given back."""
    log("ended before any scan was taken")
    sys.stderr.flush()
    os._exit(0)


def _serve(settings: Settings, *, until_empty: bool) -> int:
    from worker.aws.client import client
    from worker.aws.s3 import S3Storage
    from worker.aws.sqs import SqsQueue
    from worker.metrics import Metrics
    from worker.service.service import Service, on_signals, serve_health

    metrics = Metrics(usd_per_hour=settings.usd_per_hour)
    running: list[Service] = []
    health = serve_health(settings, metrics, lambda: running[0] if running else None)
    storage = S3Storage(client("s3", settings.aws_endpoint_url))
    try:
        segmenter = _segmenter(settings, storage, metrics)
    except Fault as fault:
        log("model refused", level=logging.CRITICAL, code=fault.code)
        print(f"worker run: {fault.what} {fault.repair}", file=sys.stderr)
        return 1
    sqs = client("sqs", settings.aws_endpoint_url)
    service = Service(
        settings,
        storage,
        SqsQueue(sqs, settings.queue_url),
        SqsQueue(sqs, settings.dead_letter_queue_url),
        segmenter,
        metrics,
        until_empty=until_empty,
    )
    running.append(service)
    on_signals(service.stop)
    code = service.run()
    health.close()
    return code


def _segmenter(settings: Settings, storage: Storage, metrics: Metrics) -> Segmenter:
    """The model on the device, with its start-up times recorded."""
    from worker.cli.loading import load_segmenter
    from worker.inference.model import digest_of
    from worker.model_store import fetch_model

    began = time.monotonic()
    folder = fetch_model(
        settings.model,
        settings.model_sha256,
        settings.scratch,
        storage,
        max_bytes=settings.max_model_bytes,
        digest_of=digest_of,
    )
    metrics.startup.labels("model_fetch").set(time.monotonic() - began)
    began = time.monotonic()
    segmenter = load_segmenter(folder, settings)
    seconds = time.monotonic() - began
    metrics.startup.labels("model_load").set(seconds)
    described = {name: str(value) for name, value in segmenter.description.items()}
    metrics.info.info({"model": segmenter.digest, "device": described.get("device", settings.device)})
    log("model loaded", model=segmenter.digest, seconds=round(seconds, 1))
    return segmenter
