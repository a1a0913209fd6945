"""What Git cannot know and a team therefore declares: a job's p95, its VRAM, the monthly budget …

A declaration is an annotation ``auditor.dev/<name>`` on the workload (or its pod template), or a key in
``auditor.toml`` under ``[declare."<group/kind/namespace/name>"]`` (``*`` matches any part) or ``[declare]`` for
the whole repository. The annotation wins. What nobody declared is unknown, and the verdicts that need it are
not-assessed and name the key; but a monthly budget that Terraform makes (``aws_budgets_budget``) is declared by that.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance
from auditor.views.pods import TEMPLATES, dig

if TYPE_CHECKING:
    from auditor.world import World

PREFIX = "auditor.dev/"
BUDGET = "monthly-budget-usd"
MONTHLY = {"budget_type": "COST", "limit_unit": "USD", "time_unit": "MONTHLY"}
"""What ``aws_budgets_budget`` says of a budget that is comparable with a declared one."""

DECLARATIONS: dict[str, tuple[type, str]] = {
    "p95-seconds": (float, "95th percentile of one job's processing time, in seconds"),
    "max-seconds": (float, "longest time one job may take, in seconds"),
    "vram-gib": (float, "GPU memory that one replica needs, in GiB"),
    "jobs-per-month": (float, "jobs that the workload does in a month"),
    "max-in-flight": (int, "messages that one replica holds at once, in whatever stage"),
    "visibility-heartbeat": (bool, "whether the worker extends the visibility of messages it holds"),
    "handles-sigterm": (bool, "whether the worker gives unfinished messages back on SIGTERM"),
    "idempotent": (bool, "whether a duplicate delivery is harmless"),
    "preset": (str, "inference preset, e.g. fast or quality"),
    "sla": (str, "service class, e.g. batch or quality"),
    BUDGET: (float, "most that the target may cost in a month, in USD; undeclared: its aws_budgets_budget"),
    "aws-actions": (str, "IAM actions the workload uses, separated by commas"),
    "output": (str, "where results are written, e.g. s3://bucket/out/*.nii.gz"),
    "cold-start-seconds": (float, "declared cold start, in seconds"),
    "cuda": (str, "CUDA version of the image, e.g. 12.8"),
    "gpu-driver": (str, "NVIDIA driver version of the nodes' image, e.g. 570.133.20"),
    "metrics": (str, "metrics that own code emits, names or globs separated by commas"),
    "usd-per-scan": (float, "most that one job may cost, all told, in USD"),
    "registries": (str, "registries or repository prefixes that images may come from, separated by commas"),
}
"""Every declaration: its type and what it means. ``docs/declarations.md`` is generated from this table."""


class Declared:
    """``facts.declared``: every declaration by name (with ``_`` for ``-``), Unknown where undeclared."""

    def __init__(self, world: World) -> None:
        self._declared = world.declarations
        self._world = world

    def of(self, instance: Instance) -> Any:
        """Declarations that hold for the resource of ``instance``."""
        key = instance.resource.key
        annotations = _annotations(instance)
        return {
            name.replace("-", "_"): self._one(name, kind, key, annotations)
            for name, (kind, _) in DECLARATIONS.items()
        }

    def _one(self, name: str, kind: type, key: str, annotations: Mapping[str, Any]) -> Any:
        if PREFIX + name in annotations:
            return _convert(name, kind, annotations[PREFIX + name])
        setting = name.replace("-", "_")
        for pattern, values in self._declared.items():
            if isinstance(values, Mapping) and setting in values and fnmatchcase(key, pattern):
                return _convert(name, kind, values[setting])
        if setting in self._declared and not isinstance(self._declared[setting], Mapping):
            return _convert(name, kind, self._declared[setting])
        if name == BUDGET and self._budget is not None:
            return self._budget
        return Unknown(
            f"{setting} is not declared",
            f'annotate {PREFIX}{name}, or set {setting} under [declare."{key}"] in auditor.toml',
        )

    @cached_property
    def _budget(self) -> float | None:
        return _terraform_budget(self._world)


def _terraform_budget(world: World) -> float | None:
    """The one monthly budget in USD of the target's Terraform; None where there is none, or a second one.

    None as well where a live audit could not read them all: the other declarations hold without them.
    """
    try:
        budgets = world.kind("terraform", "aws_budgets_budget")
    except UnknownUsed:
        return None
    found: list[Any] = [
        each.body.get("limit_amount")
        for each in budgets
        if all(type(each.body.get(name)) is str and each.body[name] == MONTHLY[name] for name in MONTHLY)
    ]
    limit = found[0] if len(found) == 1 else None
    if not isinstance(limit, (str, int, float)):
        return None
    try:
        return float(limit)
    except ValueError:
        return None


def _annotations(instance: Instance) -> Mapping[str, Any]:
    resource = instance.resource
    found = dict(resource.annotations)
    template = TEMPLATES.get((resource.group, resource.kind))
    if template is not None:
        inner = dig(resource.body, (*template, "metadata", "annotations"))
        found |= inner if type(inner) is dict else {}
    return found


def _convert(name: str, kind: type, value: Any) -> Any:
    if kind is bool and isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower(), value)
    try:
        converted = kind(value)
    except (TypeError, ValueError):
        converted = None
    if converted is None or (kind is bool and not isinstance(value, bool)):
        return Unknown(
            f"{PREFIX}{name} is {value!r}, which is no {kind.__name__}", f"write a {kind.__name__}"
        )
    return converted
