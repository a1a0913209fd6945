"""Node groups of EKS against the nodes that run of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

GROUP_LABEL = "eks.amazonaws.com/nodegroup"


class GroupNodes:
    """``facts.group_nodes`` of a node group: ``[{name, lacks, ref}]``, one row a node that runs of it.

    ``lacks`` says in words which labels and taints of the group the node does not have. Unknown where several node
    groups of the account have the name: a node tells its group and not its cluster.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._nodes: dict[str, list[Resource]] = {}
        for node in world.kind("", "Node"):
            name = node.labels.get(GROUP_LABEL)
            if isinstance(name, str):
                self._nodes.setdefault(name, []).append(node)

    def of(self, instance: Instance) -> Any:
        """See the class."""
        name = instance.value["name"]
        nodes = self._nodes.get(name, []) if isinstance(name, str) else []
        if nodes and self._twins(name) > 1:
            return Unknown(f"several node groups are called {name}", "audit one cluster at a time")
        return [
            {"name": node.name, "lacks": list(_lacks(instance.value, node)), "ref": self._world.ref(node)}
            for node in nodes
        ]

    def _twins(self, name: str) -> int:
        groups = self._world.at_hand("terraform", "aws_eks_node_group")
        return sum(1 for each in groups if each.body.get("node_group_name") == name)


def _lacks(group: dict[str, Any], node: Resource) -> Iterator[str]:
    labels = group["labels"]
    for key, value in labels.items() if type(labels) is dict else ():
        if isinstance(value, str) and node.labels.get(key) != value:
            yield f"the label {key}={value}"
    listed = dig(node.body, ("spec", "taints"))
    real = {
        (each.get("key"), each.get("value", ""), each.get("effect"))
        for each in (listed if type(listed) is list else ())
        if type(each) is dict
    }
    taints = group["taints"]
    for taint in taints if type(taints) is list else ():
        if (taint["key"], taint["value"], taint["effect"]) not in real:
            value = f"={taint['value']}" if taint["value"] else ""
            yield f"the taint {taint['key']}{value}:{taint['effect']}"
