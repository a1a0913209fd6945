"""The threads: each takes scans from the stage before it, and hands them to the one after."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from worker.faults import Fault, LostScan
from worker.logs import log
from worker.service.context import Context
from worker.service.desk import Desk
from worker.service.durations import STAGES
from worker.service.phases import Phases, Settled, Waiting
from worker.service.work import Outcome, Scan
from worker.tracing import span

_Line = queue.Queue[Scan | None]


class Pipeline:
    """Five threads in a row. A line between two holds one scan, so that memory is bounded by the stages."""

    def __init__(self, context: Context, desk: Desk) -> None:
        phases = Phases(context)
        self.incoming: _Line = queue.Queue()  # bounded by max_in_flight
        self._threads = []
        source = self.incoming
        for name in STAGES:
            sink: _Line = queue.Queue(maxsize=1)
            stage = _Stage(name, getattr(phases, name), source, sink, context, desk)
            self._threads.append(threading.Thread(target=stage.run, name=name, daemon=True))
            source = sink

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, timeout: float) -> bool:
        """Let every stage end after what it has; False if one is still busy after ``timeout`` s for each."""
        self.incoming.put(None)
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)


class _Stage:
    def __init__(
        self,
        name: str,
        work: Callable[[Scan], None],
        source: _Line,
        sink: _Line,
        context: Context,
        desk: Desk,
    ) -> None:
        self._name, self._work, self._source, self._sink = name, work, source, sink
        self._context, self._desk = context, desk

    def run(self) -> None:
        while (scan := self._source.get()) is not None:
            try:
                if self._done(scan):
                    self._sink.put(scan)
            except Exception as error:  # the desk itself failed: the message comes back by its visibility
                log("settling failed", error=error, scan=scan.id, phase=self._name)
            scan = None
        self._sink.put(None)

    def _done(self, scan: Scan) -> bool:
        """True if the scan goes on to the next stage."""
        try:
            self._context.ledger.check(scan)
            self._timed(scan)
        except Waiting:
            return False
        except Settled as end:
            self._desk.settle(scan, end.outcome)
            return False
        except (Fault, LostScan) as error:
            self._desk.fail(scan, error)
            return False
        except Exception as error:
            self._desk.fail(scan, error)
            return False
        return True

    def _timed(self, scan: Scan) -> None:
        clock = self._context.clock
        scan.stage, scan.stage_since = self._name, clock()
        ended = True
        try:
            with span(self._name, scan.id):
                self._work(scan)
        except Settled as end:
            ended = end.outcome is Outcome.DONE
            raise
        except BaseException:
            ended = False
            raise
        finally:
            if ended:
                seconds = clock() - scan.stage_since
                scan.seconds[self._name] = seconds
                self._context.durations.add(self._name, seconds)
                self._context.metrics.phase(self._name, seconds)
