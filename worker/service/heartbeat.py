"""Keeps every held message ours, in whatever stage, until its time is up."""

from __future__ import annotations

import logging
import threading

from worker.faults import TransientFault
from worker.logs import log
from worker.service.context import Context
from worker.service.work import Held, Outcome


class Heartbeat:
    """A thread that extends visibility three times in each visibility time-out."""

    def __init__(self, context: Context) -> None:
        self._context, self._stop = context, threading.Event()
        self._last = context.clock()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def trouble(self) -> str | None:
        """Why the process should be restarted; None while all is well."""
        context, now = self._context, self._context.clock()
        if not self._thread.is_alive() or now - self._last > context.settings.visibility_seconds:
            return "the heartbeat is not alive"
        longest = context.settings.max_processing_seconds + context.settings.visibility_seconds
        if any(now - held.received > longest for held in context.ledger.snapshot()):
            return "a stage is stuck beyond the maximum processing time"
        return None

    def _run(self) -> None:
        while not self._stop.wait(self._context.settings.heartbeat_seconds):
            try:
                self.beat()
            except Exception as error:
                log("heartbeat failed", level=logging.ERROR, error=error)

    def beat(self) -> None:
        """Extend all that is ours, give up what takes too long, notice what is lost."""
        context = self._context
        with context.ledger.exclusive:
            ours = [held for held in context.ledger.snapshot() if held.gone is None]
            late = [held for held in ours if self._is_late(held)]
            for held in late:
                held.overtime, held.gone = True, Outcome.LOST
                log("time is up", level=logging.WARNING, message_id=held.message.id)
            self._extend([held for held in ours if held.gone is None])
        self._last = context.clock()
        context.metrics.account()
        context.metrics.heartbeat_time.set_to_current_time()

    def _is_late(self, held: Held) -> bool:
        return self._context.clock() - held.received > self._context.settings.max_processing_seconds

    def _extend(self, ours: list[Held]) -> None:
        context = self._context
        if not ours:
            return
        began, visibility = context.clock(), context.settings.visibility_seconds
        try:
            lost = context.queue.extend([held.message for held in ours], visibility)
        except TransientFault as trouble:
            context.metrics.heartbeats.labels("failed").inc(len(ours))
            log("visibility not extended", level=logging.WARNING, code=trouble.code, count=len(ours))
            return
        for held in ours:
            if held.message.id in lost:
                held.gone = Outcome.LOST
                log("receipt handle lost", level=logging.WARNING, message_id=held.message.id)
            else:
                held.until = began + visibility
        context.metrics.heartbeats.labels("lost").inc(len(lost))
        context.metrics.heartbeats.labels("extended").inc(len(ours) - len(lost))
