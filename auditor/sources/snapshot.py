"""Snapshots: what live sources read, as one JSON file. Judged again, it gives the same report, byte for byte.

A snapshot is a test fixture, a bug report and the way to audit what cannot be reached. Keys and passwords are taken
out where they are read, not here: what is judged live and what is saved are the same data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from auditor import __version__
from auditor.errors import UsageError
from auditor.model import Nowhere, Resource, RunningPod, Target
from auditor.reach import Domain, Reach, Unread
from auditor.sources.live import Needs, Reading, Request
from auditor.spans import Problem
from auditor.timestamps import stamp
from auditor.unknown import Unknown

SCHEMA_VERSION = 1
_MARK = "$unknown"


class SavedUnread(Struct, omit_defaults=True):
    """A kind that was not at hand, and the act that repairs it."""

    api_version: str
    kind: str
    reason: str
    repair: str = ""


class SavedReach(Struct, omit_defaults=True):
    """What was read whole, as ``[group, kind]``, and what was not."""

    domain: Domain
    read: list[tuple[str, str]] = field(default_factory=list)
    unread: list[SavedUnread] = field(default_factory=list)
    skipped: list[SavedUnread] = field(default_factory=list)
    absent: list[SavedUnread] = field(default_factory=list)
    others: list[tuple[str, str]] | None = None


class SavedResource(Struct, omit_defaults=True):
    """One object. ``file`` is the name that reports give it; unknown values are ``{"$unknown": [why, repair]}``."""

    api_version: str
    kind: str
    name: str
    file: str
    body: dict[str, Any]
    namespace: str = ""


class SavedTarget(Struct, omit_defaults=True):
    """One live target."""

    name: str
    path: str
    source: str
    taken: str
    reach: SavedReach
    cluster: str = ""
    resources: list[SavedResource] = field(default_factory=list)
    pods: list[RunningPod] = field(default_factory=list)
    given: list[str] = field(default_factory=list)


class SavedRow(Struct, omit_defaults=True):
    """A problem, gap or warning."""

    file: str
    what: str
    repair: str = ""


class SavedReading(Struct, omit_defaults=True):
    """What one source handed over."""

    source: str
    label: str
    taken: str
    targets: list[SavedTarget] = field(default_factory=list)
    problems: list[SavedRow] = field(default_factory=list)
    gaps: list[SavedRow] = field(default_factory=list)
    warnings: list[SavedRow] = field(default_factory=list)


class Snapshot(Struct):
    """The whole file. ``taken`` is the clock of the audit that wrote it."""

    schema_version: int
    tool_version: str
    taken: str
    readings: list[SavedReading]


class _Header(Struct):
    """What can be read of a snapshot of any version."""

    schema_version: int = 0


def encoded(readings: Iterable[Reading], now: datetime) -> bytes:
    """Readings as a snapshot: sorted keys, one line, so that the same readings give the same bytes."""
    saved = Snapshot(SCHEMA_VERSION, __version__, stamp(now), [_saved(each) for each in readings])
    return msgspec.json.encode(saved, enc_hook=_plain, order="sorted") + b"\n"


def moment(text: str) -> datetime:
    """The time that :func:`clock` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def decoded(data: bytes, name: str) -> tuple[list[Reading], datetime]:
    """What :func:`encoded` was given. UsageError for a file that is no snapshot, or of another version."""
    try:
        version = msgspec.json.decode(data, type=_Header).schema_version
        if version == SCHEMA_VERSION:
            found = msgspec.json.decode(data, type=Snapshot)
            return [_reading(each) for each in found.readings], moment(found.taken)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{name}: no snapshot: {error}; write one with auditor check --save-snapshot"
        ) from error
    raise UsageError(
        f"{name}: snapshot of schema version {version}, this is version {SCHEMA_VERSION}; take it again"
    )


class SnapshotSource:
    """A saved reading in place of a live one."""

    def __init__(self, request: Request) -> None:
        self._file = request.address

    def read(self, needs: Needs) -> Sequence[Reading]:
        """Everything that the file holds."""
        del needs
        return load(self._file)[0]


def load(file: str) -> tuple[list[Reading], datetime]:
    """A snapshot and its clock. UsageError for a file that cannot be read."""
    try:
        return decoded(Path(file).read_bytes(), file)
    except OSError as error:
        raise UsageError(f"{file}: {(error.strerror or type(error).__name__).lower()}") from error


def save(file: Path, readings: Iterable[Reading], now: datetime) -> None:
    """Write a snapshot. UsageError where that is impossible."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(readings, now))
    except OSError as error:
        what = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"--save-snapshot {file} cannot be written: {what}; name another file") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return {_MARK: [value.reason, value.repair]}
    raise NotImplementedError(f"{type(value).__name__} cannot be saved in a snapshot")


def _saved(reading: Reading) -> SavedReading:
    return SavedReading(
        reading.source,
        reading.label,
        reading.taken,
        [_saved_target(target) for target in reading.targets],
        _saved_rows(reading.problems),
        _saved_rows(reading.gaps),
        _saved_rows(reading.warnings),
    )


def _saved_rows(rows: Iterable[Problem]) -> list[SavedRow]:
    return [SavedRow(row.file, row.what, row.repair) for row in rows]


def _saved_target(target: Target) -> SavedTarget:
    assert target.reach is not None
    resources = [
        SavedResource(each.api_version, each.kind, each.name, each.origin.file, each.body, each.namespace)
        for each in target.resources
    ]
    reach = _saved_reach(target.reach)
    return SavedTarget(
        target.name,
        target.path,
        target.source,
        target.taken,
        reach,
        target.cluster,
        resources,
        target.pods,
        sorted(target.given),
    )


def _saved_reach(reach: Reach) -> SavedReach:
    unread, skipped, absent = (
        [SavedUnread(each.api_version, each.kind, each.why.reason, each.why.repair) for each in rows.values()]
        for rows in (reach.unread, reach.skipped, reach.absent)
    )
    others = None if reach.others is None else sorted(reach.others)
    return SavedReach(reach.domain, sorted(reach.read), unread, skipped, absent, others)


def _reading(saved: SavedReading) -> Reading:
    return Reading(
        source=saved.source,
        label=saved.label,
        taken=saved.taken,
        targets=[_target(target) for target in saved.targets],
        problems=_rows(saved.problems),
        gaps=_rows(saved.gaps),
        warnings=_rows(saved.warnings),
    )


def _rows(rows: Iterable[SavedRow]) -> list[Problem]:
    return [Problem(row.file, 0, 0, row.what, row.repair) for row in rows]


def _target(saved: SavedTarget) -> Target:
    return Target(
        saved.name,
        "live",
        saved.path,
        [_resource(each, saved.source) for each in saved.resources],
        reach=_reach(saved.reach),
        pods=saved.pods,
        given=set(saved.given),
        source=saved.source,
        cluster=saved.cluster,
        taken=saved.taken,
    )


def _resource(saved: SavedResource, source: str) -> Resource:
    return Resource(
        saved.api_version,
        saved.kind,
        saved.namespace,
        saved.name,
        _unplain(saved.body),
        Nowhere(saved.file, source),
    )


def _unplain(value: Any) -> Any:
    if type(value) is dict:
        if len(value) == 1 and _MARK in value:
            return Unknown(*value[_MARK])
        return {key: _unplain(inner) for key, inner in value.items()}
    if type(value) is list:
        return [_unplain(inner) for inner in value]
    return value


def _reach(saved: SavedReach) -> Reach:
    unread, skipped, absent = (
        {
            (_group(each.api_version), each.kind): Unread(
                each.api_version, each.kind, Unknown(each.reason, each.repair)
            )
            for each in rows
        }
        for rows in (saved.unread, saved.skipped, saved.absent)
    )
    others = None if saved.others is None else frozenset(saved.others)
    return Reach(saved.domain, frozenset(saved.read), unread, skipped, absent, others)


def _group(api_version: str) -> str:
    group, slash, _ = api_version.partition("/")
    return group if slash or group == "terraform" else ""
