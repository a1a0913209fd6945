"""An Auto Scaling group without nodes, as the Cluster Autoscaler imagines one of its nodes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from auditor.data.instances import instance
from auditor.facts.checks import Check, GroupFit, amount_of, other_end, plain
from auditor.facts.node_labels import Mismatch, affinity_terms, mismatch
from auditor.facts.node_template import GENERIC_LABELS, TOPOLOGY, NodeTemplate
from auditor.facts.tolerations import spelled, untolerated
from auditor.unknown import Unknown
from auditor.views.nodegroups_form import TEMPLATE
from auditor.views.nodegroups_karpenter import type_labels


class EmptyGroup:
    """An Auto Scaling group without nodes, as the Cluster Autoscaler builds its template.

    From the instance type: CPU, memory, GPUs, architecture. From the ASG's node-template tags: labels, taints,
    other resources. From EKS, if it may call DescribeNodegroup: labels and taints of managed groups. Source:
    buildNodeFromTemplate in cluster-autoscaler/cloudprovider/aws.
    """

    def __init__(self, template: NodeTemplate, found: str, describes: bool | Unknown) -> None:
        self._template, self._type, self._describes = template, found, describes
        value = template.value
        self._managed = value["provider"] == "eks-managed"
        self._told = value["template"]
        self._complete = value["asg_tags_complete"]

    def labels(self, pod: dict[str, Any], fit: GroupFit) -> Check:
        """The labels that the pod selects, seen without a node."""
        if isinstance(self._told, Unknown):
            return Check("visible", self._told)
        if fit.check("labels") is not True:
            return Check("visible", True)
        answer = mismatch(pod, self._seen)
        if answer is None:
            if isinstance(self._describes, Unknown) and _selects(pod, self._told_by_eks_only()):
                fit.assumes.append("the Cluster Autoscaler may call eks:DescribeNodegroup")
            return Check("visible", True)
        if isinstance(answer, Unknown):
            return Check("visible", answer)
        return self._unseen(answer)

    def _unseen(self, answer: Mismatch) -> Check:
        tag = f"{TEMPLATE}label/{answer.key}"
        if not self._complete:
            reason = f"whether {self._template.name} has the tag {tag} cannot be read"
            return Check("visible", Unknown(reason, "tag it by a reference to the group"))
        why = (
            f"its nodes carry {answer.key}, but with no node running the Cluster Autoscaler cannot know it: "
            f"its Auto Scaling group has no tag {tag}"
        )
        if self._managed and self._describes is False:
            why += ", and the autoscaler's policy lacks eks:DescribeNodegroup"
        return Check("visible", False, why, answer.path, other_end(self._template, ("asg_tags",)))

    def _declared(self) -> dict[str, Any]:
        value = self._template.value
        labels = value["labels"] if type(value["labels"]) is dict else {}
        own = ("eks.amazonaws.com/", *value["script_labels"])
        return {key: text for key, text in labels.items() if not key.startswith(own)}

    def _told_by_eks_only(self) -> set[str]:
        return set(self._declared()) - set(self._told["labels"]) if self._managed else set()

    def _seen(self, key: str) -> Any:
        told = self._told["labels"]
        if key in told:
            return [told[key]]
        generic = self._generic(key)
        if generic is not None:
            return generic
        if self._managed and self._describes is not False and key in self._declared():
            return [self._declared()[key]]
        if self._managed and key.startswith("eks.amazonaws.com/"):
            return Unknown(
                f"EKS puts {key} on the nodes; whether the Cluster Autoscaler knows it of an empty group is "
                "not documented",
                f"tag the Auto Scaling group {TEMPLATE}label/{key}",
            )
        return []

    def _generic(self, key: str) -> Any:
        found = instance(self._type)
        typed = type_labels(found) if found else {}
        if key in typed and not key.startswith("karpenter."):
            return [typed[key]]
        if key in GENERIC_LABELS:
            return ["linux"]
        return self._template.zones() if key.startswith(TOPOLOGY) else None

    def taints(self, pod: dict[str, Any]) -> Check:
        """Taints that only the tags claim: the autoscaler believes them."""
        if isinstance(self._told, Unknown):
            return Check("visible", True)
        claimed = [{name: each[name] for name in ("key", "value", "effect")} for each in self._told["taints"]]
        answer = untolerated(pod.get("tolerations"), claimed)
        if isinstance(answer, Unknown):
            return Check("visible", answer)
        if not answer:
            return Check("visible", True)
        why = (
            f"a tag of its Auto Scaling group tells the Cluster Autoscaler of the taint {spelled(answer[0])}, "
            "which is not tolerated"
        )
        return Check("visible", False, why, ("tolerations",), other_end(self._template, ("asg_tags",)))

    def resources(self, gpus: dict[str, int], ephemeral: Fraction) -> Check:
        """Resources that the instance type does not tell: shared GPUs, MIG, Neuron, disk."""
        if isinstance(self._told, Unknown):
            return Check("visible", True)
        told = dict(self._told["resources"])
        if self._managed and type(self._template.value["tags"]) is dict:
            prefix = f"{TEMPLATE}resources/"
            tags = self._template.value["tags"]
            told |= {key.removeprefix(prefix): text for key, text in tags.items() if key.startswith(prefix)}
        wanted = {name: Fraction(amount) for name, amount in gpus.items()}
        if ephemeral:
            wanted["ephemeral-storage"] = ephemeral * 2**20
        for name, amount in wanted.items():
            check = self._resource(name, amount, told)
            if check.ok is not True:
                return check
        return Check("visible", True)

    def _resource(self, name: str, amount: Fraction, told: dict[str, Any]) -> Check:
        if name in told:
            if isinstance(told[name], Unknown):
                return Check("visible", told[name])
            has = amount_of(told[name])
        elif not self._type:
            return Check("visible", Unknown(f"the instance type of {self._template.name} is not known"))
        else:
            has = self._of_type(name)
        if has is not None and has >= amount:
            return Check("visible", True)
        tag = f"{TEMPLATE}resources/{name}"
        if not self._complete:
            return Check(
                "visible", Unknown(f"whether {self._template.name} has the tag {tag} cannot be read")
            )
        said = (
            f"its tag {tag} says {told[name]}" if name in told else f"its Auto Scaling group has no tag {tag}"
        )
        why = (
            f"the pod asks for {plain(name, amount)} {name}, which the Cluster Autoscaler cannot see: {said}"
        )
        return Check("visible", False, why, ("containers",), other_end(self._template, ("asg_tags",)))

    def _of_type(self, name: str) -> Fraction | None:
        found = instance(self._type)
        if name != "nvidia.com/gpu" or found is None:
            return None
        return Fraction(sum(gpu.devices for gpu in found.gpus if gpu.manufacturer == "NVIDIA"))


def _selects(pod: dict[str, Any], labels: set[str]) -> bool:
    selector = pod.get("nodeSelector")
    keys = set(selector) if type(selector) is dict else set()
    for term in affinity_terms(pod):
        keys |= {str(each.get("key")) for _, each in term}
    return bool(keys & labels)
