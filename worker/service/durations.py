"""How long each stage takes here, to judge what still fits before the end."""

from __future__ import annotations

import math
import threading
from collections import deque

STAGES = ("download", "prepare", "infer", "export", "upload")
_KEPT = 256


class Durations:
    """The latest seconds of each stage."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, deque[float]] = {stage: deque(maxlen=_KEPT) for stage in STAGES}

    def add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self._seconds[stage].append(seconds)

    def p99(self, stage: str) -> float:
        """99th percentile in seconds (nearest rank); 0 where nothing was measured."""
        with self._lock:
            ordered = sorted(self._seconds[stage])
        return ordered[math.ceil(0.99 * len(ordered)) - 1] if ordered else 0.0

    def remaining(self, stage: str, elapsed: float, ahead: int) -> float:
        """Seconds until a scan is done that has been in ``stage`` for ``elapsed`` s with ``ahead`` others before it.

        Stages overlap, so each scan ahead costs one turn of the slowest stage that is still to come.
        """
        left = STAGES[STAGES.index(stage) :]
        own = max(0.0, self.p99(stage) - elapsed) + sum(self.p99(later) for later in left[1:])
        return own + ahead * max(self.p99(later) for later in left)
