"""Grafana dashboards: JSON files, and the JSON texts in ConfigMaps that Grafana's sidecar loads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Path, Resource
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

LABEL = "grafana_dashboard"


class DashboardView:
    """One dashboard; ``dashboard`` in CEL.

    ``{key, error, title, panels, variables, inputs}``: ``panels`` are all panels, those of rows and of the old
    ``rows`` list included, each with ``title``, ``type``, ``datasource`` and ``targets`` as written (missing when
    not written); ``variables`` and ``inputs`` are names. ``error`` says why the JSON cannot be read, ''
    otherwise. ``key`` is the ConfigMap's key or the file's path.
    """

    name = "Dashboard"
    variable = "dashboard"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for dashboard files and for ConfigMaps."""
        return (api_version, kind) in (("file", "GrafanaDashboard"), ("v1", "ConfigMap"))

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a dashboard; ConfigMaps need the label that Grafana's sidecar looks for."""
        if resource.api_version == "file":
            yield _instance(resource, resource.name, resource.body, (), exact=True)
            return
        data = resource.body.get("data")
        if LABEL not in resource.labels or type(data) is not dict:
            return
        for key, text in data.items():
            if type(text) is str and key.endswith(".json") and "{{-" not in text:
                yield _in_config_map(resource, key, text)


def _in_config_map(resource: Resource, key: str, text: str) -> Instance:
    try:
        body = json.loads(text)
        error = "" if type(body) is dict else "it is no JSON object"
    except (ValueError, RecursionError) as problem:
        body, error = {}, str(problem)
    return _instance(resource, key, body if type(body) is dict else {}, ("data", key), error=error)


def _instance(
    resource: Resource, key: str, body: dict[str, Any], base: Path, *, exact: bool = False, error: str = ""
) -> Instance:
    found = list(_panels(body, ()))
    value = {
        "key": key,
        "error": error,
        "title": str(body.get("title", "")),
        "panels": [
            {name: panel[name] for name in _FIELDS if panel.get(name) is not None} for panel, _ in found
        ],
        "variables": _names(dig(body, ("templating", "list"))),
        "inputs": _names(body.get("__inputs")),
    }
    moved: dict[Path, Path] = {}
    if exact:
        moved = {("panels", index): where for index, (_, where) in enumerate(found)}
    return Instance("Dashboard", resource, value, base, moved=moved)


_FIELDS = ("title", "type", "datasource", "targets")


def _names(listed: Any) -> list[str]:
    return [
        each["name"]
        for each in (listed if type(listed) is list else ())
        if type(each) is dict and type(each.get("name")) is str
    ]


def _panels(body: dict[str, Any], where: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """Every panel with its place; a collapsed row holds panels of its own."""
    for field in ("panels", "rows"):
        listed = body.get(field)
        for index, panel in enumerate(listed if type(listed) is list else ()):
            if type(panel) is dict:
                place = (*where, field, index)
                if panel.get("type") != "row" and field == "panels":
                    yield panel, place
                yield from _panels(panel, place)
