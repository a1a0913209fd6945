"""How much of the recent past something ran."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_KEPT_SECONDS = 600.0


class BusyClock:
    """Remembers when something ran, for a share of time that a person can read without a rate()."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._begin = clock, clock()
        self._lock = threading.Lock()
        self._spans: deque[tuple[float, float]] = deque()
        self._since: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time inside as busy."""
        start = self._clock()
        with self._lock:
            self._since = start
        try:
            yield
        finally:
            end = self._clock()
            with self._lock:
                self._since = None
                self._spans.append((start, end))
                while self._spans[0][1] < end - _KEPT_SECONDS:
                    self._spans.popleft()

    def share(self, window: float) -> float:
        """Busy share, 0 to 1, of the last ``window`` seconds (of the time since the start, if that is shorter)."""
        with self._lock:
            now = self._clock()
            begin = max(now - window, self._begin)
            spans = [*self._spans, *([(self._since, now)] if self._since is not None else [])]
        busy = sum(max(0.0, end - max(start, begin)) for start, end in spans)
        return busy / (now - begin) if now > begin else 0.0
