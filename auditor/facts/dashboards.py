"""Dashboards: what their panels ask for, and of which data source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts.alerts import Expressions
from auditor.facts.promql import check_panel
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

BUILT_IN = {"-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "__expr__", "-100"}
OTHER_LANGUAGES = {"loki", "cloudwatch", "elasticsearch", "influxdb", "tempo", "postgres", "mysql", "athena"}


class DashboardPanels:
    """``facts.dashboard_panels`` of a dashboard: ``{queries, fixed}``.

    ``queries``: query text → what it asks for (:meth:`auditor.facts.alerts.Expressions.describe`), of panels
    whose source may be Prometheus. ``fixed``: ``[{panel, source}]``, the panels that name a data source
    outright instead of by a variable.
    """

    def __init__(self, world: World) -> None:
        self._expressions = Expressions(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        panels = instance.value["panels"]
        queries = {text for panel in panels for text in _queries(panel)}
        fixed = [
            {"panel": str(panel.get("title", "")), "source": source}
            for panel in panels
            for source in sorted({*_fixed(panel)})
        ]
        return {
            "queries": {
                text: self._expressions.describe(check_panel(text), instance) for text in sorted(queries)
            },
            "fixed": fixed,
        }


def _targets(panel: dict[str, Any]) -> Iterator[dict[str, Any]]:
    listed = panel.get("targets")
    yield from (each for each in (listed if type(listed) is list else ()) if type(each) is dict)


def _queries(panel: dict[str, Any]) -> Iterator[str]:
    for target in _targets(panel):
        source = target.get("datasource", panel.get("datasource"))
        kind = source.get("type", "") if type(source) is dict else str(source or "")
        if type(target.get("expr")) is str and target["expr"].strip() and not _other(kind):
            yield target["expr"]


def _other(kind: Any) -> bool:
    return any(each in str(kind).lower() for each in OTHER_LANGUAGES)


def _fixed(panel: dict[str, Any]) -> Iterator[str]:
    for holder in (panel, *_targets(panel)):
        source = holder.get("datasource")
        name = source.get("uid") if type(source) is dict else source
        if type(name) is str and name and "$" not in name and "[[" not in name and name not in BUILT_IN:
            yield name
