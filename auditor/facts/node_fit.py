"""Every GPU pod against every node group: which requirement holds, which fails, which cannot be told.

The order of :data:`KINDS` is that of the questions a scheduler asks; docs/joins.md says how each is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.data.instances import InstanceType
from auditor.facts.cluster_autoscaler import ClusterAutoscaler
from auditor.facts.gpu import is_gpu_resource
from auditor.facts.gpu_sharing import GpuSharing
from auditor.facts.node_labels import Mismatch, affinity_terms, mismatch
from auditor.facts.node_template import GENERIC_LABELS, NodeTemplate, templates
from auditor.facts.pod_needs import Needs, needs
from auditor.facts.tolerations import spelled, untolerated
from auditor.facts.volume_zones import bound_volumes
from auditor.model import Path, Resource
from auditor.quantity import QuantityError, parse_quantity
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import accelerator
from auditor.views.nodegroups_karpenter import type_labels

if TYPE_CHECKING:
    from auditor.world import World

KINDS = ("labels", "gpu", "taints", "count", "size", "disk", "arch", "zone", "limits", "visible")
ARM_WORDS = ("arm64", "aarch64", "arm64v8")
AMD_WORDS = ("amd64", "x86_64", "x86-64")


class Check(NamedTuple):
    """One requirement of a pod against one group.

    ``ok`` may be Unknown. ``why`` says in words what fails or holds; ``at`` is the place in the pod spec that
    asks for it, ``other`` the place in the group (or volume) that refuses it.
    """

    kind: str
    ok: bool | Unknown
    why: str = ""
    at: Path = ()
    other: tuple[Resource, Path] | None = None


@dataclass(slots=True)
class GroupFit:
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


class NodeFit:
    """``facts.node_fit`` of a pod: ``{groups, matched, tolerated, counted, sized, …}`` as CEL data.

    ``packed`` are those of them that Karpenter packs while pods run, as ``{name, ref}``.
    ``vram_mib`` is the memory of one GPU, the least of the matched groups (0 when nothing matches).
    ``groups`` is the number of GPU groups known; ``matched`` the names of those whose labels the pod selects
    and whose kind of accelerator it asks for. ``tolerated``, ``counted`` and ``sized`` are ``{ok, why, at,
    refs}`` over the matched groups: ok when one of them satisfies it. Unknown when no GPU group is known.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._templates: list[NodeTemplate] | None = None
        self._fits: dict[int, list[GroupFit] | Unknown] = {}

    def groups(self) -> list[NodeTemplate]:
        """Every group that can start nodes."""
        if self._templates is None:
            self._templates = list(templates(self._world))
        return self._templates

    def fits(self, pod: Instance) -> list[GroupFit] | Unknown:
        """The pod against each group that has or may have accelerators."""
        found = self._fits.get(id(pod.value))
        if found is None:
            found = self._fits[id(pod.value)] = self._evaluate(pod)
        return found

    def _evaluate(self, pod: Instance) -> list[GroupFit] | Unknown:
        capable = [each for each in self.groups() if each.value["gpu_capable"] is not False]
        if not capable:
            return self._world.undecided("node groups") or no_groups(self._world)
        try:
            wanted = needs(pod.value)
        except UnknownUsed as used:
            return used.unknown
        judge = Judge(self._world, pod, wanted)
        return [judge.against(each) for each in capable]

    def of(self, instance: Instance) -> Any:
        """See the class."""
        fits = self.fits(instance)
        if isinstance(fits, Unknown):
            return fits
        matched = [fit for fit in fits if fit.check("labels") is not False and fit.check("gpu") is not False]
        tolerated = [fit for fit in matched if fit.check("taints") is not False]
        counted = [fit for fit in tolerated or matched if fit.check("count") is not False]
        return {
            "groups": len(fits),
            "matched": [fit.template.name for fit in matched],
            "vram_mib": _least_vram(matched),
            "packed": [self._packed(fit) for fit in tolerated if _packs(fit)],
            "tolerated": self._over(matched, "taints"),
            "counted": self._over(tolerated or matched, "count"),
            "sized": self._over(counted, "size"),
        }

    def _packed(self, fit: GroupFit) -> dict[str, Any]:
        group = fit.template.group
        return {"name": fit.template.name, "ref": self._world.ref(group.resource, group.source_path(("disruption",)))}

    def _over(self, fits: list[GroupFit], kind: str) -> dict[str, Any]:
        """One requirement over several groups: the first that satisfies it decides."""
        answers = [fit.check(kind) for fit in fits]
        sure = [fit for fit in fits if fit.check("labels") is True and fit.check("gpu") is True]
        if True in [answer for answer in answers if not isinstance(answer, Unknown)]:
            return {"ok": True, "why": "", "at": "", "refs": []}
        unknown = next((answer for answer in answers if isinstance(answer, Unknown)), None)
        if unknown is None and len(sure) < len(fits):
            unknown = next(iter(_unknowns(fits)), None)
        checks = [(fit, check) for fit in fits for check in fit.failed if check.kind == kind]
        if unknown is not None or not checks:
            return {"ok": unknown if unknown is not None else True, "why": "", "at": "", "refs": []}
        refs = [self._world.ref(*check.other) for _, check in checks if check.other]
        why = "; ".join(f'node group "{fit.template.name}": {check.why}' for fit, check in checks)
        return {"ok": False, "why": why, "at": rendered(checks[0][1].at), "refs": refs}


def _packs(fit: GroupFit) -> bool:
    policy = fit.template.value.get("disruption", {}).get("consolidationPolicy", "WhenEmptyOrUnderutilized")
    return fit.template.is_karpenter and policy != "WhenEmpty"


def _least_vram(fits: list[GroupFit]) -> Any:
    sizes = [accelerator(fit.type) if fit.type else fit.template.value["gpu"] for fit in fits]
    unknown = next((size for size in sizes if isinstance(size, Unknown)), None)
    return unknown if unknown is not None else min((size["vram_mib"] for size in sizes), default=0)


def _unknowns(fits: list[GroupFit]) -> Iterator[Unknown]:
    for fit in fits:
        for check in fit.checks:
            if isinstance(check.ok, Unknown):
                yield check.ok


def rendered(path: Path) -> str:
    """A place in the pod spec as ``at_expr`` takes it: keys only, up to the first list index."""
    keys = []
    for step in path:
        if isinstance(step, int):
            break
        keys.append(f'["{step}"]' if "." in step or "/" in step else step)
    return ".".join(keys).replace(".[", "[")


def no_groups(world: World) -> Unknown:
    """Why nothing can be said of pods whose nodes nobody declares here."""
    name = world.target.name
    return Unknown(
        f"no node group with GPUs is declared in {name} or in what it is tied to",
        f'name the Terraform root that makes its nodes: terraform = "<path>" under [target."{name}"] in auditor.toml',
    )


class Judge:
    """One pod's requirements, ready to be held against groups."""

    def __init__(self, world: World, pod: Instance, wanted: Needs) -> None:
        self._pod, self._spec, self._wanted = pod, pod.value, wanted
        self._gpus = {name: amount for name, amount in wanted.extended.items() if is_gpu_resource(name)}
        sharing, autoscaler = world.get_fact("gpu_sharing"), world.get_fact("cluster_autoscaler")
        assert isinstance(sharing, GpuSharing) and isinstance(autoscaler, ClusterAutoscaler)
        self._sharing, self._autoscaler = sharing, autoscaler
        self._volumes = list(bound_volumes(world, pod))

    def against(self, template: NodeTemplate) -> GroupFit:
        """The pod against one group; of several types the one with the fewest failures."""
        fixed = [self._taints(template), self._zone(template), self._sizes(template)]
        types = template.types()
        if isinstance(types, Unknown):
            checks = [self._labels(template, None)]
            checks += [Check(kind, types) for kind in ("gpu", "count", "size", "disk")]
            return self._fit(template, "", [*checks, *fixed])
        best: tuple[tuple[int, int], InstanceType, list[Check]] | None = None
        for rank, found in enumerate(types):
            checks = self._on_type(template, found)
            score = (sum(check.ok is False for check in checks), rank)
            if best is None or score < best[0]:
                best = (score, found, checks)
            if not score[0]:
                break
        assert best is not None
        return self._fit(template, best[1].name, [*best[2], *fixed])

    def _fit(self, template: NodeTemplate, name: str, checks: list[Check]) -> GroupFit:
        fit = GroupFit(template, name, sorted(checks, key=lambda check: KINDS.index(check.kind)))
        if not template.is_karpenter:
            fit.checks += self._visible(template, name, fit)
        return fit

    def _on_type(self, template: NodeTemplate, found: InstanceType) -> list[Check]:
        room = template.room(found)
        offered = self._sharing.offered(room.extended)
        seen = room.extended if template.is_karpenter else offered
        return [
            self._labels(template, found),
            self._gpu(template, found, seen),
            self._count(template, found, seen),
            self._size(template, found, room.cpu_m, room.memory_mib, room.memory_best_mib),
            self._disk(template, found, room.ephemeral_mib),
            self._arch(template, found),
            self._limits(template, found),
        ]

    def _labels(self, template: NodeTemplate, found: InstanceType | None) -> Check:
        answer = mismatch(self._spec, lambda key: template.label(key, found))
        if answer is None:
            return Check("labels", True)
        if isinstance(answer, Unknown):
            return Check("labels", answer)
        own = template.label(answer.key, found)
        has = f"; its nodes have {answer.key}={', '.join(map(str, own))}" if own else ""
        why = f"no node of it satisfies {answer.text}{has}"
        decides = "requirements" if _by_requirement(template, answer.key) else "labels"
        return Check("labels", False, why, answer.path, _other(template, (decides,)))

    def _taints(self, template: NodeTemplate) -> Check:
        taints = template.value["taints"]
        answer = taints if isinstance(taints, Unknown) else untolerated(self._spec.get("tolerations"), taints)
        if isinstance(answer, Unknown):
            return Check("taints", answer)
        if not answer:
            return Check("taints", True)
        names = ", ".join(spelled(each) for each in answer)
        why = (
            f"its taint {names} is not tolerated"
            if len(answer) == 1
            else f"its taints {names} are not tolerated"
        )
        return Check("taints", False, why, ("tolerations",), _other(template, ("taints",)))

    def _gpu(self, template: NodeTemplate, found: InstanceType, offered: dict[str, int]) -> Check:
        missing = [name for name in self._gpus if not offered.get(name) and not self._mig(name, found)]
        if not missing:
            return Check("gpu", True)
        has = ", ".join(sorted(offered)) or "no accelerator"
        why = f"{found.name} offers {has}, not {', '.join(missing)}"
        return Check("gpu", False, why, ("containers",), _other(template, ("instance_types",)))

    def _mig(self, name: str, found: InstanceType) -> bool:
        return name.startswith("nvidia.com/mig-") and any(gpu.mig_capable for gpu in found.gpus)

    def _count(self, template: NodeTemplate, found: InstanceType, offered: dict[str, int]) -> Check:
        for name, amount in self._gpus.items():
            if offered.get(name) and amount > offered[name]:
                why = f"{found.name} has {offered[name]} {name}, the pod asks for {amount}"
                return Check("count", False, why, ("containers",), _other(template, ("instance_types",)))
        return Check("count", True)

    def _size(
        self, template: NodeTemplate, found: InstanceType, cpu: Fraction, memory: Fraction, best: Fraction
    ) -> Check:
        other = _other(template, ("instance_types",))
        wanted = self._wanted
        if wanted.cpu_m > cpu:
            why = (
                f"the pod requests {_cpu(wanted.cpu_m)} CPU, {found.name} leaves {_cpu(cpu)} "
                "after reserves and DaemonSets"
            )
            return Check("size", False, why, ("containers",), other)
        if wanted.memory_mib > best:
            why = (
                f"the pod requests {_gib(wanted.memory_mib)} memory, {found.name} leaves {_gib(best)} "
                "after reserves and DaemonSets"
            )
            return Check("size", False, why, ("containers",), other)
        if wanted.memory_mib > memory:
            reason = (
                f"the pod requests {_gib(wanted.memory_mib)} memory, {found.name} leaves between {_gib(memory)} "
                f"and {_gib(best)}: it depends on the image and kernel of the node"
            )
            return Check(
                "size", Unknown(reason, "request a little less, or read allocatable from a running node")
            )
        return Check("size", True)

    def _disk(self, template: NodeTemplate, found: InstanceType, room: Fraction | None) -> Check:
        wanted = self._wanted.ephemeral_mib
        if not wanted:
            return Check("disk", True)
        if room is None:
            return Check("disk", Unknown(f"the size of the root volume of {template.name} is not known"))
        if wanted <= room:
            return Check("disk", True)
        why = f"the pod requests {_gib(wanted)} ephemeral storage, a node of it leaves {_gib(room)}"
        return Check("disk", False, why, ("containers",), _other(template, ("disk_gib",)))

    def _arch(self, template: NodeTemplate, found: InstanceType) -> Check:
        containers = self._spec.get("containers")
        for index, container in enumerate(containers if type(containers) is list else ()):
            image = container.get("image") if type(container) is dict else None
            built = _image_arch(image) if isinstance(image, str) else ""
            if built and built != found.arch:
                why = f"image {image} is built for {built}, {found.name} is {found.arch}"
                other = _other(template, ("instance_types",))
                return Check("arch", False, why, ("containers", index, "image"), other)
        return Check("arch", True)

    def _zone(self, template: NodeTemplate) -> Check:
        zones = template.zones()
        for bound in self._volumes:
            other = (bound.owner, bound.path)
            if zones is None:
                continue
            if not set(zones) & set(bound.zones):
                why = (
                    f"volume {bound.volume} is bound to {', '.join(bound.zones)}, "
                    f"its nodes are in {', '.join(zones)}"
                )
                return Check("zone", False, why, ("volumes",), other)
            if not template.is_karpenter and not set(zones) <= set(bound.zones) and template.may_be_empty:
                reason = (
                    f"volume {bound.volume} is bound to {', '.join(bound.zones)} and {template.name} spans "
                    f"{', '.join(zones)}: the Cluster Autoscaler takes one zone for an empty group"
                )
                return Check("zone", Unknown(reason, "use one group per zone for pods with zonal volumes"))
        return Check("zone", True)

    def _sizes(self, template: NodeTemplate) -> Check:
        """A group of at most zero nodes never has one."""
        most = template.value.get("max")
        if isinstance(most, Unknown) or most != 0:
            return Check("limits", True)
        return Check("limits", False, "its maximum is 0 nodes", (), _other(template, ("max",)))

    def _limits(self, template: NodeTemplate, found: InstanceType) -> Check:
        limits = template.value.get("limits")
        for name, limit in limits.items() if type(limits) is dict else ():
            used = {"cpu": Fraction(found.vcpu), "memory": Fraction(found.memory_mib * 2**20)}.get(
                name, Fraction(template.room(found).extended.get(name, 0))
            )
            bound = _amount(limit)
            if bound is not None and used > bound:
                why = f"its limit of {limit} {name} is less than one {found.name} has ({_plain(name, used)})"
                return Check("limits", False, why, (), _other(template, ("limits", name)))
        return Check("limits", True)

    def _visible(self, template: NodeTemplate, found: str, fit: GroupFit) -> Iterator[Check]:
        """Whether the Cluster Autoscaler can know at zero nodes what the other checks rely on."""
        if not template.may_be_empty:
            return
        view = EmptyGroup(template, found, self._autoscaler.describes)
        yield view.labels(self._spec, fit)
        yield view.taints(self._spec)
        if fit.check("gpu") is not False and fit.check("count") is not False:
            yield view.resources(self._gpus, self._wanted.ephemeral_mib)


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
        tag = f"k8s.io/cluster-autoscaler/node-template/label/{answer.key}"
        if not self._complete:
            reason = f"whether {self._template.name} has the tag {tag} cannot be read"
            return Check("visible", Unknown(reason, "tag it by a reference to the group"))
        why = (
            f"its nodes carry {answer.key}, but with no node running the Cluster Autoscaler cannot know it: "
            f"its Auto Scaling group has no tag {tag}"
        )
        if self._managed and self._describes is False:
            why += ", and the autoscaler's policy lacks eks:DescribeNodegroup"
        return Check("visible", False, why, answer.path, _other(self._template, ("asg_tags",)))

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
                f"tag the Auto Scaling group k8s.io/cluster-autoscaler/node-template/label/{key}",
            )
        return []

    def _generic(self, key: str) -> Any:
        from auditor.data.instances import instance

        found = instance(self._type)
        typed = type_labels(found) if found else {}
        if key in typed and not key.startswith("karpenter."):
            return [typed[key]]
        if key in GENERIC_LABELS:
            return ["linux"]
        if key.startswith("topology.") or key.startswith("failure-domain."):
            zones = self._template.zones()
            return zones
        return None

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
        return Check("visible", False, why, ("tolerations",), _other(self._template, ("asg_tags",)))

    def resources(self, gpus: dict[str, int], ephemeral: Fraction) -> Check:
        """Resources that the instance type does not tell: shared GPUs, MIG, Neuron, disk."""
        if isinstance(self._told, Unknown):
            return Check("visible", True)
        told = dict(self._told["resources"])
        if self._managed and type(self._template.value["tags"]) is dict:
            prefix = "k8s.io/cluster-autoscaler/node-template/resources/"
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
            has = _amount(told[name])
        elif not self._type:
            return Check("visible", Unknown(f"the instance type of {self._template.name} is not known"))
        else:
            has = self._of_type(name)
        if has is not None and has >= amount:
            return Check("visible", True)
        tag = f"k8s.io/cluster-autoscaler/node-template/resources/{name}"
        if not self._complete:
            return Check(
                "visible", Unknown(f"whether {self._template.name} has the tag {tag} cannot be read")
            )
        said = (
            f"its tag {tag} says {told[name]}" if name in told else f"its Auto Scaling group has no tag {tag}"
        )
        why = (
            f"the pod asks for {_plain(name, amount)} {name}, which the Cluster Autoscaler cannot see: {said}"
        )
        return Check("visible", False, why, ("containers",), _other(self._template, ("asg_tags",)))

    def _of_type(self, name: str) -> Fraction | None:
        from auditor.data.instances import instance

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


def _by_requirement(template: NodeTemplate, key: str) -> bool:
    listed = template.value.get("requirements", [])
    return template.is_karpenter and (
        key.startswith("karpenter.k8s.aws/") or any(each.get("key") == key for each in listed)
    )


def _other(template: NodeTemplate, path: Path) -> tuple[Resource, Path]:
    """Where the group says it: in its own block, or in the launch template or tag that does."""
    group = template.group
    return group.other_end(path) or (group.resource, group.source_path(path))


def _image_arch(image: str) -> str:
    """The architecture that an image's name or tag states; '' when it states none."""
    name = image.partition("@")[0].lower()
    words = set(name.replace("/", " ").replace(":", " ").replace("-", " ").replace("_", " ").split())
    if words & set(ARM_WORDS):
        return "arm64"
    return "amd64" if words & {"amd64"} or any(word in name for word in AMD_WORDS) else ""


def _amount(value: Any) -> Fraction | None:
    try:
        return parse_quantity(value)
    except (QuantityError, TypeError, UnknownUsed):
        return None


def _cpu(millicores: Fraction) -> str:
    return f"{int(millicores)}m"


def _gib(mib: Fraction) -> str:
    return f"{float(mib) / 1024:.2f}Gi"


def _plain(name: str, amount: Fraction) -> str:
    if name in ("memory", "ephemeral-storage"):
        return _gib(amount / 2**20)
    return str(int(amount))
