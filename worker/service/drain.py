"""The end after SIGTERM: what cannot be finished in the time left is given back, for others to do."""

from __future__ import annotations

import logging

from worker.faults import TransientFault
from worker.logs import log
from worker.service.context import Context
from worker.service.work import Held, Outcome

_MARGIN = 3.0
"""Seconds kept for the last requests."""
_LOOK = 0.2


def drain(context: Context, deadline: float) -> None:
    """Return once nothing is held, or at ``deadline`` (on the context's clock) with everything given back."""
    release_unstarted(context)
    while not context.ledger.wait_until_empty(_LOOK):
        left = deadline - _MARGIN - context.clock()
        if left <= 0:
            break
        release_unstarted(context)
        release_late(context, left)
        if all(held.gone for held in context.ledger.snapshot()):
            return
    for held in context.ledger.snapshot():
        release(context, held)


def release_unstarted(context: Context) -> None:
    for held in context.ledger.snapshot():
        if not any(scan.started for scan in held.scans):
            release(context, held)


def release_late(context: Context, left: float) -> None:
    """Give back what by its measured p99 would not be done in ``left`` seconds."""
    ahead = 0
    for held in context.ledger.snapshot():
        if held.gone is not None:
            continue
        need = seconds_needed(context, held, ahead)
        if need > left:
            log("no time to finish", message_id=held.message.id, seconds=round(need, 1))
            release(context, held)
        else:
            ahead += 1


def seconds_needed(context: Context, held: Held, ahead: int) -> float:
    """Until the last scan of a message is done, with ``ahead`` messages before it in the stages."""
    now, need = context.clock(), 0.0
    for position, scan in enumerate(scan for scan in held.scans if scan.outcome is None):
        stage = scan.stage or "download"
        elapsed = now - scan.stage_since if scan.stage else 0.0
        need = max(need, context.durations.remaining(stage, elapsed, ahead + position))
    return need


def release(context: Context, held: Held) -> None:
    """Give a message back for others to take now; its scans write nothing more."""
    with context.ledger.exclusive:
        if held.gone is not None:
            return
        held.gone = Outcome.RELEASED
        try:
            context.queue.give_back(held.message, 0)
        except TransientFault as trouble:
            log("not given back", level=logging.WARNING, message_id=held.message.id, code=trouble.code)
