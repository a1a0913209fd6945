"""A Git repository (or any directory) → inventory: every input is found by itself.

Each kind of input has a module of its own that takes the files it understands from the :class:`Checkout`,
adds targets and claims the files, so that nothing is judged twice. What nobody claimed is the loose rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module

from auditor.model import Target
from auditor.sources import monitoring
from auditor.sources.interface import Inventory
from auditor.sources.manifests import ManifestFile, read_manifests
from auditor.sources.stdin import STDIN
from auditor.sources.texts import resources_of
from auditor.sources.tree import Tree, Unreadable
from auditor.spans import Problem

MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")
LOOSE = "loose"
CRD = "CustomResourceDefinition"

COLLECTORS: tuple[str, ...] = ("auditor.sources.terraform",)
"""Modules with ``collect(checkout)``, in the order in which they may claim files; the loose rest is last."""


@dataclass(slots=True)
class GitOptions:
    """How to read a checkout."""

    render: bool = True
    """Render kustomizations and charts; off: judge their files as they lie there."""
    full_parse: bool = False
    """Parse also documents of kinds that no policy asks for."""
    exclude: Sequence[str] = ()
    """Globs of paths that are left out."""


@dataclass(slots=True)
class Checkout:
    """What the collectors share: the files, their parsed manifests, and who has claimed what."""

    tree: Tree
    options: GitOptions
    files: list[str]
    inventory: Inventory = field(default_factory=Inventory)
    manifests: dict[str, ManifestFile] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    texts: Target = field(default_factory=lambda: Target("files", "loose", "."))

    def read(self, path: str) -> bytes:
        """Bytes of a file; :class:`Unreadable` when that is impossible."""
        return self.tree.read(path)

    def claim(self, paths: Iterable[str]) -> None:
        """Take files out of the loose rest."""
        self.claimed.update(paths)

    def add(self, target: Target) -> None:
        """Add a target to the inventory."""
        self.inventory.targets.append(target)


class GitSource:
    """Reads one directory or file."""

    def __init__(self, tree: Tree, options: GitOptions | None = None) -> None:
        self._tree = tree
        self._options = options or GitOptions()

    def collect(self) -> Inventory:
        """Targets in a stable order: what the collectors found, then the loose rest."""
        checkout = Checkout(self._tree, self._options, self._files())
        checkout.inventory.counts.files = len(checkout.files)
        checkout.inventory.files = frozenset(checkout.files)
        _read_all(checkout)
        for module in COLLECTORS:
            import_module(module).collect(checkout)
        _loose(checkout)
        if checkout.texts.resources:
            checkout.add(checkout.texts)
        return checkout.inventory

    def _files(self) -> list[str]:
        files = self._tree.files()
        if not self._options.exclude:
            return files
        from pathspec import GitIgnoreSpec

        spec = GitIgnoreSpec.from_lines(self._options.exclude)
        return [path for path in files if not spec.match_file(path)]


def _read_all(checkout: Checkout) -> None:
    """Read every file once: texts for keys, Dockerfiles, and whatever may hold Kubernetes objects."""
    wanted = None if checkout.options.full_parse else _wanted
    for path in checkout.files:
        manifest = path.endswith(MANIFEST_SUFFIXES) or path == STDIN
        try:
            data = checkout.read(path)
        except Unreadable as error:
            if manifest or not error.too_large:
                checkout.inventory.problems.append(Problem(path, 0, 0, error.what, error.repair))
            continue
        checkout.texts.resources += resources_of(path, data)
        if manifest and may_hold_objects(data):
            checkout.manifests[path] = read_manifests(path, data, checkout.read, wanted)
        else:
            checkout.inventory.counts.other_files += 1
        if manifest:
            checkout.texts.resources += monitoring.resources_of(path, data, checkout.read)


def _wanted(api_version: str, kind: str) -> bool:
    return kind != CRD


def may_hold_objects(data: bytes) -> bool:
    """Whether a file can hold Kubernetes objects at all.

    A key can be written with escapes or in UTF-16: with a backslash or a NUL in the file the parser decides.
    """
    return b"apiVersion" in data or b"\\" in data or b"\0" in data


def _loose(checkout: Checkout) -> None:
    """Whatever manifests nobody claimed are one target."""
    target = Target(LOOSE, "loose", ".")
    inventory = checkout.inventory
    for path, manifest in sorted(checkout.manifests.items()):
        if path in checkout.claimed:
            continue
        inventory.counts.documents += manifest.documents
        inventory.counts.skipped_documents += manifest.skipped
        if manifest.resources or manifest.skipped:
            inventory.counts.manifests += 1
        else:
            inventory.counts.other_files += 1
        target.resources += manifest.resources
        inventory.problems += manifest.problems
    if target.resources:
        inventory.targets.append(target)


Collector = Callable[[Checkout], None]
