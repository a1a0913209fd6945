"""vCPU quotas of an account against what its accelerator node groups may grow to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.data.instances import instance as instance_type
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

QUOTA = "aws_servicequotas_service_quota"


class Family(NamedTuple):
    """Instance families that share a quota. https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html"""

    name: str
    prefixes: tuple[str, ...]
    on_demand: str
    spot: str


FAMILIES = (
    Family("P5", ("p5", "p6"), "L-417A185B", "L-C4BD4855"),
    Family("P", ("p2", "p3", "p4"), "L-417A185B", "L-7212CCBC"),
    Family("G and VT", ("g", "vt"), "L-DB2E81BA", "L-3819A6DF"),
    Family("Inf", ("inf",), "L-1945791B", "L-B5D1601B"),
    Family("Trn", ("trn",), "L-2C3B7624", "L-6B0D517C"),
    Family("DL", ("dl",), "L-6E869C2A", "L-85EED4F7"),
)


class GpuQuotas:
    """``facts.gpu_quotas`` of an account: ``[{family, market, needed, quota, groups, refs}]``.

    One row for each quota that the maximum sizes of accelerator node groups draw on; ``needed`` and ``quota`` in
    vCPUs. A quota that AWS does not list, or a maximum that is not known, makes the row's number Unknown.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        groups = [each for each in world.instances("NodeGroup") if each.resource.api_version == "terraform"]
        self._groups = [each for each in groups if each.value["is_gpu"] is True and "max" in each.value]
        self._quotas = {each.body.get("quota_code"): each.body for each in world.kind("terraform", QUOTA)}

    def of(self, instance: Instance) -> list[dict[str, Any]]:
        """See the class."""
        del instance
        rows: dict[str, dict[str, Any]] = {}
        for group in self._groups:
            code, label = _quota_of(group.value)
            if not code:
                continue
            row = rows.setdefault(code, self._row(code, label))
            row["needed"] = _sum(row["needed"], _vcpus(group.value))
            row["groups"].append(group.value["name"])
            row["refs"].append(self._world.ref(group.resource, group.source_path(("max",))))
        return [rows[code] for code in sorted(rows)]

    def _row(self, code: str, label: str) -> dict[str, Any]:
        found = self._quotas.get(code, {}).get("value")
        unlisted = Unknown(f"AWS lists no applied quota {code} ({label})", "look at it in Service Quotas")
        quota = unlisted if found is None else found
        return {"code": code, "quota_name": label, "needed": 0, "quota": quota, "groups": [], "refs": []}


def _quota_of(group: dict[str, Any]) -> tuple[str, str]:
    types = group["instance_types"]
    name = types[0] if type(types) is list and types and isinstance(types[0], str) else ""
    for family in FAMILIES:
        if name.startswith(family.prefixes):
            spot = group["spot"] is True
            return (
                family.spot if spot else family.on_demand
            ), f"{family.name} {'spot' if spot else 'on-demand'}"
    return "", ""


def _vcpus(group: dict[str, Any]) -> Any:
    known = instance_type(group["instance_types"][0])
    if known is None:
        return Unknown(f"instance type {group['instance_types'][0]!r} is not in the table", "update auditor")
    return group["max"] if isinstance(group["max"], Unknown) else group["max"] * known.vcpu


def _sum(one: Any, other: Any) -> Any:
    return next((each for each in (one, other) if isinstance(each, Unknown)), None) or one + other
