"""What the worker tells Prometheus. Dashboards and alerts take these names: changing one breaks them.

Every counter exists from the first scrape on with the value 0, so that ``rate`` and ``increase`` see the first
scan. Each ``Metrics`` has a registry of its own, so that two workers in one process do not mix.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from worker.busy import BusyClock

PHASES = ("wait", "download", "prepare", "infer", "export", "resample", "postprocess", "write", "upload")
"""``wait`` is from the message's sending to its receipt; resample, postprocess and write are parts of ``export``."""

OUTCOMES = ("done", "duplicate", "ignored", "refused", "retried", "released", "lost")
"""done: result written · duplicate: somebody had done it · ignored: not a scan (test event, deletion, own output)
· refused: permanent fault, explained and moved to the dead-letter queue · retried: transient fault, given back
with a delay · released: given back at shutdown · lost: receipt handle lost or time up."""

DIRECTIONS = ("downloaded", "uploaded")
HEARTBEATS = ("extended", "lost", "failed")

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 3600)


class Metrics:
    """All metrics of one worker process. ``usd_per_hour``: price of the machine (of our share of it)."""

    def __init__(self, *, usd_per_hour: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.registry = registry = CollectorRegistry()
        self._usd_per_hour, self._clock, self._accounted = usd_per_hour, clock, clock()
        self._lock = threading.Lock()
        self.busy = BusyClock(clock)
        self.phase_seconds = Histogram(
            "worker_phase_seconds",
            "Seconds of one scan by phase",
            ["phase"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.scan_seconds = Histogram(
            "worker_scan_seconds",
            "Seconds from the receipt of a scan to its written result",
            buckets=_SECONDS,
            registry=registry,
        )
        self.scans = Counter("worker_scans", "Scans by outcome", ["outcome"], registry=registry)
        self.faults = Counter("worker_faults", "Faults by code", ["code"], registry=registry)
        self.bytes = Counter("worker_bytes", "Bytes of scans and results", ["direction"], registry=registry)
        self.heartbeats = Counter(
            "worker_heartbeats", "Visibility extensions of held messages", ["result"], registry=registry
        )
        self.busy_seconds = Counter(
            "worker_device_busy_seconds", "Seconds that the network ran on the device", registry=registry
        )
        self.cost = Counter(
            "worker_cost_usd",
            "Price of the machine for the time this worker has been up, in USD",
            registry=registry,
        )
        self._gauges()
        self._zero()

    def _gauges(self) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, registry=self.registry)

        self.busy_share = gauge(
            "worker_device_busy_share", "Share of the last minute, 0 to 1, with the network running"
        )
        self.busy_share.set_function(lambda: self.busy.share(60.0))
        self.peak_memory = gauge(
            "worker_device_peak_memory_bytes", "Most device memory allocated since start"
        )
        self.memory = gauge("worker_device_memory_bytes", "Device memory allocated now")
        self.held = gauge("worker_messages_held", "Messages held now, in whatever stage")
        self.max_held = gauge("worker_messages_held_limit", "max_in_flight: the most messages held at once")
        self.usd_per_scan = gauge(
            "worker_usd_per_scan",
            "Estimated USD per scan done: cost since start over scans done; NaN before the first",
        )
        self.usd_per_scan.set(float("nan"))
        self.ready = gauge("worker_ready", "1 while the model is on the device and scans are taken")
        self.heartbeat_time = gauge("worker_heartbeat_timestamp_seconds", "Unix time of the last heartbeat")
        self.done_time = gauge(
            "worker_last_scan_timestamp_seconds", "Unix time of the last result written; 0 if none"
        )
        self.startup = Gauge(
            "worker_startup_seconds",
            "Seconds from the process's start until its model was fetched (model_fetch) and loaded (model_load)",
            ["phase"],
            registry=self.registry,
        )
        self.info = Info("worker_build", "Versions, model digest and device", registry=self.registry)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def _zero(self) -> None:
        for phase in PHASES:
            self.phase_seconds.labels(phase)
        for counter, values in (
            (self.scans, OUTCOMES),
            (self.bytes, DIRECTIONS),
            (self.heartbeats, HEARTBEATS),
        ):
            for value in values:
                counter.labels(value)

    def phase(self, phase: str, seconds: float) -> None:
        self.phase_seconds.labels(phase).observe(seconds)

    def settled(self, outcome: str, seconds: float = 0.0) -> None:
        """One scan ended; ``seconds`` since its receipt count when it is done."""
        self.scans.labels(outcome).inc()
        if outcome == "done":
            self.scan_seconds.observe(seconds)
            self.done_time.set_to_current_time()
            self.account()
            self.usd_per_scan.set(_value(self.cost) / _value(self.scans.labels("done")))

    def account(self) -> None:
        """Add the price of the time since the last call; the heartbeat calls it."""
        with self._lock:
            now = self._clock()
            self.cost.inc(max(0.0, now - self._accounted) * self._usd_per_hour / 3600)
            self._accounted = now

    @contextmanager
    def device_busy(self) -> Iterator[None]:
        """The network runs on the device inside."""
        start = self._clock()
        try:
            with self.busy.running():
                yield
        finally:
            self.busy_seconds.inc(self._clock() - start)

    def device(self, state: Mapping[str, float]) -> None:
        """``peak_memory_bytes`` and ``memory_bytes`` of a segmenter's ``device_state``."""
        self.peak_memory.set(state.get("peak_memory_bytes", 0.0))
        self.memory.set(state.get("memory_bytes", 0.0))

    def exposition(self) -> bytes:
        """Text format 0.0.4."""
        return generate_latest(self.registry)


def _value(counter: Counter) -> float:
    return float(
        next(s.value for metric in counter.collect() for s in metric.samples if s.name.endswith("_total"))
    )


def metrics_table() -> str:
    """The metrics as a Markdown table."""
    rows = ["| Metric | Kind | Meaning |", "|---|---|---|"]
    for metric in Metrics().registry.collect():
        if metric.name.startswith("worker_"):
            name = metric.name + {"counter": "_total", "info": "_info"}.get(metric.type, "")
            labels = ",".join(_LABELS.get(metric.name, ()))
            rows.append(
                f"| `{name}{f'{{{labels}}}' if labels else ''}` | {metric.type} | {metric.documentation} |"
            )
    return "\n".join(rows)


_LABELS = {
    "worker_phase_seconds": ("phase",),
    "worker_startup_seconds": ("phase",),
    "worker_scans": ("outcome",),
    "worker_faults": ("code",),
    "worker_bytes": ("direction",),
    "worker_heartbeats": ("result",),
    "worker_build": ("model", "device"),
}


if __name__ == "__main__":
    print(metrics_table())
