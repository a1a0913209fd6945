"""A graph while it is drawn: nodes and edges by identity, each drawn once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from auditor.assemble import location
from auditor.model import Path, Resource, Status, Verdict
from auditor.report import Graph, GraphEdge, GraphNode, StatusName
from auditor.unknown import Unknown
from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World

_GRAVITY = (Status.FAIL, Status.ERROR, Status.WAIVED, Status.NOT_ASSESSED, Status.PASS)


class Grades:
    """The gravest verdict on each resource, or on a part of it."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        self._of: dict[int, list[Verdict]] = {}
        for verdict in verdicts:
            if verdict.status in _GRAVITY:
                self._of.setdefault(id(verdict.resource), []).append(verdict)

    def gravest(self, resource: Resource, path: Path = ()) -> StatusName | str:
        """'' when nothing judged it. ``path`` narrows to verdicts on that part of the body."""
        here = [each for each in self._of.get(id(resource), ()) if each.path[: len(path)] == path]
        return min((each.status for each in here), key=_GRAVITY.index, default="")


class Draft:
    """One graph in the making. Nodes are named by target and resource, so that graphs can be laid together."""

    def __init__(self, world: World, grades: Grades, workload: Resource) -> None:
        self.world = world
        self.workload = workload
        self._grades = grades
        self._nodes: dict[str, GraphNode] = {}
        self._edges: dict[tuple[str, str], GraphEdge] = {}
        self.centre = self.resource(workload)

    def resource(self, resource: Resource, path: Path = (), label: str = "") -> str:
        """The node of a resource, or of the part of it that stands at ``path``."""
        name = self._name(resource)
        if path:
            name += f"#{'.'.join(map(str, path))}"
        if name not in self._nodes:
            self._nodes[name] = GraphNode(
                name,
                label or _label(resource),
                resource.kind,
                location(resource.origin.locate(path)),
                self._grades.gravest(resource, path),  # type: ignore[arg-type]
            )
        return name

    def at(self, ref: str) -> tuple[Resource, Path] | None:
        """Where a ref of a fact leads."""
        return self.world.resolve(ref)

    def of_ref(self, ref: str, label: str = "") -> str | None:
        """The node of the resource that a ref leads to; None where it leads nowhere."""
        found = self.at(ref)
        return None if found is None else self.resource(found[0], label=label)

    def missing(self, label: str, kind: str) -> str:
        """The node of something that should be there and is not."""
        return self._absent(label, kind, "fail")

    def unsure(self, label: str, kind: str) -> str:
        """The node of something that may be declared elsewhere."""
        return self._absent(label, kind, "not-assessed")

    def several(self, label: str, kind: str) -> str:
        """One node for many things that would crowd the drawing."""
        return self._absent(label, kind, "")

    def _absent(self, label: str, kind: str, status: StatusName | str) -> str:
        name = f"{self._name(self.workload)}?{kind}/{label}"
        if name not in self._nodes:
            self._nodes[name] = GraphNode(name, label, kind, None, status)  # type: ignore[arg-type]
        return name

    def join(self, start: str, end: str, label: str, *, ok: bool = True) -> None:
        """An edge; two between the same nodes become one that says both."""
        before = self._edges.get((start, end))
        if before is not None:
            label = before.label if label in before.label.split("; ") else f"{before.label}; {label}"
            ok = ok and before.ok
        self._edges[start, end] = GraphEdge(start, end, label, ok)

    def fact(self, name: str, instance: Instance) -> dict[str, Any]:
        """A fact that answers with fields; none of them where it is unknown."""
        found = self.world.fact(name, instance)
        return found if type(found) is dict else {}

    def graph(self, name: str) -> Graph:
        """What was drawn, the workload first."""
        return Graph(name, tuple(self._nodes.values()), tuple(self._edges.values()))

    def _name(self, resource: Resource) -> str:
        """Target and key; loose files of other folders may declare the same key, so there the file counts too."""
        target = self.world.target
        for tied in self.world.tied:
            if any(each is resource for each in tied.resources):
                target = tied
        file = f"{resource.origin.file}:" if target.kind == "loose" else ""
        return f"{target.name}:{file}{resource.key}"


def _label(resource: Resource) -> str:
    if resource.api_version == "terraform":
        return resource.name.removeprefix(f"{resource.kind}.")
    return resource.name


def told(value: Any) -> str:
    """A value for a label; ``?`` where it is not known."""
    return "?" if isinstance(value, Unknown) else str(value)


def object_of(resource: Resource) -> Instance:
    """A resource for facts that read nothing but the resource."""
    return Instance("Object", resource, resource.body)


def surely_not(value: Any) -> bool:
    """Whether an answer is false, not merely unknown."""
    return value is False


def listing(texts: Iterable[str], most: int = 3) -> str:
    """``a, b, c and 2 more``."""
    found = list(texts)
    left = len(found) - most
    return ", ".join(found[:most]) + (f" and {left} more" if left > 0 else "")
