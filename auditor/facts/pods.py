"""Pods as selectors see them: the labels of every template in the target, indexed."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import astuple

from auditor.facts.gpu import Gpu
from auditor.facts.neighbours import Neighbours, nearest
from auditor.facts.selectors import LabelIndex, Selector, of_selector, plain_labels
from auditor.model import Path, Resource
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import TEMPLATES, dig
from auditor.views.typed import records

if TYPE_CHECKING:
    from auditor.world import World

POD_KINDS = tuple(TEMPLATES)
"""Every kind whose pods have labels in Git."""
EXPORTER = "dcgm-exporter"


class DeclaredPort(Struct, frozen=True):
    """One port of a container."""

    name: str
    number: Any


class PodSource(Struct, frozen=True):
    """A resource that makes pods, and what others may ask of them: nobody looks further inside.

    Most edits of a workload change none of it, and then nothing that was joined to it is judged again.
    """

    resource: Resource
    base: Path
    labels: dict[str, str]
    ports: tuple[DeclaredPort, ...]
    """Every port that the containers declare."""
    fragment: bool
    """Whether it is only a part of a workload, such as a patch: no container has an image."""
    gpu: bool
    """Whether the pods ask for an accelerator."""
    host_network: bool
    exporter: bool
    """Whether a container runs NVIDIA's DCGM exporter."""


class Pods:
    """``facts.pods`` of a workload: ``{fragment, gpu, selector, selects_own, spread}``.

    ``fragment``: the manifest is a patch, not a workload. ``gpu``: its pods ask for an accelerator.
    ``selector``: the workload's own selector as text; ``selects_own``: whether it matches the labels of its
    template. ``spread``: ``[{at, what, selector, selects_own, topology, anti_affinity, hard}]`` for every
    topology constraint and anti-affinity term; ``at`` is relative to the template.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        whole = instance.resource
        base = TEMPLATES.get((whole.group, whole.kind))
        template = dig(whole.body, base) if base is not None else None
        if base is None or type(template) is not dict:
            return {"fragment": True, "gpu": False, "selector": "", "selects_own": True, "spread": []}
        labels = labels_of(template)
        selector = of_selector(dig(whole.body, ("spec", "selector")))
        return {
            "fragment": is_fragment(template),
            "gpu": wants_gpu(self._world, whole, template),
            "selector": "nothing" if selector is None else selector.text() or "everything",
            "selects_own": selector is not None and selector.matches(labels),
            "spread": _spread(template, labels),
        }


class PodIndex:
    """The table ``pods`` of a world: what selectors find."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._index: LabelIndex[PodSource] = LabelIndex()
        self._by_file: dict[tuple[str, str], PodSource] = {}
        self._by_name: dict[tuple[str, str, str], PodSource] = {}
        self._by_folder: dict[tuple[str, str], list[PodSource]] = {}
        self.all = [source_of(world, instance) for instance in world.instances("PodTemplate")]
        for source in self.all:
            self._index.add(source.resource.namespace, source.labels, source)
            self._place(source)

    def rows(self) -> list[tuple[Resource, Any]]:
        """All that the table holds."""
        return [(source.resource, astuple(source)[1:]) for source in self.all]

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
    found = world.table("pods")
    assert isinstance(found, PodIndex)
    return found


def source_of(world: World, instance: Instance) -> PodSource:
    """A ``PodTemplate`` instance as others see it."""
    resource, template = instance.resource, instance.value
    containers = _running(template)
    return PodSource(
        resource,
        instance.base,
        labels_of(template),
        tuple(
            DeclaredPort(str(port.get("name", "")), port.get("containerPort"))
            for container in containers
            for port in records(container.get("ports"))
        ),
        is_fragment(template),
        wants_gpu(world, resource, template),
        dig(template, ("spec", "hostNetwork")) is True,
        any(EXPORTER in str(container.get("image", "")) for container in containers),
    )


def _running(template: dict[str, Any]) -> list[dict[str, Any]]:
    """All containers of a running pod: the main ones and those that init lists, sidecars among them."""
    return [
        container
        for field in ("containers", "initContainers")
        for container in records(dig(template, ("spec", field)))
    ]


def is_fragment(template: dict[str, Any]) -> bool:
    """Whether it is only a part of a pod template, such as a patch: no container has an image."""
    return not any("image" in container for container in _running(template))


def labels_of(template: dict[str, Any]) -> dict[str, str]:
    """The labels that the pods bear, as far as they are plain text."""
    return plain_labels(dig(template, ("metadata", "labels")))


def surely(resource: Resource, found: list[PodSource]) -> list[PodSource]:
    """Those whose namespace is the resource's as written."""
    return [source for source in found if source.resource.namespace == resource.namespace]


def wants_gpu(world: World, resource: Resource, template: dict[str, Any]) -> bool:
    """Whether the pods ask for an accelerator."""
    return bool(Gpu(world).of(Instance("PodTemplate", resource, template))["wants"])


_ANTI_AFFINITY = ("spec", "affinity", "podAntiAffinity")
_LATER = "DuringSchedulingIgnoredDuringExecution"


def _spread(template: dict[str, Any], labels: dict[str, str]) -> list[dict[str, Any]]:
    rows = [
        _spread_row(each, labels, "spec.topologySpreadConstraints", _is_hard(each))
        for each in records(dig(template, ("spec", "topologySpreadConstraints")))
    ]
    at = ".".join(_ANTI_AFFINITY)
    rows += [
        _spread_row(each, labels, f"{at}.required{_LATER}", True)
        for each in records(dig(template, (*_ANTI_AFFINITY, f"required{_LATER}")))
    ]
    for each in records(dig(template, (*_ANTI_AFFINITY, f"preferred{_LATER}"))):
        term = each.get("podAffinityTerm")
        if type(term) is dict:
            rows.append(_spread_row(term, labels, f"{at}.preferred{_LATER}", False))
    return rows


def _is_hard(constraint: dict[str, Any]) -> bool:
    return bool(constraint.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule")


def _spread_row(term: dict[str, Any], labels: dict[str, str], at: str, hard: bool) -> dict[str, Any]:
    selector = of_selector(term.get("labelSelector"))
    constraint = "topologySpread" in at
    return {
        "at": at,
        "what": "topology spread constraint" if constraint else "pod anti-affinity",
        "selector": "nothing" if selector is None else selector.text() or "everything",
        "selects_own": selector is not None and selector.declared().matches(labels),
        "topology": term.get("topologyKey", ""),
        "anti_affinity": not constraint,
        "hard": hard,
    }
