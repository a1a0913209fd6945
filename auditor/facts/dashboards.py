"""Dashboards: what their panels ask for, and of which data source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts.alerts import Expressions
from auditor.facts.promql import Query, check_panel
from auditor.paths import render
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

BUILT_IN = {"-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "__expr__", "-100"}
OTHER_LANGUAGES = {"loki", "cloudwatch", "elasticsearch", "influxdb", "tempo", "postgres", "mysql", "athena"}


class DashboardPanels:
    """``facts.dashboard_panels`` of a dashboard: ``{fixed, invalid, wrong, unknown}``.

    ``fixed``: ``[{panel, source, at}]``, panels that name a data source outright instead of by a variable.
    ``invalid``: ``[{panel, expr, error, at}]``, queries that are no PromQL. ``wrong``: ``[{name, suggestion, at}]``,
    metrics that their exporter surely does not emit. ``unknown``: false, or Unknown when nobody says who emits
    some metric. Queries that are put together from the dashboard's variables are left out.
    """

    def __init__(self, world: World) -> None:
        self._expressions = Expressions(world)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        answer: dict[str, Any] = {"fixed": [], "invalid": [], "wrong": [], "unknown": False}
        for index, panel in enumerate(instance.value["panels"]):
            at = render(instance.value, ("panels", index))
            title = str(panel.get("title", ""))
            answer["fixed"] += [
                {"panel": title, "source": each, "at": at} for each in sorted({*_fixed(panel)})
            ]
            for text in _queries(panel):
                self._note(check_panel(text), text, {"panel": title, "at": at}, answer, instance)
        return answer

    def _note(
        self, query: Query, text: str, where: dict[str, str], answer: dict[str, Any], instance: Instance
    ) -> None:
        if query.undecided:
            return
        found = self._expressions.describe(query, instance)
        if found["error"]:
            answer["invalid"].append({"expr": text, "error": found["error"], **where})
        known = {each["name"] for each in answer["wrong"]}
        answer["wrong"] += [{**each, **where} for each in found["wrong"] if each["name"] not in known]
        if found["unknown"] is not False and answer["unknown"] is False:
            answer["unknown"] = found["unknown"]


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
