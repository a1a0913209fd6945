"""What one file says on its own: keys in its text, a Dockerfile, rules, dashboards, Kubernetes objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct, field

from auditor.model import Resource
from auditor.sources import monitoring, texts
from auditor.sources.interface import Counts
from auditor.sources.manifests import Read, Wanted, read_manifests
from auditor.sources.stdin import STDIN
from auditor.spans import Problem

MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")


class FileReading(Struct):
    """One file, read."""

    loose: bool
    """Whether its objects were looked for: nobody else had claimed the file."""
    texts: list[Resource] = field(default_factory=list)
    """What it says whoever claims it."""
    objects: list[Resource] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    gaps: list[Problem] = field(default_factory=list)
    documents: int = 0
    skipped: int = 0


class Trace(Struct):
    """What a collector asked of the checkout besides the list of files."""

    reads: set[str] = field(default_factory=set)
    asked: dict[str, bool] = field(default_factory=dict)
    """Whether each of these is a file of the tree."""


class Outcome(Struct):
    """What a collector that found no target left behind."""

    claimed: list[str]
    problems: list[Problem]
    gaps: list[Problem]
    warnings: list[Problem]
    counts: Counts


class Readings(Protocol):
    """Keeps readings between runs."""

    def outcome(self, collector: str, given: Iterable[str], is_file: Callable[[str], bool]) -> Outcome | None:
        """What the collector left when it was given the same, and everything it read was as it is now."""

    def keep_outcome(self, collector: str, given: Iterable[str], trace: Trace, outcome: Outcome) -> None:
        """Remember what a collector left."""

    def get(self, path: str, *, loose: bool) -> FileReading | None:
        """What the file says if it is as it was when last read; None when it must be read."""

    def keep(self, path: str, data: bytes, reading: FileReading) -> None:
        """Remember what a file with these bytes says."""


def is_manifest(path: str) -> bool:
    """Whether a file is looked at for Kubernetes objects."""
    return path.endswith(MANIFEST_SUFFIXES) or path == STDIN


def may_hold_objects(data: bytes) -> bool:
    """Whether a file can hold Kubernetes objects at all.

    A key can be written with escapes or in UTF-16: with a backslash or a NUL in the file the parser decides.
    """
    return b"apiVersion" in data or b"\\" in data or b"\0" in data


def read_into(found: FileReading, path: str, data: bytes, read: Read, wanted: Wanted) -> None:
    """Fill in everything that one file says; its objects only when it is loose."""
    found.texts += texts.resources_of(path, data, read)
    problem = texts.oversized(path, data)
    if problem is not None:
        found.problems.append(problem)
    if not is_manifest(path):
        return
    found.texts += monitoring.resources_of(path, data, read)
    if found.loose and may_hold_objects(data):
        manifest = read_manifests(path, data, read, wanted)
        found.objects, found.gaps = manifest.resources, manifest.gaps
        found.problems += manifest.problems
        found.documents, found.skipped = manifest.documents, manifest.skipped
