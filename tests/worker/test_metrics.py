"""Metrics: names that dashboards stand on, counters that begin at 0, money and busy time that add up."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from worker.busy import BusyClock
from worker.metrics import OUTCOMES, PHASES, Metrics, metrics_table
from worker.service.work import Outcome

README = Path(__file__).parents[2] / "worker/README.md"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_every_counter_is_there_with_zero_before_the_first_scan() -> None:
    text = Metrics().exposition().decode()
    assert set(OUTCOMES) == set(Outcome)
    for outcome in OUTCOMES:
        assert f'worker_scans_total{{outcome="{outcome}"}} 0.0' in text
    for phase in PHASES:
        assert f'worker_phase_seconds_count{{phase="{phase}"}} 0.0' in text
    assert 'worker_bytes_total{direction="downloaded"} 0.0' in text
    assert "worker_cost_usd_total 0.0" in text


def test_the_readme_holds_the_table_of_these_metrics() -> None:
    assert metrics_table() in README.read_text(), "renew it with: python -m worker.metrics"


def test_usd_per_scan_is_the_machines_price_over_the_scans_done() -> None:
    clock = Clock()
    metrics = Metrics(usd_per_hour=3.6, clock=clock)
    value = lambda: metrics.registry.get_sample_value("worker_usd_per_scan")  # noqa: E731
    assert math.isnan(value())
    clock.now += 100
    metrics.settled("done", 12.0)
    assert value() == pytest.approx(0.1)
    clock.now += 100
    metrics.settled("done", 12.0)
    assert value() == pytest.approx(0.1)
    metrics.settled("refused")
    assert metrics.registry.get_sample_value("worker_cost_usd_total") == pytest.approx(0.2)
    assert metrics.registry.get_sample_value("worker_scan_seconds_count") == 2


def test_device_busy_counts_seconds_also_when_the_network_fails() -> None:
    clock = Clock()
    metrics = Metrics(clock=clock)
    with metrics.device_busy():
        clock.now += 3
    with pytest.raises(RuntimeError), metrics.device_busy():
        clock.now += 2
        raise RuntimeError
    assert metrics.registry.get_sample_value("worker_device_busy_seconds_total") == 5
    clock.now += 5
    assert metrics.registry.get_sample_value("worker_device_busy_share") == pytest.approx(0.5)


def test_busy_share_sees_a_run_that_has_not_ended_and_forgets_the_far_past() -> None:
    clock = Clock()
    busy = BusyClock(clock)
    assert busy.share(60) == 0
    with busy.running():
        clock.now += 30
        assert busy.share(60) == 1
    clock.now += 60
    assert busy.share(60) == 0
    assert busy.share(90) == pytest.approx(1 / 3)
