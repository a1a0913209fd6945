"""What rules and scalers ask Prometheus for, against the metrics that it really has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts.alerts import rules_of
from auditor.facts.keda_triggers import triggers_of
from auditor.facts.metrics_prices import METRICS
from auditor.facts.promql import check
from auditor.model import Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

KIND = "SeriesNames"
OWN = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
"""Prometheus' own, which are there only while something fires."""


class Series:
    """``facts.series`` of rules or of a scaler: ``{read, days, never, triggers}``.

    ``read``: a Prometheus was read. ``never``: expression of a rule → metrics of it that Prometheus never had, in
    ``days``. ``triggers``: ``{at, never}`` of a scaler's Prometheus triggers. An expression that asks for absence, or
    that cannot be read, misses nothing.
    """

    LOOKS_AT = ("metrics/SeriesNames",)

    def __init__(self, world: World) -> None:
        found = world.kind(METRICS, KIND)
        self._names = OWN | {name for each in found for name in each.body["names"]}
        self._days = max((float(each.body["window"]["days"]) for each in found), default=0.0)
        self._read = bool(found)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        answer: dict[str, Any] = {"read": self._read, "days": self._days, "never": {}, "triggers": []}
        if not self._read:
            return answer
        if instance.view == "PrometheusRules":
            texts = {str(rule["expr"]) for rule in rules_of(instance) if "expr" in rule}
            return answer | {"never": {text: self._never(text) for text in sorted(texts)}}
        return answer | {"triggers": [*self._triggers(instance.resource)]}

    def _triggers(self, scaler: Resource) -> Iterator[dict[str, Any]]:
        for index, trigger in triggers_of(scaler):
            metadata = trigger.get("metadata")
            query = metadata.get("query") if type(metadata) is dict else None
            if trigger.get("type") == "prometheus" and type(query) is str:
                at = render(scaler.body, ("spec", "triggers", index, "metadata", "query"))
                yield {"at": at, "never": self._never(query)}

    def _never(self, text: str) -> list[str] | Unknown:
        asked = check(text)
        if asked.undecided:
            return Unknown(asked.undecided, "look at the expression in Prometheus")
        return [] if "absent" in text else [each for each in asked.metrics if each not in self._names]
