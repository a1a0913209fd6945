"""One GPU pod held against one node group: which requirement holds, which fails, which cannot be told.

docs/joins.md says how each is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from auditor.data.instances import InstanceType
from auditor.facts.checks import KINDS, Check, GroupFit, amount_of, gib, millicores, other_end, plain
from auditor.facts.cluster_autoscaler import ClusterAutoscaler
from auditor.facts.empty_group import EmptyGroup
from auditor.facts.gpu import is_gpu_resource
from auditor.facts.gpu_sharing import GpuSharing
from auditor.facts.node_labels import mismatch, spread_keys
from auditor.facts.node_template import NodeTemplate, Room
from auditor.facts.pod_needs import Needs
from auditor.facts.tolerations import spelled, untolerated
from auditor.facts.volume_zones import bound_volumes
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

NAME_LABELS = frozenset(
    {"karpenter.sh/nodepool", "eks.amazonaws.com/nodegroup", "alpha.eksctl.io/nodegroup-name"}
)
"""Labels by which a pod asks for one group by its name."""
ARM_WORDS = frozenset({"arm64", "aarch64", "arm64v8"})
AMD_WORDS = ("amd64", "x86_64", "x86-64")


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
        for rank, found in enumerate(self._promising(types)):
            checks = self._on_type(template, found)
            score = (sum(check.ok is False for check in checks), rank)
            if best is None or score < best[0]:
                best = (score, found, checks)
            if not score[0]:
                break
        assert best is not None
        return self._fit(template, best[1].name, [*best[2], *fixed])

    def _promising(self, types: list[InstanceType]) -> list[InstanceType]:
        """Types with an accelerator; one of the others, to say what they lack, where there is none."""
        return [found for found in types if found.gpus or found.neurons] or types[:1]

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
            self._size(template, found, room),
            self._disk(template, found, room.ephemeral_mib),
            self._arch(template, found),
            self._limits(template, found),
        ]

    def _labels(self, template: NodeTemplate, found: InstanceType | None) -> Check:
        answer = mismatch(self._spec, lambda key: template.label(key, found))
        if answer is None:
            return self._spread(template, found)
        if isinstance(answer, Unknown):
            return Check("labels", answer)
        own = template.label(answer.key, found)
        has = f"; its nodes have {answer.key}={', '.join(map(str, own))}" if own else ""
        why = f"no node of it satisfies {answer.text}{has}"
        decides = "requirements" if _by_requirement(template, answer.key) else "labels"
        named = answer.values[0] if answer.key in NAME_LABELS and len(answer.values) == 1 else ""
        return Check("labels", False, why, answer.path, other_end(template, (decides,)), named)

    def _spread(self, template: NodeTemplate, found: InstanceType | None) -> Check:
        """Nodes without the topology label of a hard spread constraint take no such pod."""
        for key in spread_keys(self._spec):
            if template.label(key, found) == []:
                why = f"its nodes have no label {key}, which a topology spread constraint needs"
                place = ("topologySpreadConstraints",)
                return Check("labels", False, why, place, other_end(template, ("labels",)))
        return Check("labels", True)

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
        return Check("taints", False, why, ("tolerations",), other_end(template, ("taints",)))

    def _gpu(self, template: NodeTemplate, found: InstanceType, offered: dict[str, int]) -> Check:
        missing = [name for name in self._gpus if not offered.get(name) and not self._mig(name, found)]
        if not missing:
            return Check("gpu", True)
        has = ", ".join(sorted(offered)) or "no accelerator"
        why = f"{found.name} offers {has}, not {', '.join(missing)}"
        return Check("gpu", False, why, ("containers",), other_end(template, ("instance_types",)))

    def _mig(self, name: str, found: InstanceType) -> bool:
        return name.startswith("nvidia.com/mig-") and any(gpu.mig_capable for gpu in found.gpus)

    def _count(self, template: NodeTemplate, found: InstanceType, offered: dict[str, int]) -> Check:
        for name, amount in self._gpus.items():
            if offered.get(name) and amount > offered[name]:
                why = f"{found.name} has {offered[name]} {name}, the pod asks for {amount}"
                return Check("count", False, why, ("containers",), other_end(template, ("instance_types",)))
        return Check("count", True)

    def _size(self, template: NodeTemplate, found: InstanceType, room: Room) -> Check:
        wanted, after = self._wanted, "after reserves and DaemonSets"
        if wanted.cpu_m > room.cpu_m:
            why = (
                f"the pod requests {millicores(wanted.cpu_m)} CPU, "
                f"{found.name} leaves {millicores(room.cpu_m)} {after}"
            )
            return Check("size", False, why, ("containers",), other_end(template, ("instance_types",)))
        if room.pods < 1:
            why = f"DaemonSets take every pod that a {found.name} may run"
            return Check("size", False, why, ("containers",), other_end(template, ("max_pods",)))
        asked, least, best = gib(wanted.memory_mib), room.memory_mib, room.memory_best_mib
        if wanted.memory_mib > best:
            why = f"the pod requests {asked} memory, {found.name} leaves {gib(best)} {after}"
            return Check("size", False, why, ("containers",), other_end(template, ("instance_types",)))
        if wanted.memory_mib <= least:
            return Check("size", True)
        reason = (
            f"the pod requests {asked} memory, {found.name} leaves between {gib(least)} and {gib(best)}: "
            "it depends on the image and kernel of the node"
        )
        return Check(
            "size", Unknown(reason, "request a little less, or read allocatable from a running node")
        )

    def _disk(self, template: NodeTemplate, found: InstanceType, room: Fraction | None) -> Check:
        wanted = self._wanted.ephemeral_mib
        if not wanted:
            return Check("disk", True)
        if room is None:
            return Check("disk", Unknown(f"the size of the root volume of {template.name} is not known"))
        if wanted <= room:
            return Check("disk", True)
        why = f"the pod requests {gib(wanted)} ephemeral storage, a node of it leaves {gib(room)}"
        return Check("disk", False, why, ("containers",), other_end(template, ("disk_gib",)))

    def _arch(self, template: NodeTemplate, found: InstanceType) -> Check:
        containers = self._spec.get("containers")
        for index, container in enumerate(containers if type(containers) is list else ()):
            image = container.get("image") if type(container) is dict else None
            built = _image_arch(image) if isinstance(image, str) else ""
            if built and built != found.arch:
                why = f"image {image} is built for {built}, {found.name} is {found.arch}"
                other = other_end(template, ("instance_types",))
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
        return Check("limits", False, "its maximum is 0 nodes", (), other_end(template, ("max",)))

    def _limits(self, template: NodeTemplate, found: InstanceType) -> Check:
        limits = template.value.get("limits")
        for name, limit in limits.items() if type(limits) is dict else ():
            used = {"cpu": Fraction(found.vcpu), "memory": Fraction(found.memory_mib * 2**20)}.get(
                name, Fraction(template.room(found).extended.get(name, 0))
            )
            bound = amount_of(limit)
            if bound is not None and used > bound:
                why = f"its limit of {limit} {name} is less than one {found.name} has ({plain(name, used)})"
                return Check("limits", False, why, (), other_end(template, ("limits", name)))
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


def _by_requirement(template: NodeTemplate, key: str) -> bool:
    listed = template.value.get("requirements", [])
    return template.is_karpenter and (
        key.startswith("karpenter.k8s.aws/") or any(each.get("key") == key for each in listed)
    )


def _image_arch(image: str) -> str:
    """The architecture that an image's name or tag states; '' when it states none."""
    name = image.partition("@")[0].lower()
    words = set(name.replace("/", " ").replace(":", " ").replace("-", " ").replace("_", " ").split())
    if words & ARM_WORDS:
        return "arm64"
    return "amd64" if any(word in name for word in AMD_WORDS) else ""
