"""Where every scan ends, and where every message gets its last word."""

from __future__ import annotations

import logging
import random

from worker.explain import dead_letter, explain
from worker.faults import Fault, LostScan, PermanentFault, TransientFault
from worker.keys import message_error_key, unpinned_error_key
from worker.logs import log
from worker.service.context import Context
from worker.service.work import Held, Outcome, Scan

_INTERNAL = "internal-error"
_INTERNAL_IN_A_ROW = 3


class Desk:
    """Settles scans and concludes messages. Any thread may call it."""

    def __init__(self, context: Context) -> None:
        self._context, self._internal = context, 0

    def fail(self, scan: Scan, error: Exception) -> None:
        """The scan ends with ``error``: lost, refused or retried."""
        if isinstance(error, LostScan) or self._gone(scan):
            self.settle(scan, scan.held.gone or Outcome.LOST)
            return
        scan.fault = fault = _as_fault(error)
        self._context.metrics.faults.labels(fault.code).inc()
        log("fault", level=logging.WARNING, error=error, scan=scan.id, phase=scan.stage, code=fault.code)
        self._count_internal(fault)
        attempts, allowed = scan.held.message.receive_count, self._context.settings.max_receives
        if isinstance(fault, PermanentFault) or attempts >= allowed:
            self._refuse(scan, fault)
        else:
            self.settle(scan, Outcome.RETRIED)

    def refuse_message(self, held: Held, fault: PermanentFault) -> None:
        """A message that names no scan at all."""
        key = message_error_key(held.message.body, self._context.settings.error_prefix)
        self._context.metrics.faults.labels(fault.code).inc()
        log("message refused", level=logging.WARNING, message_id=held.message.id, code=fault.code)
        explanation = explain(
            fault,
            None,
            message_id=held.message.id,
            attempts=held.message.receive_count,
            message=held.message.body,
        )
        try:
            self._write_error(key, explanation.to_json())
        except TransientFault as trouble:
            self._give_back_later(held, trouble)
            return
        held.dead_letters.append(dead_letter(explanation, None, key))
        self._context.metrics.settled(Outcome.REFUSED)
        self.conclude(held)

    def settle(self, scan: Scan, outcome: Outcome) -> None:
        """Record how a scan ended; with the last scan of its message, the message ends too."""
        ending = self._context.ledger.finish(scan, outcome)
        if ending is None:
            return
        self._context.scratch.discard(scan.folder)
        scan.payload = scan.folder = None
        now = self._context.clock()
        if outcome is Outcome.DONE:
            self._internal, self._context.finished = 0, now
        self._context.metrics.settled(outcome, now - scan.received)
        log(
            "scan ended",
            scan=scan.id,
            message_id=scan.held.message.id,
            outcome=str(outcome),
            seconds=round(now - scan.received, 3),
        )
        for follower in ending.followers:
            self._settle_follower(follower, scan, outcome)
        if ending.last_of_message:
            self.conclude(scan.held)

    def conclude(self, held: Held) -> None:
        """Delete the message, or give it back for what a later try may repair."""
        context = self._context
        with context.ledger.exclusive:
            try:
                if held.gone is None:
                    self._last_word(held)
            except TransientFault as trouble:
                # Nothing is lost: the message comes back when its visibility ends, and finds its results done.
                log("queue unreachable", level=logging.WARNING, message_id=held.message.id, code=trouble.code)
            finally:
                context.ledger.remove(held)
                context.metrics.held.set(len(context.ledger))

    def _last_word(self, held: Held) -> None:
        context = self._context
        outcomes = {scan.outcome for scan in held.scans}
        if Outcome.RETRIED in outcomes:
            context.queue.give_back(held.message, self._backoff(held.message.receive_count))
            return
        for body in held.dead_letters:
            context.dead_letters.send(body)
        context.queue.delete(held.message)

    def _refuse(self, scan: Scan, fault: Fault) -> None:
        request, held = scan.request, scan.held
        error_key = (
            scan.keys.error
            if scan.keys
            else unpinned_error_key(request.bucket, request.key, self._context.settings.error_prefix)
        )
        explanation = explain(
            fault,
            request,
            pin=scan.source.pin if scan.source else "",
            scan_id=scan.id,
            message_id=held.message.id,
            attempts=held.message.receive_count,
        )
        try:
            self._write_error(error_key, explanation.to_json())
        except TransientFault:
            self.settle(scan, Outcome.RETRIED)
            return
        held.dead_letters.append(dead_letter(explanation, request, error_key))
        self.settle(scan, Outcome.REFUSED)

    def _write_error(self, key: str, content: bytes) -> None:
        self._context.storage.replace(
            self._context.settings.output_bucket, key, content, content_type="application/json"
        )

    def _settle_follower(self, follower: Scan, leader: Scan, outcome: Outcome) -> None:
        if outcome in (Outcome.DONE, Outcome.DUPLICATE):
            self.settle(follower, Outcome.DUPLICATE)
        elif outcome is Outcome.REFUSED and leader.fault is not None:
            self.fail(follower, leader.fault)
        else:
            self.settle(follower, Outcome.RETRIED if follower.held.gone is None else follower.held.gone)

    def _give_back_later(self, held: Held, trouble: TransientFault) -> None:
        log("gave back", level=logging.WARNING, message_id=held.message.id, code=trouble.code)
        context = self._context
        with context.ledger.exclusive:
            try:
                context.queue.give_back(held.message, self._backoff(held.message.receive_count))
            except TransientFault:
                log("queue unreachable", level=logging.WARNING, message_id=held.message.id)
            held.gone = Outcome.RELEASED
        self.conclude(held)

    def _gone(self, scan: Scan) -> bool:
        try:
            self._context.ledger.check(scan)
        except LostScan:
            return True
        return False

    def _backoff(self, attempt: int) -> float:
        """Seconds; doubling, capped, spread by up to a quarter so that what failed together is not tried together."""
        settings = self._context.settings
        delay = min(settings.backoff_seconds * 2.0 ** min(attempt - 1, 20), settings.max_backoff_seconds)
        return delay * random.uniform(0.75, 1.0)

    def _count_internal(self, fault: Fault) -> None:
        self._internal = self._internal + 1 if fault.code == _INTERNAL else 0
        if self._internal >= _INTERNAL_IN_A_ROW:
            self._context.broken.set()


def _as_fault(error: Exception) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, MemoryError):
        return TransientFault(
            "out-of-memory", "The worker ran out of main memory.", repair="Raise its memory limit."
        )
    if isinstance(error, OSError):
        return TransientFault(
            "scratch-failed",
            f"The scratch folder cannot be used ({type(error).__name__}).",
            repair="Give the worker's scratch volume more room.",
        )
    return TransientFault(
        _INTERNAL,
        f"The worker failed with an error of its own ({type(error).__name__}).",
        repair="Report it with the scan id; the log line of the same id names the place in the code.",
    )
