"""Prometheus answers every query of the dashboards and alerts with data, over a day that is made by program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest

from tests.platform.draw_dashboards import FOLDER as PICTURES
from tests.platform.draw_dashboards import pictures
from tests.platform.prometheus import Prometheus, alerts, groups
from tests.platform.synthetic import backfill, day, levels, over_the_day, record
from tools import dashboards

QUERIES = [
    (f"{name}: {panel.title}", query.expr)
    for name, dashboard in dashboards.DASHBOARDS.items()
    for panel in dashboard.panels
    for query in panel.queries
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    backfill(folder, day())
    record(folder, "prod")
    with Prometheus(folder) as running:
        yield running


def numbers(server: Prometheus, expr: str) -> list[str]:
    return [value for each in over_the_day(server, expr) for _, value in each["values"] if value != "NaN"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("panel", "expr"), QUERIES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(QUERIES)]
)
def test_a_panels_query_has_data(server: Prometheus, panel: str, expr: str) -> None:
    assert numbers(server, expr), panel


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(alerts("prod")))
def test_an_alerts_query_has_data_when_things_go_wrong(server: Prometheus, name: str) -> None:
    assert numbers(server, alerts("prod")[name]["expr"])


@pytest.mark.slow
def test_every_recording_rule_records(server: Prometheus) -> None:
    silent = [name for level in levels("prod") for name, _ in level if not numbers(server, name)]
    assert silent == []


def test_the_committed_dashboards_are_the_ones_written_here() -> None:
    assert {path.name: path.read_text() == text for path, text in dashboards.texts().items()} == {
        "business.json": True,
        "efficiency.json": True,
    }


@pytest.mark.parametrize("name", sorted(dashboards.DASHBOARDS))
def test_panels_lie_beside_each_other_and_take_their_data_source_from_a_variable(name: str) -> None:
    body = json.loads(dashboards.texts()[dashboards.FOLDER / f"{name}.json"])
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in body["panels"]]
    assert len(set(places)) == len(places)
    assert {each["datasource"]["uid"] for each in body["panels"]} == {"${datasource}"}
    assert [each["name"] for each in body["templating"]["list"]] == ["datasource"]


def test_every_query_is_promql() -> None:
    rules = [str(rule["expr"]) for group in groups("prod") for rule in group["rules"]]
    for expr in [*rules, *(expr for _, expr in QUERIES)]:
        promql_parser.parse(expr)


def test_a_query_without_its_series_has_no_data(tmp_path: Path) -> None:
    """The check above can fail."""
    backfill(tmp_path, (each for each in day() if each.name != "DCGM_FI_PROF_GR_ENGINE_ACTIVE"))
    with Prometheus(tmp_path) as running:
        assert not numbers(running, "max(DCGM_FI_PROF_GR_ENGINE_ACTIVE)")
        assert numbers(running, "max(DCGM_FI_DEV_GPU_UTIL)")


@pytest.mark.slow
def test_the_committed_pictures_are_what_prometheus_answers(server: Prometheus) -> None:
    drawn = pictures(server)
    assert {name: (PICTURES / name).read_text() == text for name, text in drawn.items()} == dict.fromkeys(
        drawn, True
    )
    assert not any("no data" in text for text in drawn.values())
