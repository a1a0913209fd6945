"""Prometheus rules, in a PrometheusRule or in a rule file of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.model import Path, Resource
from auditor.views.interface import Instance
from auditor.views.pods import dig, group_of

if TYPE_CHECKING:
    from auditor.world import World


class PrometheusRulesView:
    """``{groups: [{name, rules: [...]}]}``; ``rules`` in CEL."""

    name = "PrometheusRules"
    variable = "rules"

    def reads(self, api_version: str, kind: str) -> bool:
        """True for the operator's PrometheusRule and for rule files."""
        if api_version == "file":
            return kind == "PrometheusRules"
        return (group_of(api_version), kind) == ("monitoring.coreos.com", "PrometheusRule")

    def instances(self, resource: Resource, world: World) -> Iterable[Instance]:
        """One instance a resource that has groups."""
        base: Path = () if resource.api_version == "file" else ("spec",)
        value = dig(resource.body, base)
        if type(value) is dict and type(value.get("groups")) is list:
            yield Instance("PrometheusRules", resource, value, base)
