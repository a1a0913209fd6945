"""Pods as selectors see them: the labels of every template in the target, indexed."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.facts.gpu import Gpu
from auditor.facts.neighbours import Neighbours, nearest
from auditor.facts.selectors import LabelIndex, Selector, of_selector, plain_labels
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import TEMPLATES, dig

if TYPE_CHECKING:
    from auditor.world import World

POD_KINDS = tuple(TEMPLATES)
"""Every kind whose pods have labels in Git."""


class PodSource(NamedTuple):
    """A resource that makes pods, with their labels and template."""

    resource: Resource
    labels: dict[str, str]
    template: dict[str, Any]
    base: Path

    @property
    def spec(self) -> dict[str, Any]:
        """The pod spec; empty when it is missing."""
        found = self.template.get("spec")
        return found if type(found) is dict else {}

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers of a running pod: the main ones and those that init lists, sidecars among them."""
        listed: list[Any] = []
        for field in ("containers", "initContainers"):
            found = self.spec.get(field)
            listed += found if type(found) is list else []
        return [each for each in listed if type(each) is dict]

    @property
    def fragment(self) -> bool:
        """Whether it is only a part of a workload, such as a patch: no container has an image."""
        return not any("image" in container for container in self.containers)


class PodIndex:
    """``facts.pods`` of a workload: ``{fragment, gpu, selector, selects_own, spread}``.

    ``fragment``: the manifest is a patch, not a workload. ``gpu``: its pods ask for an accelerator.
    ``selector``: the workload's own selector as text; ``selects_own``: whether it matches the labels of its
    template. ``spread``: ``[{at, what, selector, selects_own, topology, anti_affinity, hard}]`` for every
    topology constraint and anti-affinity term; ``at`` is relative to the template.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._index: LabelIndex[PodSource] = LabelIndex()
        self._by_file: dict[tuple[str, str], PodSource] = {}
        self._by_name: dict[tuple[str, str, str], PodSource] = {}
        self._by_folder: dict[tuple[str, str], list[PodSource]] = {}
        for instance in world.instances("PodTemplate"):
            source = source_of(instance)
            self._index.add(source.resource.namespace, source.labels, source)
            self._place(source)

    def _place(self, source: PodSource) -> None:
        resource, folder = source.resource, self._folder(source.resource)
        self._by_file.setdefault((resource.namespace, resource.origin.file), source)
        self._by_name.setdefault((*folder, resource.name), source)
        self._by_folder.setdefault(folder, []).append(source)

    def find(self, selector: Selector | None, resource: Resource) -> list[PodSource]:
        """The nearest pods that the selector of ``resource`` may match; see :mod:`auditor.facts.neighbours`."""
        if selector is None:
            return []
        found = self.find_all(selector.declared(), resource.namespace)
        return nearest(self._world, resource, found, lambda source: source.resource)

    def find_all(self, selector: Selector, namespace: str) -> list[PodSource]:
        """All pods that the selector may match in a namespace."""
        scopes = (namespace, "") if namespace else (None,)
        return list(self._index.find(selector, scopes))

    def missing(self, resource: Resource, selector: Selector, what: str) -> bool | Unknown:
        """Whether it is sure that nothing matches, for a selector without a match; see ``Neighbours``."""
        neighbours = neighbours_of(self._world)
        names = [value for each in selector.requirements for value in each.values]
        found = neighbours.missing(resource, what, POD_KINDS, names)
        if found is not False or self.likeliest(resource, selector) is not None:
            return found
        return neighbours.outside(resource, what) if self._world.is_loose else False

    def likeliest(self, resource: Resource, selector: Selector) -> PodSource | None:
        """The pods that a selector without a match was probably written for; None when the folder has none.

        Those beside it in the file, those of the same name, or those with nearly the same labels.
        """
        file, folder = (resource.namespace, resource.origin.file), self._folder(resource)
        return (
            self._by_file.get(file)
            or self._by_name.get((*folder, resource.name))
            or next((pod for pod in self._by_folder.get(folder, ()) if _nearly(selector, pod.labels)), None)
        )

    def _folder(self, resource: Resource) -> tuple[str, str]:
        loose = self._world.is_loose
        return resource.namespace, posixpath.dirname(resource.origin.file) if loose else ""

    def of(self, instance: Instance) -> Any:
        """See the class."""
        whole = instance.resource
        base = TEMPLATES.get((whole.group, whole.kind))
        template = dig(whole.body, base) if base is not None else None
        if base is None or type(template) is not dict:
            return {"fragment": True, "gpu": False, "selector": "", "selects_own": True, "spread": []}
        source = PodSource(whole, _labels(template), template, base)
        selector = of_selector(dig(whole.body, ("spec", "selector")))
        return {
            "fragment": source.fragment,
            "gpu": wants_gpu(self._world, source),
            "selector": "nothing" if selector is None else selector.text() or "everything",
            "selects_own": selector is not None and selector.matches(source.labels),
            "spread": _spread(source),
        }


def alike(one: str, other: str) -> bool:
    """Whether one text is a slip of the other: they differ in one place, by less than half of the longer one."""
    ends = 0
    for step in (1, -1):
        for mine, theirs in zip(one[::step], other[::step], strict=False):
            if mine != theirs:
                break
            ends += 1
    return 2 * ends > max(len(one), len(other))


def _nearly(selector: Selector, labels: dict[str, str]) -> bool:
    """Whether the labels differ from what is selected by little more than a slip."""
    wanted = [(each.key, min(each.values)) for each in selector.requirements if each.operator == "In"]
    equal = sum(labels.get(key) == value for key, value in wanted)
    others = [(value, labels[key]) for key, value in wanted if key in labels and labels[key] != value]
    similar = all(alike(one, other) for one, other in others)
    return similar and (equal > 0 or (bool(others) and len(others) == len(wanted)))


def neighbours_of(world: World) -> Neighbours:
    """The world's own index of neighbours."""
    found = world.get_fact("neighbours")
    assert isinstance(found, Neighbours)
    return found


def pods_of(world: World) -> PodIndex:
    """The world's own index of pods."""
    found = world.get_fact("pods")
    assert isinstance(found, PodIndex)
    return found


def source_of(instance: Instance) -> PodSource:
    """A ``PodTemplate`` instance as selectors see it."""
    return PodSource(instance.resource, _labels(instance.value), instance.value, instance.base)


def _labels(template: dict[str, Any]) -> dict[str, str]:
    return plain_labels(dig(template, ("metadata", "labels")))


def surely(resource: Resource, found: list[PodSource]) -> list[PodSource]:
    """Those whose namespace is the resource's as written."""
    return [source for source in found if source.resource.namespace == resource.namespace]


def wants_gpu(world: World, source: PodSource) -> bool:
    """Whether the pods ask for an accelerator."""
    return bool(Gpu(world).of(Instance("PodTemplate", source.resource, source.template))["wants"])


_ANTI_AFFINITY = ("spec", "affinity", "podAntiAffinity")
_LATER = "DuringSchedulingIgnoredDuringExecution"


def _spread(source: PodSource) -> list[dict[str, Any]]:
    rows = [
        _spread_row(each, source, "spec.topologySpreadConstraints", _is_hard(each))
        for each in _maps(dig(source.template, ("spec", "topologySpreadConstraints")))
    ]
    at = ".".join(_ANTI_AFFINITY)
    rows += [
        _spread_row(each, source, f"{at}.required{_LATER}", True)
        for each in _maps(dig(source.template, (*_ANTI_AFFINITY, f"required{_LATER}")))
    ]
    for each in _maps(dig(source.template, (*_ANTI_AFFINITY, f"preferred{_LATER}"))):
        term = each.get("podAffinityTerm")
        if type(term) is dict:
            rows.append(_spread_row(term, source, f"{at}.preferred{_LATER}", False))
    return rows


def _maps(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if type(each) is dict] if type(value) is list else []


def _is_hard(constraint: dict[str, Any]) -> bool:
    return bool(constraint.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule")


def _spread_row(term: dict[str, Any], source: PodSource, at: str, hard: bool) -> dict[str, Any]:
    selector = of_selector(term.get("labelSelector"))
    constraint = "topologySpread" in at
    return {
        "at": at,
        "what": "topology spread constraint" if constraint else "pod anti-affinity",
        "selector": "nothing" if selector is None else selector.text() or "everything",
        "selects_own": selector is not None and selector.declared().matches(source.labels),
        "topology": term.get("topologyKey", ""),
        "anti_affinity": not constraint,
        "hard": hard,
    }
