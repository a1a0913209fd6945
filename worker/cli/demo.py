"""``worker demo``: the whole loop on one machine, with moto's S3 and SQS on loopback and a tiny model."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from worker.cli.demo_cloud import DemoCloud

if TYPE_CHECKING:
    from worker.metrics import Metrics
    from worker.settings import Settings

SHAPES = ((96, 112, 112), (80, 128, 104), (112, 96, 120), (72, 96, 96))
"""Voxels, z y x: of different shapes, so that nothing rests on one."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, default=Path("worker-demo"), help="where results go")
    parser.add_argument("--scans", type=int, default=4, help="phantoms to segment (default 4)")
    parser.add_argument("--tta", action="store_true", help="mirror each scan (8 times the work)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")


def run(options: Namespace) -> int:
    from rich.console import Console

    from worker.cli.demo_report import report
    from worker.logs import configure
    from worker.metrics import Metrics

    console = Console()
    options.folder.mkdir(parents=True, exist_ok=True)
    with DemoCloud() as cloud, (options.folder / "log.jsonl").open("a") as log_file:
        configure("INFO", log_file)
        with console.status("making a tiny nnU-Net model and phantoms"):
            settings = _prepare(options, cloud)
        metrics = Metrics(usd_per_hour=settings.usd_per_hour)
        console.print(
            f"{options.scans} scans uploaded to {cloud.endpoint}; S3 told SQS; the worker takes over."
        )
        began = time.monotonic()
        code = _serve(settings, cloud, metrics)
        seconds = time.monotonic() - began
        results = cloud.fetch_results(options.folder / "results")
    report(console, results, options.folder, seconds, metrics)
    console.file.flush()
    os._exit(code if len(results) >= options.scans else 1)


def _prepare(options: Namespace, cloud: DemoCloud) -> Settings:
    """Model and scans as files; the scans also uploaded, which puts their messages into the queue."""
    from worker.inference import phantoms, tiny_model
    from worker.inference.model import digest_of
    from worker.settings import Settings

    model = options.folder / "model"
    tiny_model.make(model)
    for index in range(options.scans):
        folder = options.folder / "scans" / f"{index + 1}"
        for path in phantoms.write(folder, 1, shape=SHAPES[index % len(SHAPES)], seed=index):
            cloud.upload(f"clinic/phantom {index + 1}.nii.gz", path)
    return Settings(
        **cloud.settings,
        model=str(model),
        model_sha256=digest_of(model),
        device=options.device,
        tta=options.tta,
        scratch=options.folder / "scratch",
        poll_seconds=1,
        http_host="127.0.0.1",
        http_port=0,
        usd_per_hour=1.006,  # g5.xlarge, us-east-1, on demand, 2026-07-20
    )


def _serve(settings: Settings, cloud: DemoCloud, metrics: Metrics) -> int:
    from worker.aws.s3 import S3Storage
    from worker.aws.sqs import SqsQueue
    from worker.cli.loading import load_segmenter
    from worker.service.service import Service, on_signals

    service = Service(
        settings,
        S3Storage(cloud.s3),
        SqsQueue(cloud.sqs, settings.queue_url),
        SqsQueue(cloud.sqs, settings.dead_letter_queue_url),
        load_segmenter(Path(settings.model), settings),
        metrics,
        until_empty=True,
    )
    on_signals(service.stop)
    return service.run()
