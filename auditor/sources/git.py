"""A Git repository (or any directory) → inventory: every input is found by itself.

Each kind of input has a module of its own that takes the files it understands from the :class:`Checkout`,
adds targets and claims the files, so that nothing is judged twice. What nobody claimed is the loose rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field

from auditor.guard import one_row
from auditor.model import Target
from auditor.progress import over
from auditor.sources.interface import Counts, Inventory
from auditor.sources.manifests import ParsedFile
from auditor.sources.reading import FileReading, Outcome, Readings, Trace, is_manifest, read_into
from auditor.sources.tree import Tree, Unreadable
from auditor.spans import Problem

if TYPE_CHECKING:
    from auditor.sources.sandbox import Memory

LOOSE = "loose"
CRD = "CustomResourceDefinition"

Shared = TypeVar("Shared")


class Collector(Struct, frozen=True):
    """A module with ``collect(checkout)``; imported only when a file's path has one of these endings."""

    module: str
    endings: tuple[str, ...]


COLLECTORS = (
    Collector("auditor.sources.kustomize", ("kustomization.yaml", "kustomization.yml", "Kustomization")),
    Collector("auditor.sources.helm", ("Chart.yaml",)),
    Collector("auditor.sources.terraform", (".tf", ".json")),
)
"""In the order in which they may claim files; the loose rest is last."""

REGROUPER = "auditor.sources.argocd"
REGROUPED = frozenset({"Application", "ApplicationSet"})
"""When resources of these kinds were found, the regrouper puts targets together as they are deployed."""


class GitOptions(Struct):
    """How to read a checkout."""

    render: bool = True
    """Render kustomizations and charts; off: judge their files as they lie there."""
    full_parse: bool = False
    """Parse also documents of kinds that no policy asks for."""
    exclude: Sequence[str] = ()
    """Globs of paths that are left out."""
    argocd_repositories: Sequence[str] = ()
    """URLs that mean this repository; none given: any, when the path exists here."""
    memory: Memory | None = None
    """Where renderings are kept between runs."""
    readings: Readings | None = None
    """What files said when they were last read."""


class Checkout(Struct):
    """What the collectors share: the files, their parsed manifests, and who has claimed what."""

    tree: Tree
    options: GitOptions
    files: list[str]
    inventory: Inventory = field(default_factory=Inventory)
    claimed: set[str] = field(default_factory=set)
    texts: Target = field(default_factory=lambda: Target("files", "loose", "."))
    trace: Trace = field(default_factory=Trace)
    """What the collector at work has asked for."""
    _parsed: dict[str, ParsedFile] = field(default_factory=dict)
    _shared: dict[Callable[[Checkout], Any], Any] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """Bytes of a file; :class:`Unreadable` when that is impossible."""
        self.trace.reads.add(path)
        parsed = self._parsed.get(path)
        return self.tree.read(path) if parsed is None else parsed.file.data

    def parsed(self, path: str) -> ParsedFile:
        """Every document of one YAML or JSON file, parsed once; :class:`Unreadable` as for :meth:`read`."""
        self.trace.reads.add(path)
        found = self._parsed.get(path)
        if found is None:
            found = self._parsed[path] = ParsedFile(path, self.read)
        return found

    def has_file(self, path: str) -> bool:
        """Whether ``path`` is a file inside the tree, ignored by Git or not."""
        found = self.trace.asked[path] = self.tree.has_file(path)
        return found

    def shared(self, make: Callable[[Checkout], Shared]) -> Shared:
        """What ``make`` gives for this checkout, made once for all collectors."""
        if make not in self._shared:
            self._shared[make] = make(self)
        found: Shared = self._shared[make]
        return found

    def wanted(self, api_version: str, kind: str) -> bool:
        """Whether anything asks for objects of this kind."""
        return self.options.full_parse or kind != CRD

    def claim(self, paths: Iterable[str]) -> None:
        """Take files out of the loose rest."""
        self.claimed.update(paths)

    def guarded(self, file: str, what: str) -> AbstractContextManager[None]:
        """A block that gives a row about ``file`` when it breaks: ``what`` could not be done."""
        return one_row(self.inventory.problems.append, file, what)

    def add(self, target: Target) -> None:
        """Add a target to the inventory; one whose name is taken (a chart in a Terraform root) bears its kind."""
        if any(each.name == target.name for each in self.inventory.targets):
            target.name = f"{target.kind}:{target.name}"
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
        for collector in COLLECTORS:
            if any(path.endswith(collector.endings) for path in checkout.files):
                _collect(collector.module, checkout)
        _read_all(checkout)
        if self._options.render and any(
            each.kind in REGROUPED and each.group == "argoproj.io"
            for target in checkout.inventory.targets
            for each in target.resources
        ):
            with checkout.guarded(".", "what Argo CD deploys could not be put together"):
                import_module(REGROUPER).collect(checkout)
        return checkout.inventory

    def _files(self) -> list[str]:
        files = self._tree.files()
        if not self._options.exclude:
            return files
        from auditor.sources.ignore import Ignore

        excluded = Ignore(self._options.exclude)
        return [path for path in files if not excluded.covers(path)]


def _collect(module: str, checkout: Checkout) -> None:
    """Run a collector. Where nothing is rendered it mostly claims files: that is replayed while they stay the same."""
    kept = None if checkout.options.render else checkout.options.readings
    if kept is None:
        _run(module, checkout)
        return
    given = [*checkout.files, "", *sorted(checkout.claimed)]
    outcome = kept.outcome(module, given, checkout.tree.has_file)
    if outcome is not None:
        _leave(checkout, outcome)
        return
    counts, claimed = checkout.inventory.counts.plus(Counts()), set(checkout.claimed)
    rows = [len(listed) for listed in _rows(checkout.inventory)]
    checkout.trace = Trace()
    _run(module, checkout)
    found_nothing = not checkout.inventory.targets and not checkout.texts.resources
    if found_nothing and checkout.trace.reads.issubset(checkout.files):
        problems, gaps, warnings = (
            listed[start:] for listed, start in zip(_rows(checkout.inventory), rows, strict=True)
        )
        added = checkout.inventory.counts.plus(counts, -1)
        left = Outcome(sorted(checkout.claimed - claimed), problems, gaps, warnings, added)
        kept.keep_outcome(module, given, checkout.trace, left)


def _run(module: str, checkout: Checkout) -> None:
    with checkout.guarded(".", f"what {module.rpartition('.')[2]} declares could not be read"):
        import_module(module).collect(checkout)


def _rows(inventory: Inventory) -> tuple[list[Problem], list[Problem], list[Problem]]:
    return inventory.problems, inventory.gaps, inventory.warnings


def _leave(checkout: Checkout, outcome: Outcome) -> None:
    checkout.claim(outcome.claimed)
    inventory = checkout.inventory
    inventory.problems += outcome.problems
    inventory.gaps += outcome.gaps
    inventory.warnings += outcome.warnings
    inventory.counts = inventory.counts.plus(outcome.counts)


def _read_all(checkout: Checkout) -> None:
    """Read every file once: texts for keys, Dockerfiles, and the manifests that nobody claimed."""
    loose = Target(LOOSE, "loose", ".")
    for path in over(checkout.files, "reading files", len(checkout.files)):
        reading = _reading(checkout, path)
        if reading is not None:
            _take(checkout, loose, reading)
    for target in (loose, checkout.texts):
        if target.resources:
            checkout.add(target)


def _reading(checkout: Checkout, path: str) -> FileReading | None:
    """What one file says: as it was kept, else read now; None (and a row) where it cannot be read."""
    kept, loose = checkout.options.readings, path not in checkout.claimed
    known = kept.get(path, loose=loose) if kept is not None else None
    if known is not None:
        return known
    try:
        data = checkout.read(path)
    except Unreadable as error:
        _unread(checkout, path, error)
        return None
    reading = FileReading(loose)
    with checkout.guarded(path, "the file could not be read"):
        read_into(reading, path, data, checkout.read, checkout.wanted)
        if kept is not None:
            kept.keep(path, data, reading)
    return reading


def _unread(checkout: Checkout, path: str, error: Unreadable) -> None:
    """A row for what cannot be read; none for a link to a folder of the tree, whose files are listed there."""
    tree, inventory = checkout.tree, checkout.inventory
    if not tree.has_folder(path):
        if is_manifest(path) or not error.too_large:
            inventory.problems.append(Problem(path, 0, 0, error.what, error.repair))
    elif not (tree.root / path).is_symlink():
        what = "a Git submodule that is not checked out: nothing in it was judged"
        inventory.gaps.append(Problem(path, 0, 0, what, "git submodule update --init"))


def _take(checkout: Checkout, loose: Target, reading: FileReading) -> None:
    """Add what a file says to the inventory."""
    inventory, counts = checkout.inventory, checkout.inventory.counts
    checkout.texts.resources += reading.texts
    loose.resources += reading.objects
    inventory.problems += reading.problems
    inventory.gaps += reading.gaps
    if not reading.loose:
        return
    counts.documents += reading.documents
    counts.skipped_documents += reading.skipped
    if reading.objects or reading.skipped:
        counts.manifests += 1
    else:
        counts.other_files += 1
