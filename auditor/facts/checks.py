"""The requirements of a pod against a node group, and the words for them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from msgspec import Struct, field

from auditor.facts.node_template import NodeTemplate
from auditor.model import Path, Resource
from auditor.quantity import QuantityError, parse_quantity
from auditor.unknown import Unknown, UnknownUsed

KINDS = ("labels", "gpu", "taints", "count", "size", "disk", "arch", "zone", "limits", "visible")
"""Every kind of requirement, in the order in which a scheduler asks."""


class Check(NamedTuple):
    """One requirement of a pod against one group.

    ``ok`` may be Unknown. ``why`` says in words what fails or holds; ``at`` is the place in the pod spec that
    asks for it, ``other`` the place in the group (or volume) that refuses it. ``named`` is the group that the
    pod asks for by name.
    """

    kind: str
    ok: bool | Unknown
    why: str = ""
    at: Path = ()
    other: tuple[Resource, Path] | None = None
    named: str = ""


class GroupFit(Struct):
    """A pod against one group, on the type that suits it best."""

    template: NodeTemplate
    type: str
    checks: list[Check]
    assumes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool | Unknown:
        """Whether a node of the group would take the pod."""
        if any(check.ok is False for check in self.checks):
            return False
        return next((check.ok for check in self.checks if isinstance(check.ok, Unknown)), True)

    @property
    def failed(self) -> list[Check]:
        """What fails, in the order of ``KINDS``."""
        return [check for check in self.checks if check.ok is False]

    def check(self, kind: str) -> bool | Unknown:
        """Whether the requirement of a kind holds."""
        return next((check.ok for check in self.checks if check.kind == kind), True)


def other_end(template: NodeTemplate, path: Path) -> tuple[Resource, Path]:
    """Where the group says it: in its own block, or in the launch template or tag that does."""
    group = template.group
    return group.other_end(path) or (group.resource, group.source_path(path))


def amount_of(value: Any) -> Fraction | None:
    try:
        return parse_quantity(value)
    except (QuantityError, TypeError, UnknownUsed):
        return None


def millicores(amount: Fraction) -> str:
    return f"{int(amount)}m"


def gib(mib: Fraction) -> str:
    return f"{float(mib) / 1024:.2f}Gi"


def plain(name: str, amount: Fraction) -> str:
    if name in ("memory", "ephemeral-storage"):
        return gib(amount / 2**20)
    return str(int(amount))
