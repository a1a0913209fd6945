"""What all parts of one running service share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from worker.metrics import Metrics
from worker.queueing import Queue
from worker.segmenter import Segmenter
from worker.service.durations import Durations
from worker.service.scratch import Scratch
from worker.service.work import Ledger
from worker.settings import Settings
from worker.storage import Storage


@dataclass(slots=True)
class Context:
    settings: Settings
    storage: Storage
    queue: Queue
    dead_letters: Queue
    segmenter: Segmenter
    metrics: Metrics
    ledger: Ledger
    durations: Durations
    scratch: Scratch
    clock: Callable[[], float]
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set: no more messages are taken."""
    broken: threading.Event = field(default_factory=threading.Event)
    """Set: errors of ours came in a row; the process ends, so that a fresh one goes on."""
    finished: float = 0.0
    """When the last scan was done, on ``clock``."""
