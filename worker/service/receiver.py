"""Takes messages from the queue while there is room, and turns them into scans."""

from __future__ import annotations

import logging
import queue
import threading
import time

from worker.faults import PermanentFault, TransientFault
from worker.logs import log
from worker.messages import ScanRequest, parse
from worker.queueing import Message
from worker.service.context import Context
from worker.service.desk import Desk
from worker.service.locate import is_own_output, refuse_foreign
from worker.service.work import Held, Outcome, Scan

_LONGEST_PAUSE = 30.0


class Receiver:
    """A thread. ``ended`` is set once it takes no more: told to stop, or the queue is empty and that was asked for."""

    def __init__(
        self, context: Context, desk: Desk, incoming: queue.Queue[Scan | None], *, until_empty: bool
    ) -> None:
        self._context, self._desk, self._incoming = context, desk, incoming
        self._until_empty, self._pause = until_empty, 1.0
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receive", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._context.stopping.is_set() and not self._turn():
                pass
        except Exception as error:
            log("receiving failed", level=logging.CRITICAL, error=error)
            self._context.broken.set()
        finally:
            self.ended.set()

    def _turn(self) -> bool:
        """Receive once; True where the queue is empty, nothing is held, and that is the end."""
        context = self._context
        room = context.ledger.wait_for_room(0.5)
        if room < 1:
            return False
        visibility = context.settings.visibility_seconds
        idle = not len(context.ledger)  # a message given back during the poll may be missed by it
        try:
            messages = context.queue.receive(room, context.settings.poll_seconds, visibility)
        except TransientFault as trouble:
            log("queue unreachable", level=logging.WARNING, code=trouble.code)
            context.stopping.wait(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            return False
        self._pause = 1.0
        for message in messages:
            if context.stopping.is_set():
                self._hand_back(message)
            else:
                self._take(message)
        return self._until_empty and idle and not messages

    def _take(self, message: Message) -> None:
        context = self._context
        held = context.ledger.add(message, context.settings.visibility_seconds)
        context.metrics.held.set(len(context.ledger))
        if message.sent_at is not None:
            context.metrics.phase("wait", max(0.0, time.time() - message.sent_at))
        try:
            requests = parse(message.body)
        except PermanentFault as fault:
            self._desk.refuse_message(held, fault)
            return
        if not requests:
            context.metrics.settled(Outcome.IGNORED)
            self._desk.conclude(held)
            return
        held.scans = [Scan(request, held, received=held.received) for request in requests]
        for scan in held.scans:
            self._admit(scan, scan.request, held)

    def _admit(self, scan: Scan, request: ScanRequest, held: Held) -> None:
        settings = self._context.settings
        if is_own_output(request, settings):
            self._desk.settle(scan, Outcome.IGNORED)
            return
        try:
            refuse_foreign(request, settings)
        except PermanentFault as fault:
            self._desk.fail(scan, fault)
            return
        self._incoming.put(scan)

    def _hand_back(self, message: Message) -> None:
        try:
            self._context.queue.give_back(message, 0)
        except TransientFault as trouble:
            log("not given back", level=logging.WARNING, message_id=message.id, code=trouble.code)
