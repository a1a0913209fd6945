"""Software of GPU nodes: who brings driver and device plugin, and which taints their DaemonSets meet."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from auditor.data.instances import InstanceType
from auditor.facts.node_fit import NodeFit
from auditor.facts.node_labels import mismatch
from auditor.facts.node_template import NodeTemplate
from auditor.facts.tolerations import spelled, untolerated
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

USUAL_TAINT = {"key": "nvidia.com/gpu", "value": "", "effect": "NoSchedule"}
DRIVER_IMAGES = ("NVIDIA", "_GPU")


class GpuSoftware:
    """``facts.gpu_software`` of a pod or a GPU Operator.

    ``{operators, untolerated, refs, images, config}``: the GPU Operators declared here; the taints of GPU
    groups that the pod selects and does not tolerate (the usual one where no group is known); the groups'
    images that bring a driver, Unknown where no group is known; and of an operator its device plugin's
    ConfigMap ``{named, ok, why, ref}``.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        fit = world.get_fact("node_fit")
        assert isinstance(fit, NodeFit)
        self._groups = [each for each in fit.groups() if each.value["is_gpu"] is True]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        operators = [
            {
                "title": each.resource.title,
                "device_plugin": each.value["device_plugin"],
                "ref": self._world.ref(each.resource, each.source_path(("device_plugin",))),
            }
            for each in self._world.instances("GpuOperator")
        ]
        answer: dict[str, Any] = {"operators": operators, "images": self._images()}
        if instance.view == "GpuOperator":
            return answer | {"config": self._config(instance)}
        return answer | self._taints(instance)

    def _images(self) -> Any:
        """EKS images with a driver, by group; Unknown where none of the groups says its image."""
        known = [(each.name, each.value["ami_type"]) for each in self._groups if each.value["ami_type"]]
        rows = [
            {"group": name, "ami_type": ami}
            for name, ami in known
            if isinstance(ami, str) and any(word in ami.upper() for word in DRIVER_IMAGES)
        ]
        if rows or known:
            return rows
        return Unknown(
            "the image of the GPU nodes is not declared here, so whether it brings a driver is open",
            "declare ami_type on the GPU node group, or tie these manifests to its Terraform root",
        )

    def _taints(self, pod: Instance) -> dict[str, Any]:
        tolerations = pod.value.get("tolerations")
        if not self._groups:
            left = untolerated(tolerations, [USUAL_TAINT])
            names = [spelled(each) for each in left] if not isinstance(left, Unknown) else left
            return {"untolerated": names, "refs": []}
        found: dict[str, str] = {}
        for group in self._groups:
            taints = group.value["taints"]
            types = group.types()
            first = None if isinstance(types, Unknown) else types[0]
            selected = mismatch(pod.value, partial(_label, group, first))
            if selected is not None or isinstance(taints, Unknown):
                continue
            left = untolerated(tolerations, taints)
            for each in left if not isinstance(left, Unknown) else ():
                place = group.group.source_path(("taints",))
                found.setdefault(spelled(each), self._world.ref(group.group.resource, place))
        return {"untolerated": list(found), "refs": list(found.values())}

    def _config(self, operator: Instance) -> dict[str, Any]:
        """The ConfigMap that the operator's device plugin is given."""
        named, default = operator.value["config"]["name"], operator.value["config"]["default"]
        if not isinstance(named, str) or not named:
            return {"named": False, "ok": True, "why": "", "ref": ""}
        maps = self._world.kind("", "ConfigMap")
        found = next((each for each in maps if each.name == named), None)
        if found is None:
            return {
                "named": True,
                "ref": "",
                **self._missing(operator, named, default, [each.name for each in maps]),
            }
        data = found.body.get("data")
        keys = sorted(data) if type(data) is dict else []
        ref = self._world.ref(found, ("data",))
        return {"named": True, "ref": ref, **_default_of(named, default, keys)}

    def _missing(self, operator: Instance, named: str, default: str, others: list[str]) -> dict[str, Any]:
        if operator.value["config_data"]:
            return _default_of(named, default, operator.value["config_data"])
        near = get_close_matches(named, others, 1, 0.6)
        if near:
            return {"ok": False, "why": f"no ConfigMap is called {named}; there is {near[0]}"}
        unknown = Unknown(
            f"ConfigMap {named} is not among these manifests",
            "audit the folder that holds it with the operator",
        )
        return {"ok": unknown, "why": ""}


def _label(group: NodeTemplate, found: InstanceType | None, key: str) -> Any:
    return group.label(key, found)


def _default_of(named: str, default: Any, keys: list[str]) -> dict[str, Any]:
    if not isinstance(default, str) or not default:
        if len(keys) == 1:
            return {"ok": True, "why": ""}
        return {
            "ok": False,
            "why": f"names ConfigMap {named} without a default: no node uses it until it is labelled",
        }
    if default in keys:
        return {"ok": True, "why": ""}
    has = ", ".join(keys) or "no keys"
    return {"ok": False, "why": f"default {default!r} is no key of ConfigMap {named}, which has {has}"}
