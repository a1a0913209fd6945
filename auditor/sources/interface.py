"""What every source hands over: an inventory of targets, and what could not be had."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import asdict

from auditor.model import Target
from auditor.spans import Problem
from auditor.waiver_comments import Mark


class Counts(Struct):
    """What was read, for the report."""

    files: int = 0
    manifests: int = 0
    documents: int = 0
    skipped_documents: int = 0
    terraform_files: int = 0
    other_files: int = 0

    def plus(self, other: Counts, times: int = 1) -> Counts:
        """These and the others; with ``times`` -1 what these have more than the others."""
        theirs = asdict(other)
        return Counts(**{name: number + times * theirs[name] for name, number in asdict(self).items()})


class Inventory(Struct):
    """Targets with their resources, and every input that could not be used.

    ``problems`` make a run incomplete (exit code 3): an input was there and could not be read, parsed or
    rendered. ``gaps`` do not: they need a tool or a permission that this run does not have, and become
    not-assessed rows.
    """

    targets: list[Target] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    gaps: list[Problem] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    marks: list[Mark] = field(default_factory=list)
    """Comments that ask for a waiver, in the order of files and lines."""
    warnings: list[Problem] = field(default_factory=list)
    """Things to know that change no verdict."""
    files: frozenset[str] = frozenset()
    """Every file of the tree, read or not: links from one file to another are checked against them."""
    unrendered: dict[str, frozenset[str]] = field(default_factory=dict)
    """Kustomizations that cannot be rendered here, with the files of the tree that they apply."""

    commit: str = ""
    """The commit that the tree is at, where something live is held against it."""

    def merged(self, other: Inventory) -> Inventory:
        """Both inventories as one; targets keep their order."""
        return Inventory(
            self.targets + other.targets,
            self.problems + other.problems,
            self.gaps + other.gaps,
            self.counts.plus(other.counts),
            self.marks + other.marks,
            self.warnings + other.warnings,
            self.files | other.files,
            self.unrendered | other.unrendered,
            self.commit or other.commit,
        )


class Source(Protocol):
    """One place to read resources from."""

    def collect(self) -> Inventory:
        """Read everything; problems become rows, never exceptions."""
