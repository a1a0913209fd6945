"""Waiting for things, and saying when they came."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from tests.live.controlplane.processes import ProcessError

T = TypeVar("T")
POLL_S = 0.1


class NotInTime(TimeoutError):
    """What was waited for did not come; the message says what, how long, and what was seen last."""


def wait_for(what: str, probe: Callable[[], T], *, timeout: float = 60.0, poll: float = POLL_S) -> T:
    """The first value of ``probe`` that is true.

    An exception of the probe is a no (what is waited for is often not there yet) and is named where time runs out;
    a process that has ended is final.
    """
    deadline = time.monotonic() + timeout
    while True:
        seen: object
        try:
            if value := probe():
                return value
            seen = value
        except ProcessError:
            raise
        except Exception as error:
            seen = error
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not after {timeout:g} s; last seen: {seen!r}") from None
        time.sleep(poll)


class Event(NamedTuple):
    """Something that happened ``seconds`` after the start."""

    seconds: float
    what: str


class Timeline:
    """Events in seconds since the start, printed as they come."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.events: list[Event] = []

    def note(self, what: str) -> float:
        """Write an event down; returns its second."""
        event = Event(round(time.monotonic() - self._started, 1), what)
        self.events.append(event)
        print(f"{event.seconds:7.1f} s  {event.what}", flush=True)
        return event.seconds

    def include(self, other: Timeline, what: str) -> None:
        """Write down the events of something that was started before, with its own seconds."""
        for seconds, event in other.events:
            self.note(f"{what}: {event} after {seconds:g} s")

    def wait_for(self, what: str, probe: Callable[[], T], *, timeout: float = 60.0) -> T:
        """Wait for something and write down when it came."""
        value = wait_for(what, probe, timeout=timeout)
        self.note(what)
        return value
