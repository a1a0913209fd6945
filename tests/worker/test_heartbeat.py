"""Holding on to messages, losing them, and running out of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from worker.aws.sqs import SqsQueue
from worker.faults import TransientFault
from worker.queueing import Message
from worker.service.service import Service


class FickleQueue(SqsQueue):
    """Answers heartbeats as told: "yes", "lost", "down" (no answer gets through)."""

    def __init__(self, sqs: Any, url: str, mood: str = "yes") -> None:
        super().__init__(sqs, url)
        self.mood, self.beats = mood, 0

    def extend(self, messages: Sequence[Message], visibility: float) -> frozenset[str]:
        self.beats += 1
        if self.mood == "down":
            raise TransientFault("connection-lost", "down")
        if self.mood == "lost":
            return frozenset(message.id for message in messages)
        return super().extend(messages, visibility)


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def start(
    worker: Any, background: Callable[[Service], threading.Thread], cloud: Any, mood: str, **more: Any
) -> Any:
    worker.overrides |= {"visibility_seconds": 2, "max_processing_seconds": 60, "grace_seconds": 5, **more}
    worker.queue = FickleQueue(cloud.sqs, cloud.queue_url, mood)
    cloud.upload("a.json", {"text": "x", "slow": 3})
    cloud.ask("a.json")
    service = worker.service(until_empty=False)
    background(service)
    return service


def test_a_scan_longer_than_its_visibility_stays_ours(worker: Any, cloud: Any, background: Any) -> None:
    start(worker, background, cloud, "yes")
    until(lambda: worker.outcome("done") == 1)
    until(lambda: cloud.waiting() == 0)
    assert worker.queue.beats >= 3
    assert worker.segmenter.prepared == 1
    assert worker.metrics.registry.get_sample_value("worker_heartbeats_total", {"result": "extended"}) >= 3


def test_a_lost_handle_stops_the_work_without_writing(worker: Any, cloud: Any, background: Any) -> None:
    start(worker, background, cloud, "lost", max_in_flight=1)
    until(lambda: worker.outcome("lost") == 1)
    assert cloud.keys() == []
    assert worker.metrics.registry.get_sample_value("worker_heartbeats_total", {"result": "lost"}) == 1


def test_heartbeats_that_do_not_get_through_end_the_hold_by_our_own_clock(
    worker: Any, cloud: Any, background: Any
) -> None:
    start(worker, background, cloud, "down", max_in_flight=1)
    until(lambda: worker.outcome("lost") == 1)
    assert cloud.keys() == []
    worker.queue.mood = "yes"
    until(lambda: worker.outcome("done") == 1)
    assert len(cloud.results()) == 1


def test_heartbeats_stop_at_the_longest_processing_time(worker: Any, cloud: Any, background: Any) -> None:
    start(worker, background, cloud, "yes", max_processing_seconds=2, max_in_flight=1)
    until(lambda: worker.outcome("lost") == 1)
    assert cloud.keys() == []


def test_a_stage_that_is_stuck_makes_the_process_unhealthy(worker: Any, cloud: Any, background: Any) -> None:
    cloud.upload("stuck.json", {"text": "x", "slow": 8})
    cloud.ask("stuck.json")
    service = start(
        worker, background, cloud, "yes", visibility_seconds=1, max_processing_seconds=1, max_in_flight=1
    )
    until(lambda: len(service._context.ledger) == 1)
    assert service.trouble() is None
    until(lambda: service.trouble() is not None)
    assert "stuck" in service.trouble()
