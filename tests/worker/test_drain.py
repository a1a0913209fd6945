"""SIGTERM: finish what fits into the grace period, give back the rest, for others to do at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from worker.service.durations import Durations


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def visible(cloud: Any) -> int:
    names = ["ApproximateNumberOfMessages"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=cloud.queue_url, AttributeNames=names)
    return int(found["Attributes"][names[0]])


def test_what_runs_is_finished_and_what_waits_is_given_back_at_once(
    worker: Any, cloud: Any, background: Any
) -> None:
    for number in range(4):
        cloud.upload(f"{number}.json", {"text": "x", "slow": 1})
        cloud.ask(f"{number}.json")
    worker.overrides |= {"grace_seconds": 30, "max_in_flight": 4}
    service = worker.service(until_empty=False)
    thread = background(service)
    until(lambda: worker.segmenter.prepared >= 2)
    service.stop()
    thread.join(20)
    done = worker.outcome("done")
    assert done >= 1
    assert done + visible(cloud) == 4
    assert len(cloud.results()) == done
    assert list(worker.scratch.iterdir()) == []


def test_what_does_not_fit_into_the_grace_period_is_released_and_writes_nothing(
    worker: Any, cloud: Any, background: Any
) -> None:
    worker.overrides |= {"grace_seconds": 8, "max_in_flight": 1}
    service = worker.service(until_empty=False)
    for _ in range(3):
        service._context.durations.add("infer", 60)
    cloud.upload("a.json", {"text": "x", "slow": 2})
    cloud.ask("a.json")
    thread = background(service)
    until(lambda: worker.segmenter.prepared == 1)
    time.sleep(0.2)
    began = time.monotonic()
    service.stop()
    until(lambda: visible(cloud) == 1)
    assert time.monotonic() - began < 1.5
    thread.join(20)
    assert not thread.is_alive()
    time.sleep(2)
    assert cloud.keys() == []


def test_at_the_end_of_the_grace_period_all_is_given_back(worker: Any, cloud: Any, background: Any) -> None:
    worker.overrides |= {"grace_seconds": 4, "max_in_flight": 1}
    cloud.upload("a.json", {"text": "x", "slow": 12})
    cloud.ask("a.json")
    service = worker.service(until_empty=False)
    thread = background(service)
    until(lambda: worker.segmenter.prepared == 1)
    service.stop()
    thread.join(8)
    assert not thread.is_alive()
    assert visible(cloud) == 1


def test_an_idle_worker_ends_at_once(worker: Any, background: Any) -> None:
    service = worker.service(until_empty=False)
    thread = background(service)
    time.sleep(0.3)
    service.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_remaining_time_is_the_p99_of_what_is_to_come_and_of_those_ahead() -> None:
    durations = Durations()
    assert durations.remaining("download", 0, 3) == 0
    for stage, seconds in (("download", 1), ("prepare", 2), ("infer", 10), ("export", 3), ("upload", 1)):
        for _ in range(100):
            durations.add(stage, seconds)
    assert durations.remaining("infer", 4, 0) == pytest.approx(6 + 3 + 1)
    assert durations.remaining("infer", 40, 0) == pytest.approx(3 + 1)
    assert durations.remaining("download", 0, 2) == pytest.approx(17 + 2 * 10)
    assert durations.remaining("export", 0, 2) == pytest.approx(4 + 2 * 3)


def test_p99_is_by_nearest_rank_over_the_latest() -> None:
    durations = Durations()
    for second in range(1, 101):
        durations.add("infer", second)
    assert durations.p99("infer") == 99
    for _ in range(256):
        durations.add("infer", 5)
    assert durations.p99("infer") == 5
