"""Node groups as EKS holds them against the Auto Scaling groups that run them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_tags import GROUP, own_group
from auditor.views.terraform_values import block

if TYPE_CHECKING:
    from auditor.world import World

RECENT = timedelta(days=7)
"""How old a failed launch may be and still count."""
_SIZES = (("min_size", "min_size"), ("max_size", "max_size"))


class RunningGroup:
    """``facts.running_group`` of a node or Auto Scaling group: ``{found, name, differs, failures, ref}``.

    ``found`` is whether the Auto Scaling group that EKS names exists; ``differs`` says in words which sizes are not
    those that EKS holds; ``failures`` are the messages of launches that failed in the week before the account was
    read. Of an Auto Scaling group only ``failures`` are told.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups = {each.body.get("name"): each for each in world.kind("terraform", GROUP)}

    def of(self, instance: Instance) -> dict[str, Any]:
        """See the class."""
        resource = instance.resource
        group = resource if resource.kind == GROUP else self._groups.get(own_group(resource.body))
        return {
            "found": group is not None,
            "name": own_group(resource.body),
            "differs": list(_differences(resource, group)) if group is not None else [],
            "failures": self._failures(group) if group is not None else [],
            "ref": self._world.ref(group) if group is not None else "",
        }

    def _failures(self, group: Resource) -> Any:
        live = group.body.get("live")
        listed = live.get("failures", []) if type(live) is dict else []
        if isinstance(listed, Unknown):
            return listed
        now = _time(self._world.taken)
        return [each["message"] for each in listed if now is None or _is_recent(each.get("time", ""), now)]


def _is_recent(stated: str, now: datetime) -> bool:
    then = _time(stated)
    return then is None or now - then <= RECENT


def _time(stated: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stated)
    except ValueError:
        return None


def _differences(node_group: Resource, group: Resource) -> Any:
    sizes = block(node_group.body, "scaling_config")
    for ours, theirs in _SIZES if type(sizes) is dict else ():
        held, real = sizes.get(ours), group.body.get(theirs)
        if isinstance(held, int) and isinstance(real, int) and held != real:
            yield f"{ours} is {real}, and EKS holds {held}"
