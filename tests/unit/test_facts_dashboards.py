from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.model import Target
from auditor.sources.monitoring import resources_of
from auditor.world import World
from tests.unit.worlds import resources


def panels(*listed: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": "d", "schemaVersion": 39, "panels": list(listed), **more}


def seen(body: dict[str, Any]) -> Any:
    data = json.dumps(body, indent=1).encode()
    world = World(Target("t", "loose", ".", list(resources_of("d.json", data, lambda _: data))))
    (instance,) = world.instances("Dashboard")
    return instance, world.fact("dashboard_panels", instance)


@pytest.mark.parametrize(
    ("source", "fixed"),
    [
        ({"type": "prometheus", "uid": "abc"}, True),
        ("Prometheus", True),
        ({"uid": "${datasource}"}, False),
        ("$datasource", False),
        ("-- Mixed --", False),
        ({"type": "prometheus"}, False),
        (None, False),
    ],
)
def test_a_named_data_source_is_fixed_and_a_variable_is_not(source: Any, fixed: bool) -> None:
    _, found = seen(panels({"title": "p", "type": "stat", "datasource": source}))
    assert bool(found["fixed"]) is fixed


def test_panels_of_rows_are_found_and_lead_back_to_their_place() -> None:
    inner = {"title": "inner", "type": "stat", "targets": [{"expr": "sum("}]}
    body = panels(
        {"title": "a", "type": "stat"}, {"type": "row", "panels": [inner]}, rows=[{"panels": [inner]}]
    )
    instance, found = seen(body)
    assert [each["title"] for each in instance.value["panels"]] == ["a", "inner", "inner"]
    assert instance.source_path(("panels", 1, "title")) == ("panels", 1, "panels", 0, "title")
    assert instance.source_path(("panels", 2)) == ("rows", 0, "panels", 0)
    assert [each["panel"] for each in found["invalid"]] == ["inner", "inner"]


def test_queries_of_other_languages_are_left_alone() -> None:
    logs = {"type": "logs", "datasource": {"type": "loki"}, "targets": [{"expr": '{a="b"} |= "c"'}]}
    _, found = seen(panels(logs))
    assert found["invalid"] == []


@pytest.mark.parametrize(
    "odd", [{"panels": "x"}, {"panels": [1, None]}, {"panels": [{"targets": {}, "datasource": 3}]}]
)
def test_odd_shapes_in_a_config_map_are_no_findings(odd: dict[str, Any]) -> None:
    text = json.dumps({**odd, "templating": [], "__inputs": {}})
    config = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "c", "labels": {"grafana_dashboard": "1"}},
            "data": {"d.json": text, "readme.md": "x", "broken.json": "{", "list.json": "[]"},
        }
    )
    world = World(Target("t", "loose", ".", resources(config)))
    found = {each.value["key"]: each for each in world.instances("Dashboard")}
    assert sorted(found) == ["broken.json", "d.json", "list.json"]
    assert found["broken.json"].value["error"] and found["list.json"].value["error"]
    assert not any(world.fact("dashboard_panels", found["d.json"]).values())
