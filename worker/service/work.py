"""What the worker holds: messages, and the scans that each asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from worker.faults import Fault, LostScan
from worker.keys import ScanKeys
from worker.messages import ScanRequest
from worker.queueing import Message
from worker.storage import Downloaded, ObjectFacts


class Outcome(StrEnum):
    """How a scan ended; ``worker.metrics.OUTCOMES`` says what each means."""

    DONE = "done"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REFUSED = "refused"
    RETRIED = "retried"
    RELEASED = "released"
    LOST = "lost"


@dataclass(eq=False, slots=True)
class Held:
    """A message that is ours for now. ``until``: when it stops being ours unless a heartbeat extends it."""

    message: Message
    received: float
    until: float
    gone: Outcome | None = None
    """RELEASED or LOST once it is not ours any more."""
    overtime: bool = False
    scans: list[Scan] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    """Bodies to send to the dead-letter queue before the message is deleted."""


@dataclass(eq=False, slots=True)
class Scan:
    """One object of one message, on its way through the stages. Times are of the service's monotonic clock."""

    request: ScanRequest
    held: Held
    received: float
    keys: ScanKeys | None = None
    source: ObjectFacts | None = None
    """The pinned input (of a folder: a stand-in whose etag is the digest of the listing)."""
    parts: Sequence[ObjectFacts] = ()
    """The files of a folder."""
    downloaded: Downloaded | None = None
    folder: Path | None = None
    """Its own scratch folder, while it is in work."""
    payload: Any = None
    """What the last stage handed on."""
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    stage_since: float = 0.0
    smaller_tiles: bool = False
    outcome: Outcome | None = None
    fault: Fault | None = None
    followers: list[Scan] = field(default_factory=list)
    """Doubles of this scan that arrived while it is in work: they wait for its result."""

    @property
    def id(self) -> str:
        return self.keys.id if self.keys else ""

    @property
    def started(self) -> bool:
        return bool(self.stage)


@dataclass(frozen=True, slots=True)
class Ending:
    followers: list[Scan]
    last_of_message: bool


class Ledger:
    """Every message held, from receipt to its last word to the queue.

    ``exclusive`` guards what is said to the queue about a message: a heartbeat never extends what is just being
    deleted or given back.
    """

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self.limit, self.clock = limit, clock
        self.exclusive = threading.RLock()
        self._changed = threading.Condition()
        self._held: list[Held] = []
        self._active: dict[str, Scan] = {}

    def add(self, message: Message, visibility: float) -> Held:
        now = self.clock()
        held = Held(message, received=now, until=now + visibility)
        with self._changed:
            self._held.append(held)
        return held

    def remove(self, held: Held) -> None:
        with self._changed:
            self._held.remove(held)
            self._changed.notify_all()

    def snapshot(self) -> list[Held]:
        with self._changed:
            return list(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def wait_for_room(self, timeout: float) -> int:
        """How many more messages may be held; waits until at least one may, or for ``timeout`` s."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._held) < self.limit, timeout)
            return self.limit - len(self._held)

    def wait_until_empty(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._held, timeout)

    def lead(self, scan: Scan) -> bool:
        """True if ``scan`` is the only one of its id in work; else it follows the one that is."""
        with self._changed:
            leader = self._active.setdefault(scan.id, scan)
            if leader is not scan:
                leader.followers.append(scan)
            return leader is scan

    def finish(self, scan: Scan, outcome: Outcome) -> Ending | None:
        """Record the outcome once; None where it had one before."""
        with self._changed:
            if scan.outcome is not None:
                return None
            scan.outcome = outcome
            if self._active.get(scan.id) is scan:
                del self._active[scan.id]
            followers, scan.followers = scan.followers, []
            last = all(other.outcome is not None for other in scan.held.scans)
            return Ending(followers, last_of_message=last)

    def check(self, scan: Scan) -> None:
        """LostScan if the scan's message is not ours any more."""
        held = scan.held
        if held.gone is None and self.clock() > held.until:
            held.gone = Outcome.LOST  # heartbeats failed too long: somebody else may have it by now
        if held.gone is not None:
            raise LostScan
