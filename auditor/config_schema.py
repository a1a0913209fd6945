"""The shape of ``auditor.toml``. Loaded only when there is such a file: pydantic is slow to import."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from auditor.report import SeverityName

Percent = Annotated[float, Field(ge=0, le=100)]
Price = Annotated[float, Field(ge=0)]
Tool = Literal["checkov", "kube-linter", "kube-score", "polaris", "trivy"]


class Table(BaseModel):
    """A table of the file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class GateTable(Table):
    """``[gate]``"""

    fail_on: Literal["critical", "high", "medium", "low", "never"] | None = None
    min_score: Percent | None = None
    min_coverage: Percent | None = None


class TargetTable(Table):
    """``[target.NAME]``"""

    manifests: list[str] = []
    terraform: str = ""
    cluster: str = ""


class CompatTable(Table):
    """``[compat]``"""

    honour: list[Tool] = []


class WaiversTable(Table):
    """``[waivers]``"""

    file: str | None = None
    require_until: bool = True


class ConfigTable(Table):
    """The whole file."""

    packs: list[str] | None = None
    exclude: list[str] = []
    policies: list[str] = []
    region: str = ""
    repositories: list[str] = []
    gate: GateTable = GateTable()
    severity: dict[str, SeverityName] = {}
    params: dict[str, dict[str, Any]] = {}
    declare: dict[str, Any] = {}
    target: dict[str, TargetTable] = {}
    compat: CompatTable = CompatTable()
    prices: dict[str, Price] = {}
    waivers: WaiversTable = WaiversTable()


def keys_at(path: tuple[str | int, ...]) -> list[str]:
    """The keys that a table of the file may have; empty where any name will do."""
    table: Any = ConfigTable
    for step in path:
        annotation = (
            table.model_fields[step].annotation if step in getattr(table, "model_fields", {}) else None
        )
        if annotation == dict[str, TargetTable]:
            return list(TargetTable.model_fields)
        table = annotation
    return list(getattr(table, "model_fields", {}))
