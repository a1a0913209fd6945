"""Verdicts on loose files, kept as the rows and counts that the report is made of.

A file's verdicts hold while the file and those that its rows point to hold what they held, and, for each policy,
while nothing changed that the facts and views it asks for looked at (:mod:`auditor.looks`): comments and the times
of files are nothing to them. Waivers, the baseline and the clock come after. What is rendered, or read from
Terraform, is judged each time: whatever looked at it holds for one run only.
"""

# Annotations are not postponed: msgspec would evaluate each from its text, which takes ten times as long.
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from os import urandom
from typing import Any

import msgspec
from msgspec import Struct, field

from auditor.assemble import Row, present
from auditor.cache.readings import KeptReadings, encoded
from auditor.cache.store import Store, digest, fingerprint
from auditor.engine import Counted, Engine
from auditor.looks import things_of
from auditor.model import Resource, Status, Target, Verdict
from auditor.patterns import regex
from auditor.policy import Policy
from auditor.report import Finding
from auditor.score import Counts
from auditor.sources.manifests import ManifestOrigin
from auditor.sources.texts import TextOrigin
from auditor.views import reads
from auditor.world import World, group_of

_STATUSES = tuple(Status)
_PASS, _OUTSIDE = _STATUSES.index(Status.PASS), _STATUSES.index(Status.NOT_APPLICABLE)
_SHOWN = frozenset({Status.FAIL, Status.ERROR, Status.NOT_ASSESSED})
_TODAY = "today"
"""The one thing that facts look at and that is no part of the tree."""
_FACT = regex(r"facts\.(\w+)")
_EXPRESSIONS = ("assert_", "when", "each", "message", "at_expr", "related", "cost")


class _Row(Struct, array_like=True):
    """A verdict that is shown: on which resource of the file, by which policy, and how."""

    resource: int
    policy: int
    status: int
    path: tuple[str | int, ...]
    at: tuple[str | int, ...]
    message: str
    reason: str
    repair: str
    cost: float | None
    where: tuple[str, ...]
    finding: Finding


class _File(Struct, array_like=True):
    """One file's verdicts in one target. ``counts`` holds a number for each owner and policy that shows none."""

    versions: dict[str, str]
    """What it held, and what the files held where the other ends of its joins are shown."""
    counts: list[int]
    rows: list[_Row]


class _Target(Struct, array_like=True):
    """One target: what was looked at and by whom, the weight of each thing then, and the files."""

    seen: dict[str, list[str]]
    weights: dict[str, str]
    files: dict[str, msgspec.Raw]
    tree: str = ""
    """A digest of the whole tree; '' where there is none."""


_TARGETS = msgspec.msgpack.Decoder(dict[str, _Target])
_FILE = msgspec.msgpack.Decoder(_File)
_ENCODER = msgspec.msgpack.Encoder()


class KeptVerdicts:
    """Verdicts of one tree under one set of policies and settings, which ``asked`` spells out.

    ``tree`` is a digest of all that the tree says; '' where that is not known.
    """

    def __init__(
        self,
        store: Store,
        readings: KeptReadings,
        policies: Mapping[str, Policy],
        asked: Sequence[str],
        tree: str = "",
    ) -> None:
        self._store, self.versions = store, readings.versions
        self.tree = tree
        self.policies = policies
        self.codes = sorted(policies)
        self.numbers = {code: number for number, code in enumerate(self.codes)}
        self._name = f"verdicts-{digest(readings.name, *self.codes, *asked)}"
        self.before = self._load()
        self.now: dict[str, _Target] = {}
        self.changed = False
        self.counts: dict[str, Counts] = {}
        """By target: owners of files whose verdicts were not needed one by one."""

    def _load(self) -> dict[str, _Target]:
        data = self._store.read(self._name)
        try:
            return _TARGETS.decode(data) if data is not None else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}

    def judge(self, engine: Engine, worlds: Sequence[World]) -> list[Verdict]:
        """As :func:`auditor.engine.judge_all`, but for the verdicts that are only counted: see :attr:`counts`."""
        moved = {each.origin.file for world in worlds for each in world.census() if not self._is_kept(each)}
        verdicts: list[Verdict] = []
        for world in worlds:
            if world.is_loose and moved.isdisjoint(each.origin.file for each in world.target.resources):
                verdicts += _Judge(self, engine, world).verdicts()
            else:
                verdicts += engine.judge(world)
        return verdicts

    def _is_kept(self, resource: Resource) -> bool:
        return type(resource.origin) in (ManifestOrigin, TextOrigin)

    def save(self) -> None:
        """Write what changed."""
        if self.changed or self.now.keys() != self.before.keys():
            self._store.keep(self._name, self.now)


class _Judge:
    """One loose target, its files as they were and as they are."""

    def __init__(self, kept: KeptVerdicts, engine: Engine, world: World) -> None:
        self._kept, self._engine, self._world = kept, engine, world
        self._before = kept.before.get(world.name) or _Target({}, {}, {})
        self._weigh = Scales(world).weight
        self._files: dict[str, list[Resource]] = {}
        for resource in world.target.resources:
            self._files.setdefault(resource.origin.file, []).append(resource)
        self._versions = kept.versions
        self._tree = kept.tree and digest(kept.tree, *sorted(world.files))
        self._same: set[str] = set()
        """Things that weigh what they did."""

    def verdicts(self) -> list[Verdict]:
        """Rows of the files that are as they were, then what had to be judged."""
        stale = self._stale()
        known = {file: entry for file in self._files if (entry := self._entry(file)) is not None}
        held = self._held(known, stale) if stale else known
        rows = [row for file, entry in held.items() for row in self._rows(file, entry)]
        counts = Counter(chain.from_iterable(entry.counts for entry in held.values()))
        codes = frozenset(self._kept.codes[number] for number in stale)
        plain: list[Counted] = []
        fresh = self._engine.judge(
            self._world, lambda each: codes if each.origin.file in known else None, plain
        )
        judged = self._by_file(fresh, plain)
        for file in judged:
            counts.update(judged[file].counts)
        self._kept.counts[self._world.name] = self._spelled(counts)
        self._keep(known, held, judged)
        return rows + [verdict for each in judged.values() for verdict in each.rows]

    def _by_file(self, fresh: Sequence[Verdict], plain: Iterable[Counted]) -> "dict[str, _Judged]":
        """What was judged, by file: verdicts that are shown, and counts of owners without one."""
        judged: dict[str, _Judged] = {}
        for resource, statuses in plain:
            if statuses:
                judged.setdefault(resource.origin.file, _Judged()).plain.append((resource.key, statuses))
        for verdict in fresh:
            each = judged.setdefault(verdict.resource.origin.file, _Judged())
            if verdict.status in _SHOWN:
                each.rows.append(verdict)
            else:
                each.plain.append((verdict.resource.key, {verdict.policy: verdict.status}))
        for each in judged.values():
            each.counts = self._counted(each)
        return judged

    def _counted(self, judged: "_Judged") -> list[int]:
        """One number for each policy and owner without a row: passed, or never meant."""
        shown = {(verdict.policy, verdict.resource.key) for verdict in judged.rows}
        passed: dict[tuple[str, str], bool] = {}
        for owner, statuses in judged.plain:
            for policy, status in statuses.items():
                key = (policy, owner)
                passed[key] = status is Status.PASS or passed.get(key, False)
        numbers, width = self._kept.numbers, len(_STATUSES)
        return [
            numbers[key[0]] * width + (_PASS if fine else _OUTSIDE)
            for key, fine in passed.items()
            if key not in shown
        ]

    def _stale(self) -> frozenset[int]:
        """Numbers of the policies whose facts or views looked at something that has changed."""
        before = self._before
        same = bool(self._tree) and self._tree == before.tree
        weighed = before.weights.keys() & {_TODAY} if same else before.weights
        changed = {thing for thing in weighed if not _is_table(thing) and self._has_changed(thing)}
        if changed:
            changed |= {
                thing
                for thing in before.weights
                if _is_table(thing)
                and not changed.isdisjoint(things_of([thing], before.seen))
                and self._has_changed(thing)
            }
        self._same = before.weights.keys() - changed
        if not changed:
            return frozenset()
        moved = {who: not changed.isdisjoint(things_of([who], before.seen)) for who in before.seen}
        return frozenset(
            number
            for number, code in enumerate(self._kept.codes)
            if any(moved.get(who) for who in _askers(self._kept.policies[code]))
        )

    def _has_changed(self, thing: str) -> bool:
        return self._weigh(thing) != self._before.weights[thing]

    def _entry(self, file: str) -> _File | None:
        raw = self._before.files.get(file)
        if raw is None:
            return None
        try:
            entry = _FILE.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return entry if entry.versions.items() <= self._versions.items() else None

    def _held(self, known: Mapping[str, _File], stale: frozenset[int]) -> dict[str, _File]:
        """What the policies say that are not stale: most files were asked none that is."""
        width = len(_STATUSES)
        gone = frozenset(number * width + status for number in stale for status in range(width))
        return {
            file: entry
            if gone.isdisjoint(entry.counts) and all(row.policy not in stale for row in entry.rows)
            else _File(
                entry.versions,
                [count for count in entry.counts if count not in gone],
                [row for row in entry.rows if row.policy not in stale],
            )
            for file, entry in known.items()
        }

    def _spelled(self, counts: Mapping[int, int]) -> Counts:
        codes, statuses = self._kept.codes, len(_STATUSES)
        return {
            (codes[number // statuses], _STATUSES[number % statuses]): count
            for number, count in counts.items()
            if number // statuses < len(codes)
        }

    def _rows(self, file: str, entry: _File) -> list[Verdict]:
        resources, codes = self._files[file], self._kept.codes
        return [
            Verdict(
                codes[row.policy],
                _STATUSES[row.status],
                resources[row.resource],
                self._world.name,
                row.path,
                row.at,
                row.message,
                row.reason,
                row.repair,
                cost=row.cost,
                row=Row(row.where, row.message, row.finding),
            )
            for row in entry.rows
        ]

    def _keep(
        self, known: Mapping[str, _File], held: Mapping[str, _File], judged: "Mapping[str, _Judged]"
    ) -> None:
        """Remember the target as it is now, unless something broke in it."""
        if self._world.problems:
            return
        files: dict[str, msgspec.Raw] = {}
        for file in self._files:
            if file not in self._versions:
                continue
            entry = held.get(file)
            if entry is not None and file not in judged and entry is known[file]:
                files[file] = self._before.files[file]
                continue
            new = self._plain(file, judged.get(file) or _Judged())
            if entry is not None:
                new.counts += entry.counts
                new.rows += entry.rows
            ends = {end.location.file for row in new.rows for end in row.finding.related}
            new.versions = {each: self._versions.get(each, "") for each in (file, *sorted(ends))}
            try:
                files[file] = msgspec.Raw(_ENCODER.encode(new))
            except (TypeError, OverflowError, UnicodeEncodeError):
                continue  # words that cannot be written down: judged each time
        seen = {who: sorted(things) for who, things in self._world.looks.seen.items()}
        for who, things in self._before.seen.items():
            seen[who] = sorted({*things, *seen.get(who, ())})
        looked_at = {thing for listed in seen.values() for thing in listed if not _is_asker(thing)}
        before = self._before
        weights = {
            thing: before.weights[thing] if thing in self._same else self._weigh(thing)
            for thing in sorted(looked_at)
        }
        self._kept.changed |= bool(
            judged
            or held is not known
            or (seen, weights, self._tree) != (before.seen, before.weights, before.tree)
            or files.keys() != before.files.keys()
        )
        self._kept.now[self._world.name] = _Target(seen, weights, files, self._tree)

    def _plain(self, file: str, judged: "_Judged") -> _File:
        present(judged.rows, self._kept.policies)
        places = {id(resource): place for place, resource in enumerate(self._files[file])}
        numbers = self._kept.numbers
        rows = [
            _Row(
                places[id(verdict.resource)],
                numbers[verdict.policy],
                _STATUSES.index(verdict.status),
                verdict.path,
                verdict.at,
                verdict.message,
                verdict.reason,
                verdict.repair,
                verdict.cost,
                verdict.row.where,
                verdict.row.finding,
            )
            for verdict in judged.rows
        ]
        return _File({}, judged.counts, rows)


class _Judged(Struct):
    """One file, judged now."""

    rows: list[Verdict] = field(default_factory=list)
    plain: list[tuple[str, dict[str, Status]]] = field(default_factory=list)
    """Owner, and what it passed or is not meant by."""
    counts: list[int] = field(default_factory=list)


def _askers(policy: Policy) -> list[str]:
    """The facts that a policy names, and the view it looks through."""
    names = {*_FACT.findall("\n".join([getattr(policy, field) for field in _EXPRESSIONS]))}
    return [
        *(f"fact {name}" for name in names),
        *([f"view {policy.match.view}"] if policy.match.view else []),
    ]


def _is_table(thing: str) -> bool:
    return thing.startswith("table ")


def _is_asker(thing: str) -> bool:
    return thing.startswith(("fact ", "view "))


class Scales:
    """What the things that facts look at weigh: a digest that changes when they change."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._weights: dict[str, str] = {}
        self._bodies_of: dict[int, str] = {}
        self._kinds: dict[tuple[str, str], list[Resource]] = {}
        for resource in world.census():
            self._kinds.setdefault((resource.api_version, resource.kind), []).append(resource)

    def weight(self, thing: str) -> str:
        """The weight of one thing."""
        found = self._weights.get(thing)
        if found is None:
            word, _, rest = thing.partition(" ")
            found = self._weights[thing] = _SCALES.get(thing, _SCALES.get(word, _unknown))(self, rest)
        return found

    def _bodies(self, resources: Iterable[Resource]) -> str:
        return digest(*[self._version(resource) for resource in resources])

    def _version(self, resource: Resource) -> str:
        """What a resource is and says; what cannot be written down is never the same again."""
        found = self._bodies_of.get(id(resource))
        if found is None:
            if type(resource.origin) not in (ManifestOrigin, TextOrigin):
                return urandom(16).hex()
            try:
                said = fingerprint(encoded(resource))
            except (TypeError, OverflowError, UnicodeEncodeError, RecursionError):
                said = urandom(16).hex()
            found = self._bodies_of[id(resource)] = f"{_named(resource)}\0{said}"
        return found

    def _all(self, _: str) -> str:
        return self._bodies(self._world.census())

    def _kind(self, rest: str) -> str:
        group, _, kind = rest.rpartition("/")
        return self._bodies(
            each
            for (_, name), listed in self._kinds.items()
            if name == kind
            for each in listed
            if group_of(each) == group
        )

    def _shown(self, rest: str) -> str:
        name = rest.removeprefix("as ")
        return self._bodies(
            each for key, listed in self._kinds.items() if reads(name, *key) for each in listed
        )

    def _tree(self, _: str) -> str:
        return self._bodies(each for target in self._targets() for each in target.resources)

    def _anywhere(self, kind: str) -> str:
        return self._bodies(
            each for target in self._targets() for each in target.resources if each.kind == kind
        )

    def _names(self, rest: str) -> str:
        if rest:
            return digest(*[_named(each) for target in self._world.others() for each in target.resources])
        return digest(*map(_named, self._world.census()))

    def _files(self, _: str) -> str:
        return digest(*sorted(self._world.files))

    def _table(self, name: str) -> str:
        try:
            rows = [*self._world.table(name).rows()]
            said = _ENCODER.encode([data for _, data in rows])
        except Exception:  # it breaks again for whoever asks it, who then says so
            return _unknown(self, name)
        return digest(said, *[_named(resource) for resource, _ in rows])

    def _today(self, _: str) -> str:
        return str(self._world.today)

    def _targets(self) -> tuple[Target, ...]:
        return self._world.around.targets


def _named(each: Resource) -> str:
    return f"{each.api_version}\0{each.kind}\0{each.namespace}\0{each.name}\0{each.origin.file}"


def _unknown(_: "Scales", __: str) -> str:
    return urandom(16).hex()


_SCALES: dict[str, Callable[[Any, str], str]] = {
    "all": Scales._all,
    "tree": Scales._tree,
    "kind": Scales._kind,
    "shown": Scales._shown,
    "anywhere": Scales._anywhere,
    "names": Scales._names,
    "files": Scales._files,
    "table": Scales._table,
    _TODAY: Scales._today,
}
