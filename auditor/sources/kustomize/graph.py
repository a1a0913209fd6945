"""Every kustomization of a checkout, who includes whom, and which of them can be rendered here."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from msgspec import Struct, field

from auditor.model import Path
from auditor.sources.git import Checkout
from auditor.sources.kustomize.kustomization import (
    FLUX,
    NAMES,
    Kustomization,
    Reference,
    foreign_plugin,
    is_remote,
    plugin_inputs,
    resolve,
)
from auditor.sources.tree import Unreadable
from auditor.spans import Problem

NETWORK = "copy it into the repository, or audit what it renders to: kubectl kustomize DIR | auditor check -"


class Node(Struct):
    """One kustomization folder."""

    folder: str
    path: str
    kustomization: Kustomization | None = None
    children: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    gaps: list[Problem] = field(default_factory=list)
    """Why it cannot be rendered here although nothing is wrong with it."""
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with it."""

    @property
    def is_component(self) -> bool:
        """A component cannot be rendered on its own."""
        return self.kustomization is not None and self.kustomization.is_component


class Graph:
    """Kustomizations by folder, and what each of them reaches."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._files = set(checkout.files)
        self.nodes: dict[str, Node] = {}
        for path in checkout.files:
            if posixpath.basename(path) in NAMES:
                self._add(path)
        for node in self.nodes.values():
            if node.kustomization:
                self._connect(node, node.kustomization)
        self._closures: dict[str, list[Node]] = {}

    def closure(self, folder: str) -> list[Node]:
        """The kustomization and all that it includes, itself first."""
        found = self._closures.get(folder)
        if found is None:
            seen = {folder: self.nodes[folder]}
            stack = [folder]
            while stack:
                for child in self.nodes[stack.pop()].children:
                    if child not in seen:
                        seen[child] = self.nodes[child]
                        stack.append(child)
            found = self._closures[folder] = list(seen.values())
        return found

    def can_render(self, folder: str) -> bool:
        """Whether nothing in its closure is missing, broken or out of reach."""
        return not self.nodes[folder].is_component and not any(
            node.gaps or node.problems for node in self.closure(folder)
        )

    def roots(self) -> list[str]:
        """What to render: each kustomization that can be rendered and that no other such one includes."""
        able = [folder for folder in self.nodes if self.can_render(folder)]
        included = {child for folder in able for child in self.nodes[folder].children if child != folder}
        roots = [folder for folder in able if folder not in included]
        return sorted(set(roots) | self._cycles(able, roots))

    def _cycles(self, able: Iterable[str], roots: Iterable[str]) -> set[str]:
        """One kustomization of every ring that includes itself: kustomize names the ring when it renders it."""
        reached = {node.folder for root in roots for node in self.closure(root)}
        found: set[str] = set()
        for folder in sorted(able):
            if folder not in reached:
                found.add(folder)
                reached |= {node.folder for node in self.closure(folder)}
        return found

    def users(self, path: str, among: Iterable[str]) -> list[str]:
        """Those of ``among`` whose closure holds the file ``path``."""
        return [
            folder
            for folder in among
            if folder in self.nodes
            and any(
                path == node.path or path in node.resources or path in node.inputs
                for node in self.closure(folder)
            )
        ]

    def _add(self, path: str) -> None:
        """Read one kustomization file; a Flux object of that file name is none."""
        node = Node(posixpath.dirname(path), path)
        if node.folder in self.nodes:
            known = self.nodes[node.folder]
            known.inputs.append(path)
            known.problems.append(
                Problem(path, 0, 0, f"a second kustomization file beside {known.path}", "keep one of them")
            )
            return
        try:
            parsed = self._checkout.parsed(path)
        except Unreadable as error:
            node.problems.append(Problem(path, 0, 0, error.what, error.repair))
            self.nodes[node.folder] = node
            return
        documents = [each for each in parsed.documents if each.body is not None or each.problem]
        node.problems += [each.problem for each in documents if each.problem]
        body = documents[0].body if documents else None
        if type(body) is dict and str(body.get("apiVersion")).startswith(FLUX):
            return
        self.nodes[node.folder] = node
        if type(body) is dict and len(documents) == 1:
            node.kustomization = Kustomization(path, parsed, documents[0], body)
        elif not node.problems:
            line = documents[0].line if documents else 0
            node.problems.append(
                Problem(path, line, 0, "not one YAML mapping, as a kustomization is", "write one mapping")
            )

    def _connect(self, node: Node, kustomization: Kustomization) -> None:
        for reference in kustomization.resources():
            self._resource(node, kustomization, reference)
        for reference in kustomization.inputs():
            self._input(node, kustomization, reference)
        for reference in kustomization.plugins():
            self._plugin(node, kustomization, reference)
        for at, body in kustomization.inline_plugins():
            self._plugin_body(node, kustomization, at, body)
        for chart in kustomization.charts():
            self._gap(
                node,
                kustomization,
                chart.at,
                f"inflates the Helm chart {chart.text}, which kustomize does only with --enable-helm",
                "render the chart into the repository, or deploy it by an Argo CD Application of its own",
            )

    def _resource(self, node: Node, kustomization: Kustomization, reference: Reference) -> None:
        path = self._local(node, kustomization, reference)
        if path is None:
            return
        if self._is_file(path):
            node.resources.append(path)
        elif path in self.nodes:
            node.children.append(path)
        else:
            self._missing(node, kustomization, reference, path)

    def _input(self, node: Node, kustomization: Kustomization, reference: Reference) -> None:
        path = self._local(node, kustomization, reference)
        if path is None:
            return
        if self._is_file(path):
            node.inputs.append(path)
        else:
            self._missing(node, kustomization, reference, path)

    def _plugin(self, node: Node, kustomization: Kustomization, reference: Reference) -> None:
        path = self._local(node, kustomization, reference)
        if path is None:
            return
        if path in self.nodes and not self._is_file(path):
            node.children.append(path)
            for inner in self.closure_resources(path):
                self._plugin_file(node, kustomization, reference.at, inner)
        elif self._is_file(path):
            node.inputs.append(path)
            self._plugin_file(node, kustomization, reference.at, path)
        else:
            self._missing(node, kustomization, reference, path)

    def closure_resources(self, folder: str) -> list[str]:
        """Files that a folder of plugin configurations names directly."""
        kustomization = self.nodes[folder].kustomization
        if kustomization is None:
            return []
        found = (resolve(folder, reference.text) for reference in kustomization.resources())
        return [path for path in found if path is not None and self._is_file(path)]

    def _plugin_file(self, node: Node, kustomization: Kustomization, at: Path, path: str) -> None:
        try:
            documents = self._checkout.parsed(path).documents
        except Unreadable as error:
            node.problems.append(Problem(path, 0, 0, error.what, error.repair))
            return
        for document in documents:
            self._plugin_body(node, kustomization, at, document.body)

    def _plugin_body(self, node: Node, kustomization: Kustomization, at: Path, body: object) -> None:
        foreign = foreign_plugin(body)
        if foreign:
            what = f"runs {foreign}, which is code from outside kustomize"
            self._gap(node, kustomization, at, what, "audit what it renders to")
        elif isinstance(body, dict):
            for text in plugin_inputs(body):
                self._input(node, kustomization, Reference("plugin", at, text))

    def _local(self, node: Node, kustomization: Kustomization, reference: Reference) -> str | None:
        """The path that a reference means; None (and a row) when it leads to the network or out of the tree."""
        if is_remote(reference.text):
            self._gap(
                node, kustomization, reference.at, f"needs {_shown(reference.text)} from the network", NETWORK
            )
            return None
        path = resolve(node.folder, reference.text)
        if path is None:
            what = f"needs {_shown(reference.text)}, which is outside the audited directory"
            self._gap(node, kustomization, reference.at, what, "audit the directory that holds both")
        return path

    def _missing(self, node: Node, kustomization: Kustomization, reference: Reference, path: str) -> None:
        what = f"{reference.field} names {_shown(reference.text)}, and nothing is there: {path}"
        line = kustomization.line(reference.at)
        node.problems.append(Problem(node.path, line, 0, what, "add it, or take the entry out"))

    def _gap(self, node: Node, kustomization: Kustomization, at: Path, what: str, repair: str) -> None:
        node.gaps.append(Problem(node.path, kustomization.line(at), 0, what, repair))

    def _is_file(self, path: str) -> bool:
        return path in self._files or self._checkout.has_file(path)


def _shown(text: str) -> str:
    """A name from the tree, short enough for a row; credentials in URLs are not repeated."""
    scheme, separator, rest = text.strip().partition("://")
    if separator and "@" in rest.split("/", 1)[0]:
        text = f"{scheme}://{rest.partition('@')[2]}"
    return text if len(text) <= 200 else text[:200] + " …"
