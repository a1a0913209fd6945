"""The arithmetic on metrics: figures that a person can add up."""

from __future__ import annotations

from math import inf

import pytest

from auditor.usage.fleet import consolidated
from auditor.usage.gpu_life import PHASES, Device, Node, phases, states
from auditor.usage.scans import bucket_quantile, cost_of
from auditor.usage.series import DAY, Series, Window, counted, quantile, total, window_before
from auditor.usage.sizing import idle_hours, suggest

STEP = 1800
SEED_PRICES = {"t3.medium": 0.0432, "t3.large": 0.0864}


def days(count: float, value: float = 1.0) -> dict[int, float]:
    return dict.fromkeys(range(STEP, int(count * DAY) + 1, STEP), value)


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert quantile([5, 1, 4, 2, 3], 0.95) == 5
    assert quantile(range(1, 101), 0.95) == 95
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_windows_end_on_a_step_so_that_the_same_question_has_the_same_answer() -> None:
    assert window_before(1_000_123.4, 1, 1800) == window_before(1_000_700, 1, 1800)
    assert window_before(1_000_123, 1, 1800).end % 1800 == 0


def test_a_counter_that_restarts_or_begins_loses_nothing() -> None:
    window = Window(0, 300, 60)
    restarted = Series({}, {0: 10.0, 60: 12.0, 120: 1.0, 180: 4.0})
    begun = Series({}, {120: 3.0, 180: 5.0})
    assert counted(restarted, window) == {0: 0.0, 60: 2.0, 120: 1.0, 180: 3.0}
    assert total([restarted, begun], window) == 6 + 5


def test_cpu_is_the_95th_percentile_and_headroom_and_memory_the_most_and_a_fifth() -> None:
    cpu, memory = suggest("cpu", days(14, 0.4), STEP), suggest("memory", days(14, 100 * 2**20), STEP)
    assert not isinstance(cpu, str)
    assert not isinstance(memory, str)
    assert (cpu.text, memory.text) == ("460m", "120Mi")


def test_the_share_of_exceedances_is_that_of_samples_which_did_not_choose_the_size() -> None:
    points = days(10, 1.0)
    times = sorted(points)
    for at in times[-36:]:
        points[at] = 2.0
    found = suggest("cpu", points, STEP)
    assert not isinstance(found, str)
    assert (found.tested, found.exceeded) == (144, 36 / 144)


@pytest.mark.parametrize(("points", "why"), [(days(3), "3.0 days"), ({STEP: 1.0, 9 * DAY: 1.0}, "2 samples")])
def test_a_short_history_gets_a_reason_in_place_of_a_size(points: dict[int, float], why: str) -> None:
    found = suggest("cpu", points, STEP)
    assert isinstance(found, str)
    assert why in found


def test_what_is_used_above_the_request_is_no_waste_and_lends_nothing_to_other_times() -> None:
    assert idle_hours({1800: 2.0, 3600: 2.0, 5400: 2.0}, {1800: 0.5, 3600: 3.0}, 1800) == 0.75


def test_each_moment_takes_the_best_signal_that_it_has() -> None:
    device = Device(
        {"tensor-or-sm": {60: 1.0}, "utilisation": {60: 0.0, 120: 0.5}, "power": {180: 1.0}}, {120: 1.0}
    )
    found = states(device, Window(0, 300, 60))
    assert (found.compute, found.held, found.free) == (150, 30, 0)
    assert found.signals == ("tensor-or-sm", "utilisation", "power")


def test_a_gpu_that_computes_nothing_is_held_only_where_something_holds_it() -> None:
    device = Device({"utilisation": {60: 0.0, 120: 0.0}}, {60: 1.0, 120: 0.0})
    found = states(device, Window(0, 120, 60))
    assert (found.compute, found.held, found.free) == (0, 60, 60)


def a_life() -> tuple[Node, Device]:
    """Starts, loads, computes, waits, stands empty, is cordoned: two steps of 60 s each."""
    times = range(60, 721, 60)
    ready = {at: float(at > 120) for at in times}
    asked = {at: float(120 < at <= 480) for at in times}
    served = {at: float(240 < at <= 480) for at in times}
    cordoned = {at: float(at > 600) for at in times}
    compute = {at: float(240 < at <= 360) for at in times}
    return Node(ready, ready, asked, served, cordoned), Device({"graphics-engine": compute}, {})


def test_every_second_of_a_node_is_in_one_phase() -> None:
    node, device = a_life()
    found = phases(node, [device], 1, 0, Window(0, 720, 60))
    assert found == dict.fromkeys(PHASES, 120.0)


@pytest.mark.parametrize("gpus", [1, 4, 8])
@pytest.mark.parametrize("created", [0.0, 17.0, 95.5])
def test_phases_sum_to_the_node_s_life(gpus: int, created: float) -> None:
    node, device = a_life()
    found = phases(node, [device], gpus, created, Window(0, 900, 60))
    assert sum(found.values()) == pytest.approx(gpus * (720 - created), rel=1e-9)


def test_one_scan_costs_its_share() -> None:
    assert cost_of(27, 2.163, 8.397) == (pytest.approx(0.0801, abs=1e-4), pytest.approx(0.311))
    with pytest.raises(ValueError, match="no scan"):
        cost_of(0, 1, 1)


def test_buckets_are_interpolated_as_prometheus_does() -> None:
    assert bucket_quantile(0.95, {47: 25, 67: 27, inf: 27}) == pytest.approx(53.5)
    assert bucket_quantile(0.99, {1: 5, inf: 10}) == 1
    assert bucket_quantile(0.5, {1: 0, inf: 0}) is None


def test_three_t3_medium_become_one_t3_large_for_a_third_less() -> None:
    found = consolidated(["t3.medium"] * 3, 1.36, 3.23, SEED_PRICES.get)
    assert found is not None
    assert (found.nodes, found.instance_type) == (1, "t3.large")
    assert (found.today_usd_per_hour, found.usd_per_hour) == (pytest.approx(0.1296), pytest.approx(0.0864))
    assert f"{found.saved:.0%}" == "33%"


def test_no_fleet_is_suggested_across_families_or_without_prices() -> None:
    assert consolidated(["t3.medium", "m5.large"], 1, 1, lambda _: 0.1) is None
    assert consolidated(["t3.medium"] * 3, 1, 1, {"t3.large": 0.01}.get) is None
    assert consolidated(["t3.medium"] * 3, 5.5, 3, SEED_PRICES.get) is None
