"""Could the autoscaler start a node for this pod when none runs?"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from auditor.facts.checks import KINDS, GroupFit
from auditor.facts.gpu import Gpu
from auditor.facts.node_fit import NodeFit, rendered
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.nodegroups_form import accelerator

if TYPE_CHECKING:
    from auditor.world import World

NEAR = 0.75
"""How alike two names of groups must be for one to be a slip of the pen."""

OWN_POLICIES = ("taints", "count", "size")
"""Requirements that GPU-002, GPU-007 and GPU-008 report: :class:`ScaleFromZero` names them as ``reported``."""


class ScaleFromZero:
    """``facts.scale_from_zero`` of a GPU pod.

    ``{ok, fits, matched, closest, groups, assumes, explanation}``. ``ok`` is whether some group can start a
    node for the pod (Unknown when that depends on something unknown). ``closest`` is ``{group, kind,
    requirement, at, refs, reported}`` of the group that misses least; ``groups`` one ``{name, ok, why, ref}``
    each; ``assumes`` what is taken for granted. Unknown when no GPU group is known here.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._gpu = Gpu(world)
        fact = world.get_fact("node_fit")
        assert isinstance(fact, NodeFit)
        self._fit = fact

    def of(self, instance: Instance) -> Any:
        """See the class."""
        if not self._gpu.of(instance)["wants"]:
            return {"ok": True, "fits": [], "matched": [], "groups": [], "assumes": [], "explanation": ""}
        fits = self._fit.fits(instance)
        if isinstance(fits, Unknown):
            return fits
        good = [fit for fit in fits if fit.ok is True]
        unsure = [fit for fit in fits if isinstance(fit.ok, Unknown)]
        answer: dict[str, Any] = {
            "fits": [fit.template.name for fit in good],
            "matched": [fit.template.name for fit in fits if fit.check("labels") is True],
            "groups": [self._row(fit) for fit in fits],
            "assumes": sorted({each for fit in good for each in fit.assumes}),
        }
        if good:
            return answer | {"ok": True, "explanation": _fitting(good[0])}
        if unsure:
            reason = next(check.ok for check in unsure[0].checks if isinstance(check.ok, Unknown))
            return answer | {"ok": reason, "explanation": f"cannot be told: {reason.reason}"}
        elsewhere = _elsewhere(fits, self._gpu.of(instance)["resources"])
        if elsewhere is not None:
            return answer | {"ok": elsewhere, "explanation": f"cannot be told: {elsewhere.reason}"}
        return answer | self._closest(fits)

    def _row(self, fit: GroupFit) -> dict[str, Any]:
        ok = fit.ok
        why = ok.reason if isinstance(ok, Unknown) else "; ".join(check.why for check in fit.failed)
        group = fit.template.group
        ref = self._world.ref(group.resource, group.source_path(()))
        return {"name": fit.template.name, "ok": ok, "type": fit.type, "why": why, "ref": ref}

    def _closest(self, fits: list[GroupFit]) -> dict[str, Any]:
        fit = min(fits, key=_distance)
        check = fit.failed[0]
        others = f" (and {len(fit.failed) - 1} more)" if len(fit.failed) > 1 else ""
        refs = [self._world.ref(*check.other)] if check.other else []
        closest = {
            "group": fit.template.name,
            "kind": check.kind,
            "requirement": check.why,
            "at": rendered(check.at),
            "refs": refs,
            "reported": check.kind in OWN_POLICIES,
        }
        explanation = (
            f'no node group can start a node for it; closest is "{fit.template.name}": {check.why}{others}'
        )
        return {"ok": False, "closest": closest, "explanation": explanation}


def _elsewhere(fits: list[GroupFit], resources: list[str]) -> Unknown | None:
    """Why the pod's group seems to be declared elsewhere: it is named, or has other accelerators, and is not
    here. A name that is nearly one of those here is a slip of the pen."""
    repair = "declare it here, or tie the target to the Terraform root or manifests that declare it"
    makers = {name.partition("/")[0] for name in resources}
    if not any(_makers(fit) & makers for fit in fits):
        return Unknown(f"no node group with {', '.join(resources)} is declared here", repair)
    names = [fit.template.name for fit in fits]
    wanted = {check.named for fit in fits for check in fit.failed if check.named}
    for name in sorted(wanted):
        if name not in names and not get_close_matches(name, names, 1, NEAR):
            return Unknown(f"the pod names node group {name}, which is not declared here", repair)
    return None


def _makers(fit: GroupFit) -> set[str]:
    """Vendors of the group's accelerators, as prefixes of resources."""
    found = accelerator(fit.type) if fit.type else fit.template.value["gpu"]
    return set() if isinstance(found, Unknown) else {found["resource"].partition("/")[0]} - {""}


def _fitting(fit: GroupFit) -> str:
    assumed = f", assuming that {'; '.join(fit.assumes)}" if fit.assumes else ""
    empty = " from zero" if fit.template.may_be_empty else ""
    return f'node group "{fit.template.name}" can start a {fit.type} for it{empty}{assumed}'


def _distance(fit: GroupFit) -> tuple[int, int, int, str]:
    """Groups that miss less come first: wrong accelerators and foreign labels weigh most."""
    failed = fit.failed
    grave = sum(check.kind in ("gpu", "labels") for check in failed)
    return grave, len(failed), -max(KINDS.index(check.kind) for check in failed), fit.template.name
