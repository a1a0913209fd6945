"""Every GPU pod against every node group that may have accelerators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts.checks import GroupFit
from auditor.facts.node_template import NodeTemplate, templates
from auditor.facts.placement import Judge
from auditor.facts.pod_needs import needs
from auditor.model import Path
from auditor.unknown import Unknown, UnknownUsed
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import accelerator
from auditor.views.terraform_companions import identity_of

if TYPE_CHECKING:
    from auditor.world import World


SHOWN = 4


class NodeFit:
    """``facts.node_fit`` of a pod: ``{groups, matched, tolerated, counted, sized, …}`` as CEL data.

    ``packed`` are those of them that Karpenter packs while pods run, as ``{name, ref}``.
    ``vram_mib`` is the memory of one GPU, the least of the matched groups (0 when nothing matches).
    ``groups`` is the number of GPU groups known; ``matched`` the names of those whose labels the pod selects
    and whose kind of accelerator it asks for. ``tolerated``, ``counted`` and ``sized`` are ``{ok, why, at,
    refs}`` over the matched groups: ok when one of them satisfies it. They are Unknown, and ``groups`` is 0, when no
    GPU group is known.
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

    def scattered(self) -> Unknown | None:
        """Why pods cannot be held against groups of several clusters: any of them may be theirs."""
        named = {identity_of(each.value["cluster"]) for each in self.groups()} - {""}
        if len(named) < 2:
            return None
        name = self._world.name
        return Unknown(
            f"node groups of {len(named)} clusters are declared in {name} and what it is tied to",
            f'say what runs where: manifests = ["<folder>"] under a [target.<name>] of its own for each of '
            f"{', '.join(sorted(named)[:SHOWN])} in auditor.toml",
        )

    def _evaluate(self, pod: Instance) -> list[GroupFit] | Unknown:
        scattered = self.scattered()
        if scattered is not None:
            return scattered
        capable = [each for each in self.groups() if each.value["gpu_capable"] is not False]
        if not capable:
            undecided = self._world.undecided("node groups")
            return no_groups(self._world) if undecided is None else undecided
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
            unread = {"ok": fits, "why": fits, "at": "", "refs": []}
            answers = dict.fromkeys(("tolerated", "counted", "sized"), unread)
            return {"groups": 0, "matched": [], "packed": [], "vram_mib": fits, **answers}
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
        return {
            "name": fit.template.name,
            "ref": self._world.ref(group.resource, group.source_path(("disruption",))),
        }

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
    if not fit.template.is_karpenter:
        return False
    policy = fit.template.value["disruption"].get("consolidationPolicy")
    return not (isinstance(policy, str) and policy == "WhenEmpty")


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
    name = world.name
    if world.is_live:
        return Unknown(f"no node group with GPUs is known of {name}", "add --aws: its account knows them")
    return Unknown(
        f"no node group with GPUs is declared in {name} or in what it is tied to",
        f'name the Terraform root that makes its nodes: terraform = "<path>" under [target."{name}"] in auditor.toml',
    )
