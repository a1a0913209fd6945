"""What one scan is billed for: the primary design's arithmetic, and what holds for every scan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cost.scan import DAY, Scan, batched, billed, nodes, to_reach, usd
from auditor.data.prices import price
from auditor.usage.fleet import consolidated

DESIGN = Scan(start=150, compute=53.5, cooldown=300, removal=600)
G5 = 1.006
seconds = st.floats(0, 2000)
volumes = st.floats(1, 20_000)
prices = st.floats(0.1, 60)
scans = st.builds(Scan, seconds, st.floats(0.5, 3000), seconds, seconds)


def test_one_isolated_scan_of_the_design_is_1103_seconds_and_a_half_and_30_8_cents() -> None:
    listed = price("g5.xlarge", "us-east-1")
    assert listed is not None and listed.usd_per_hour == G5
    assert DESIGN.alone == 1103.5
    assert round(usd(DESIGN.alone, G5), 3) == 0.308
    assert round(usd(DESIGN.compute, G5), 3) == 0.015


def test_its_authors_31_1_cents_are_not_what_their_inputs_give() -> None:
    assert round(usd(DESIGN.alone, G5), 3) != 0.311


def test_three_small_nodes_for_one_large_save_a_third_at_the_designs_own_prices() -> None:
    own = {"t3.medium": 0.0432, "t3.large": 0.0864}
    plan = consolidated(["t3.medium"] * 3, 1.36, 3.23, own.get)
    assert plan is not None and (plan.instance_type, plan.nodes) == ("t3.large", 1)
    assert plan.today_usd_per_hour == pytest.approx(0.1296)
    assert round(plan.saved, 3) == 0.333


@pytest.mark.parametrize(
    ("per_day", "expected", "kept"),
    [(27, 1103.5, 1), (78, 1103.5, 1), (79, DAY / 79, 1), (270, 320, 1), (2700, 64, 2)],
)
def test_a_node_stays_when_the_next_scan_comes_before_it_is_gone(
    per_day: float, expected: float, kept: int
) -> None:
    assert billed(DESIGN, per_day) == pytest.approx(expected)
    assert nodes(DESIGN, per_day) == kept


def test_a_day_in_one_batch_pays_start_and_removal_once() -> None:
    assert batched(DESIGN, 27) == pytest.approx(53.5 + 1050 / 27)
    assert batched(DESIGN, 2700) == pytest.approx(53.5 + 2 * 1050 / 2700)


@pytest.mark.parametrize(
    ("per_day", "other", "expected"),
    [(27, 0.526, 1060.5), (27, 0.8048, 329.38), (27, 1.861, None), (2700, 1.861, 32.0), (270, 1.861, None)],
)
def test_the_p95_that_another_type_must_reach(per_day: float, other: float, expected: float | None) -> None:
    found = to_reach(DESIGN, per_day, G5, other)
    assert found == (None if expected is None else pytest.approx(expected, abs=0.01))


@given(scans, volumes)
def test_a_scan_is_billed_for_its_compute_at_least_and_for_no_more_than_alone_or_its_share(
    scan: Scan, per_day: float
) -> None:
    found = billed(scan, per_day)
    assert found >= scan.compute * (1 - 1e-6)
    assert found <= max(scan.alone, nodes(scan, per_day) * DAY / per_day) * (1 + 1e-9)


@given(scans, volumes, prices, prices)
def test_at_the_p95_to_reach_the_other_type_costs_no_more_and_beyond_it_more(
    scan: Scan, per_day: float, here: float, there: float
) -> None:
    budget = usd(billed(scan, per_day), here)
    found = to_reach(scan, per_day, here, there)
    if found is None:
        assert usd(billed(scan._replace(compute=0), per_day), there) >= budget * (1 - 1e-6)
        return
    assert usd(billed(scan._replace(compute=found), per_day), there) <= budget * (1 + 1e-6)
    slower = scan._replace(compute=found * 1.001 + 0.01)
    assert usd(billed(slower, per_day), there) > budget * (1 - 1e-6)
