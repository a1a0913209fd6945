"""What the Cluster Autoscaler is told of a group without nodes, against what its nodes and pods need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts.cluster_autoscaler import ClusterAutoscaler
from auditor.facts.gpu import Gpu
from auditor.facts.node_fit import NodeFit
from auditor.facts.node_labels import affinity_terms, selector_expressions, written
from auditor.facts.node_template import GENERIC_LABELS, NodeTemplate
from auditor.facts.tolerations import BLOCKING, spelled
from auditor.facts.volume_zones import bound_volumes
from auditor.model import Path
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import TEMPLATE

if TYPE_CHECKING:
    from auditor.world import World

ENABLED = "k8s.io/cluster-autoscaler/enabled"
PLACEHOLDERS = ("<", "${", "{{", "$(")
GENERIC = (
    *GENERIC_LABELS,
    "kubernetes.io/arch",
    "beta.kubernetes.io/arch",
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
)


class AsgTemplate:
    """``facts.asg_template`` of a node group.

    ``{found, discovered, workloads, labels, taints, resources, zonal}``:
    ``discovered`` is whether auto-discovery finds the group (or it is named by ``--nodes``);
    ``workloads`` the GPU pods that select it; ``labels`` one ``{key, value, who, told, ref}`` for each label
    they select; ``taints`` one ``{key, text, ok, why}`` for each taint of the nodes or of the tags;
    ``resources`` one ``{name, tagged, actual}`` for each resource tag; ``zonal`` whether such a pod has a
    volume in one zone. ``told`` and ``ok`` may be Unknown.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._gpu = Gpu(world)
        fit, autoscaler = world.get_fact("node_fit"), world.get_fact("cluster_autoscaler")
        assert isinstance(fit, NodeFit) and isinstance(autoscaler, ClusterAutoscaler)
        self._fit, self._autoscaler = fit, autoscaler

    def of(self, instance: Instance) -> Any:
        """See the class."""
        template = next((each for each in self._fit.groups() if each.group is instance), None)
        if template is None:
            return {
                "found": False,
                "workloads": [],
                "labels": [],
                "taints": [],
                "resources": [],
                "zonal": False,
            }
        pods = list(self._pods(template))
        return {
            "found": True,
            "discovered": self._discovered(template),
            "workloads": [self._workload(pod) for pod in pods],
            "labels": self._labels(template, pods),
            "taints": list(self._taints(template)),
            "resources": list(_resources(template)),
            "zonal": any(True for pod in pods for _ in bound_volumes(self._world, pod)),
        }

    def _pods(self, template: NodeTemplate) -> Iterator[Instance]:
        """GPU pods whose selectors and accelerators this group satisfies."""
        for pod in self._world.instances("PodSpec"):
            if not self._gpu.of(pod)["wants"]:
                continue
            fits = self._fit.fits(pod)
            for fit in fits if not isinstance(fits, Unknown) else ():
                if fit.template is template and all(fit.check(kind) is True for kind in ("labels", "gpu")):
                    yield pod

    def _workload(self, pod: Instance) -> dict[str, Any]:
        return {"title": pod.resource.title, "ref": self._world.ref(pod.resource, pod.base)}

    def _discovered(self, template: NodeTemplate) -> bool | Unknown:
        if any(name in self._autoscaler.flags for name in ("nodes", "node-group-auto-discovery")):
            return self._by_flags(template)
        return self._has_tags(template, [ENABLED])

    def _by_flags(self, template: NodeTemplate) -> bool | Unknown:
        spec = self._autoscaler.flags.get("node-group-auto-discovery", "")
        _, _, listed = spec.partition("tag=")
        if not listed:
            return True
        names = [each.partition("=")[0].strip() for each in listed.split(",")]
        if any(mark in name for name in names for mark in PLACEHOLDERS):
            return Unknown(f"the Cluster Autoscaler finds groups by a placeholder: {listed}", "fill it in")
        missing = self._has_tags(template, names)
        scattered = self._fit.scattered()
        return scattered if missing is False and scattered is not None else missing

    def _has_tags(self, template: NodeTemplate, names: list[str]) -> bool | Unknown:
        tags = template.value["asg_tags"]
        if isinstance(tags, Unknown):
            return tags
        missing = [name for name in names if name and name not in tags]
        if not missing:
            return True
        if not template.value["asg_tags_complete"]:
            return Unknown(f"whether the group has the tag {missing[0]} cannot be read")
        unknown_cluster = isinstance(template.value["cluster"], Unknown) and missing != [ENABLED]
        return Unknown("the cluster's name is not known") if unknown_cluster else False

    def _labels(self, template: NodeTemplate, pods: list[Instance]) -> list[dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        for pod in pods:
            for path, expression in _selected(pod.value):
                key = str(expression.get("key"))
                if key in GENERIC or key.startswith(("topology.", "failure-domain.")) or key in rows:
                    continue
                rows[key] = {
                    "key": key,
                    "value": written(expression),
                    "who": pod.resource.title,
                    "told": self._told(template, key),
                    "ref": self._world.ref(pod.resource, pod.source_path(path)),
                }
        return list(rows.values())

    def _told(self, template: NodeTemplate, key: str) -> bool | Unknown:
        told = template.value["template"]
        if isinstance(told, Unknown):
            return told
        if key in told["labels"]:
            return True
        value = template.value
        own = value["labels"] if type(value["labels"]) is dict else {}
        by_eks = key in own and key not in value["script_labels"] and not key.startswith("eks.amazonaws.com/")
        if value["provider"] == "eks-managed" and by_eks and self._autoscaler.describes is not False:
            return self._autoscaler.describes
        if value["provider"] == "eks-managed" and key.startswith("eks.amazonaws.com/"):
            return Unknown(f"whether the Cluster Autoscaler knows {key} of an empty group is not documented")
        if not value["asg_tags_complete"]:
            return Unknown(f"whether the group has the tag {TEMPLATE}label/{key} cannot be read")
        return False

    def _taints(self, template: NodeTemplate) -> Iterator[dict[str, Any]]:
        value = template.value
        told, real = value["template"], value["taints"]
        if isinstance(told, Unknown) or isinstance(real, Unknown):
            return
        carried = [each for each in real if not isinstance(each["key"], Unknown)]
        for each in told["taints"]:
            yield {"key": each["key"], "text": each["text"], **_tag_against(each, carried)}
        tagged = {each["key"] for each in told["taints"]}
        for each in carried:
            if each["key"] not in tagged and each["effect"] in BLOCKING:
                yield {"key": each["key"], "text": spelled(each), **self._untagged(value, each)}

    def _untagged(self, value: dict[str, Any], taint: dict[str, Any]) -> dict[str, Any]:
        if value["provider"] == "eks-managed" and self._autoscaler.describes is not False:
            return {"ok": self._autoscaler.describes, "why": ""}
        if not value["asg_tags_complete"]:
            return {"ok": Unknown("not every tag of the group could be read"), "why": ""}
        return {"ok": False, "why": f"no tag {TEMPLATE}taint/{taint['key']} tells of {spelled(taint)}"}


def _tag_against(tag: dict[str, Any], real: list[dict[str, Any]]) -> dict[str, Any]:
    """One taint tag against the taints of the nodes."""
    if isinstance(tag["text"], Unknown):
        return {"ok": tag["text"], "why": ""}
    if tag["effect"] not in (*BLOCKING, "PreferNoSchedule"):
        return {"ok": False, "why": f"{tag['text']!r} is not of the form value:NoSchedule and is ignored"}
    same = [each for each in real if each["key"] == tag["key"]]
    if not same:
        return {"ok": False, "why": f"tells of a taint {tag['key']} that the nodes do not have"}
    unknown = next((part for each in same for part in each.values() if isinstance(part, Unknown)), None)
    if unknown is not None:
        return {"ok": unknown, "why": ""}
    if any(str(each["value"]) == tag["value"] and each["effect"] == tag["effect"] for each in same):
        return {"ok": True, "why": ""}
    return {"ok": False, "why": f"says {tag['text']}, the nodes have {spelled(same[0])}"}


def _resources(template: NodeTemplate) -> Iterator[dict[str, Any]]:
    told, gpu = template.value["template"], template.value["gpu"]
    if isinstance(told, Unknown):
        return
    for name, text in sorted(told["resources"].items()):
        if isinstance(gpu, Unknown):
            yield {"name": name, "tagged": text, "actual": gpu}
        elif name == gpu["resource"]:
            yield {"name": name, "tagged": text, "actual": str(gpu["count"])}


def _selected(pod: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    yield from selector_expressions(pod)
    terms = affinity_terms(pod)
    if len(terms) == 1:
        yield from terms[0]
