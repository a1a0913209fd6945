"""What metrics cost: ``python -m tests.bench.bench_prometheus [WORKLOADS]`` (1,000), 14 days at 30-minute steps.

A real Prometheus (Debian's package) holds the series in backfilled blocks. ``read`` is everything that the source asks
for, with its HTTP calls; ``check`` is a whole ``auditor check --prometheus``, a fresh process. Seconds are those of a
clock, since most of them are the server's; CPU is the auditor's own.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.sources.prometheus.asking import Asking, NoSeries
from auditor.sources.prometheus.client import Client
from auditor.sources.prometheus.kinds import READERS
from auditor.sources.prometheus.options import PrometheusOptions
from tests.bench.bench_live import RUN, measured
from tests.live.prometheus_server import prometheus
from tests.unit.planted_metrics import DAY, HOUR, openmetrics, workloads

SAMPLES = 900
"""Seconds between planted samples: two in each step, the least that a rate needs."""


@contextmanager
def served(count: int, now: int) -> Iterator[str]:
    """A Prometheus with so many workloads."""
    start = now - 14 * DAY - 2 * HOUR
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "planted.txt"
        with text.open("w") as file:
            file.writelines(openmetrics(workloads(count, start), start, now, SAMPLES))
        with prometheus(Path(folder), text) as url:
            yield url


def read(url: str, now: int) -> str:
    """All kinds, in this process."""
    options = PrometheusOptions()
    client, rows = Client(url, options), 0
    began, spent = time.monotonic(), time.process_time()
    asking = Asking(client, options, now, {})
    for kind in READERS.values():
        try:
            rows += len([*kind(asking)])
        except NoSeries:
            continue
    took, cpu = time.monotonic() - began, time.process_time() - spent
    return f"{took:.1f} s, {cpu:.1f} s CPU, {client.calls} calls, {asking.series} series, {rows} rows"


def check(url: str) -> str:
    """The command line."""
    arguments = [
        "check",
        "--prometheus",
        url,
        "--format",
        "json",
        "--output",
        os.devnull,
        "--fail-on",
        "never",
    ]
    began = time.monotonic()
    cost = measured(RUN.format(arguments=arguments))
    return f"{time.monotonic() - began:.1f} s, {cost.seconds:.1f} s CPU, {cost.megabytes} MB"


def main(arguments: list[str]) -> int:
    """Print the rows."""
    count, now = int(arguments[0]) if arguments else 1000, int(time.time()) // HOUR * HOUR
    with served(count, now) as url:
        print(f"{count} workloads, 14 days")
        print("read ", read(url, now))
        print("check", check(url))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
