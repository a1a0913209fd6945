"""Requests in Git from what was used: patches, each with its proof, and refusals with their reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field

from auditor.fixes import Editable, Read, Refused
from auditor.model import Path, Resource, Target
from auditor.paths import get
from auditor.proposals import diff
from auditor.quantity import QuantityError, parse_quantity
from auditor.unknown import Unknown
from auditor.views.pods import TEMPLATES, dig
from auditor.yamlio import apply

WORTH = 0.1
"""A change of less than a tenth is not worth a review."""


class Change(NamedTuple):
    """One number that is written anew."""

    file: str
    what: str
    """``Deployment inference/api, container api: cpu``."""
    before: str
    after: str
    proof: str


class Refusal(NamedTuple):
    """What gets no suggestion, and why."""

    what: str
    why: str


class Patch(Struct):
    """New content of files, and the words beside it."""

    files: dict[str, bytes] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def diff(self, read: Read) -> str:
        """A unified diff that ``git apply`` takes."""
        return "".join(diff(file, read(file), self.files[file]) for file in sorted(self.files))


class Rightsizing:
    """Patches of what Git declares, from the metrics' resources beside it."""

    def __init__(self, targets: Sequence[Target], read: Read) -> None:
        self._read = read
        self._metrics = [each for target in targets for each in target.resources if each.group == "metrics"]
        self._workloads = _declared(targets)
        self._groups = [
            each
            for target in targets
            for each in target.resources
            if each.kind == "aws_eks_node_group" and each.origin.source == "git"
        ]
        self.patch = Patch()

    def requests(self) -> Patch:
        """The requests of all workloads that metrics tell of."""
        for usage in self._metrics:
            if usage.kind == "WorkloadUsage":
                for row in usage.body["rows"]:
                    self._row(usage.body["workload"], row)
        return self.patch

    def fleet(self, fleet: Mapping[str, Any], plan: Mapping[str, Any] | Unknown) -> Patch:
        """The node group of Terraform that holds the always-on nodes, as ``facts.fleet_plan`` would have it."""
        types = {node["instance_type"] for node in fleet["nodes"]}
        what = f"{len(fleet['nodes'])} × {', '.join(sorted(types))}"
        if isinstance(plan, Unknown):
            self.patch.refusals.append(Refusal(what, plan.reason))
        elif plan["plan"]:
            try:
                self._group(what, types, len(fleet["nodes"]), plan)
            except Refused as refusal:
                self.patch.refusals.append(Refusal(what, str(refusal)))
        return self.patch

    def _group(self, what: str, types: set[str], count: int, plan: Mapping[str, Any]) -> None:
        groups = [each for each in self._groups if set(_types(each)) == types]
        if len(groups) != 1:
            raise Refused(
                f"{plan['plan']} would do, and {len(groups)} aws_eks_node_group of Git have this type"
            )
        group, nodes = groups[0], plan["nodes"]
        sizes = ("scaling_config", 0)
        least, wanted = (get(group.body, (*sizes, f"{each}_size"), None) for each in ("min", "desired"))
        if wanted != count:
            raise Refused(f"{group.name} wants {wanted} nodes and {count} run: bring Git up to date first")
        self.set(group, ("instance_types", 0), plan["instance_type"])
        self.set(group, (*sizes, "desired_size"), nodes)
        if type(least) is int and least > nodes:
            self.set(group, (*sizes, "min_size"), nodes)
        proof = f"{plan['usd_per_hour']:.4f} -> {plan['plan_usd_per_hour']:.4f} USD an hour (-{plan['saved']:.0%})"
        self.patch.changes.append(Change(group.origin.file, group.name, what, plan["plan"], proof))

    def _row(self, workload: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        title = f"{workload['kind']} {workload['namespace']}/{workload['name']}"
        what = f"{title}, container {row['container']}: {row['resource']}"
        try:
            if "suggestion" not in row:
                raise Refused(row["refused"])
            self._change(what, self._twin(workload), row)
        except Refused as refusal:
            self.patch.refusals.append(Refusal(what, str(refusal)))

    def _twin(self, workload: Mapping[str, Any]) -> Resource:
        kind, namespace, name = workload["kind"], workload["namespace"], workload["name"]
        found = self._workloads.get((kind, namespace, name)) or self._workloads.get((kind, "", name), [])
        if not found:
            raise Refused("Git does not declare it")
        if len(found) > 1:
            raise Refused(
                "Git declares it in several places: " + ", ".join(sorted(each.origin.file for each in found))
            )
        return found[0]

    def _change(self, what: str, twin: Resource, row: Mapping[str, Any]) -> None:
        suggestion, resource = row["suggestion"], row["resource"]
        path, container = _container(twin, row["container"])
        now = dig(container, ("resources", "requests", resource))
        limit = _amount(dig(container, ("resources", "limits", resource)))
        if limit is not None and suggestion["value"] > limit:
            raise Refused(f"{suggestion['text']} is above its limit; raise that first")
        before = _amount(now)
        if before and abs(suggestion["value"] / before - 1) < WORTH:
            return
        place = (*path, "resources", "requests", resource)
        self.set(twin, place, suggestion["text"])
        proof = f"exceeded in {suggestion['exceeded']:.1%} of {suggestion['tested']} samples held out"
        self.patch.changes.append(
            Change(twin.origin.file, what, "none" if now is None else str(now), suggestion["text"], proof)
        )

    def set(self, resource: Resource, path: Path, value: object) -> None:
        """Write one value, on top of what was written before. Refused where it cannot be."""
        at = getattr(resource.origin, "editable_at", None)
        if at is None:
            raise Refused(f"{resource.origin.file} cannot be edited")
        site: Editable = at(path)
        before = self.patch.files.get(site.file)
        if before is not None:
            if site.again is None:
                raise Refused("another change of the same file comes first; ask again after it")
            site = site.again(before)
        text = self._read(site.file) if before is None else before
        self.patch.files[site.file] = apply(text, [site.set(path, value)])


def _types(group: Resource) -> list[str]:
    listed = group.body.get("instance_types")
    return [each for each in listed if type(each) is str] if type(listed) is list else []


def _declared(targets: Iterable[Target]) -> dict[tuple[str, str, str], list[Resource]]:
    """Git's workloads by kind, namespace and name; the same file in several targets counts once."""
    found: dict[tuple[str, str, str], dict[str, Resource]] = {}
    for target in targets:
        for each in target.resources:
            if each.origin.source == "git" and (each.group, each.kind) in TEMPLATES:
                key = (each.kind, each.namespace, each.name)
                found.setdefault(key, {}).setdefault(each.origin.file, each)
    return {key: list(files.values()) for key, files in found.items()}


def _container(twin: Resource, name: str) -> tuple[Path, Any]:
    for path, container in _containers(twin):
        if type(container) is dict and container.get("name") == name:
            return path, container
    raise Refused(f"its manifest has no container {name}: something injects it")


def _containers(twin: Resource) -> Iterator[tuple[Path, Any]]:
    base = (*TEMPLATES[twin.group, twin.kind], "spec")
    for field_name in ("containers", "initContainers"):
        listed = dig(twin.body, (*base, field_name))
        for number, container in enumerate(listed if type(listed) is list else ()):
            yield (*base, field_name, number), container


def _amount(text: Any) -> float | None:
    try:
        return None if text is None else float(parse_quantity(text))
    except QuantityError:
        return None
