"""What a large account takes: ``python -m tests.bench.bench_aws [OF_EACH]`` (100).

A mocked account (moto, in this process) with so many node groups, roles, users, access keys, queues, buckets,
registries, KMS keys and launch templates; every kind is read. Each call waits 50 ms, as one to AWS does. Seconds are
those of a clock and hold moto's own work, which is most of the CPU.
"""

from __future__ import annotations

import sys
import time

from moto import mock_aws

from tests.unit.aws_many import counted, make_many

LATENCY = 0.05
WORKERS = 8
SMALL = 10


def row(each: int) -> str:
    """One account, read."""
    with mock_aws():
        make_many(each)
        began, spent = time.monotonic(), time.process_time()
        reading, calls = counted(WORKERS, LATENCY)
        took, cpu = time.monotonic() - began, time.process_time() - spent
    resources = len(reading.targets[0].resources)
    made = sum(calls.values())
    return f"{each:5} of each: {resources} resources, {made} calls, {took:.1f} s, {cpu:.1f} s CPU with moto"


def main(arguments: list[str]) -> int:
    """Print a small account and a large one."""
    for each in (SMALL, int(arguments[0]) if arguments else 100):
        print(row(each))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
