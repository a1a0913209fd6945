"""One worker's life: take, work, and end in order."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from types import FrameType

from worker.health import HealthServer
from worker.logs import log
from worker.metrics import Metrics
from worker.queueing import Queue
from worker.segmenter import Segmenter
from worker.service.context import Context
from worker.service.desk import Desk
from worker.service.drain import drain
from worker.service.durations import Durations
from worker.service.heartbeat import Heartbeat
from worker.service.receiver import Receiver
from worker.service.scratch import Scratch
from worker.service.stages import Pipeline
from worker.service.work import Ledger
from worker.settings import Settings
from worker.storage import Storage

_LOOK = 0.2


class Service:
    """Start it with ``run``; end it with ``stop`` (what SIGTERM does)."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        queue: Queue,
        dead_letters: Queue,
        segmenter: Segmenter,
        metrics: Metrics,
        *,
        until_empty: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = context = Context(
            settings=settings,
            storage=storage,
            queue=queue,
            dead_letters=dead_letters,
            segmenter=segmenter,
            metrics=metrics,
            ledger=Ledger(settings.max_in_flight, clock),
            durations=Durations(),
            scratch=Scratch(settings.scratch),
            clock=clock,
        )
        metrics.max_held.set(settings.max_in_flight)
        desk = Desk(context)
        self._pipeline = Pipeline(context, desk)
        self._heartbeat = Heartbeat(context)
        self._receiver = Receiver(context, desk, self._pipeline.incoming, until_empty=until_empty)
        self._deadline: float | None = None

    def stop(self) -> None:
        """Take no more; the end comes within the grace period. Safe in a signal handler."""
        if self._deadline is None:
            self._deadline = self._context.clock() + self._context.settings.grace_seconds
        self._context.stopping.set()

    def trouble(self) -> str | None:
        """For /healthz."""
        return self._heartbeat.trouble()

    def run(self) -> int:
        """Until stopped, or until the queue is empty where that was asked for. 0, or 1 where a restart is due."""
        self._heartbeat.start()
        self._pipeline.start()
        self._receiver.start()
        self._context.metrics.ready.set(1)
        log("taking scans", count=self._context.settings.max_in_flight)
        while not self._receiver.ended.wait(_LOOK):
            if self._context.stopping.is_set() or self._context.broken.is_set():
                break
        return self._end()

    def _end(self) -> int:
        context = self._context
        context.metrics.ready.set(0)
        self.stop()
        assert self._deadline is not None
        log("ending", count=len(context.ledger))
        drain(context, self._deadline)
        # A long poll may still bring messages: they are given back as they come.
        self._receiver.ended.wait(max(0.0, self._deadline - context.clock()))
        drain(context, self._deadline)
        in_order = self._pipeline.finish(0.5)
        self._heartbeat.stop()
        context.scratch.close()
        log("ended" if in_order else "ended with a stage still busy")
        return 1 if context.broken.is_set() else 0


def on_signals(stop: Callable[[], None]) -> None:
    """SIGTERM (a drained node, a spot notice, a scale-in) and Ctrl-C end the service in order."""

    def handle(number: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def serve_health(settings: Settings, metrics: Metrics, service: Callable[[], Service | None]) -> HealthServer:
    """Probes that answer from the process's start: alive while the model loads, ready once it is on the device."""

    def healthy() -> str | None:
        running = service()
        return running.trouble() if running else None

    def ready() -> str | None:
        return None if metrics.registry.get_sample_value("worker_ready") == 1 else "no scans are taken now"

    server = HealthServer(settings.http_host, settings.http_port, metrics, healthy=healthy, ready=ready)
    log("serving metrics and probes", port=server.port, level=logging.INFO)
    return server
