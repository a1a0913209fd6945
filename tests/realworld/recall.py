"""How many seeded faults are found: passing objects of real repositories, broken one field at a time.

Many faults are seeded into one copy, one an object, and the copy is audited once; each must be a finding of the
expected policy at the object that passed before. What a round misses is seeded again alone: then nothing but
the fault itself differs from the repository.
"""

from __future__ import annotations

import copy
import random
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from auditor.audit import audit, collect
from auditor.model import Resource, Status, Verdict
from auditor.options import Settings
from auditor.sources.tree import Tree
from tests.realworld.faults import Kind, TextKind, first
from tests.realworld.kubernetes_faults import IMAGES, KINDS
from tests.realworld.seeding import Documents, block_of
from tests.realworld.text_faults import DOCKERFILES, TERRAFORM

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PROMISE = 0.98
Place = tuple[str, str, str]
"""Policy, file and object (kind, then name) of a verdict."""


class Fault(NamedTuple):
    """One seeded fault. ``edit`` changes the copy, and says whether it could."""

    kind: str
    file: str
    edited: str
    """What of the file is edited: the object, or '' for all of its text."""
    expected: frozenset[Place]
    edit: Callable[[Path], bool]


class Passed(NamedTuple):
    """What passed before, and what failed, in one repository."""

    objects: dict[str, dict[tuple[str, str], Resource]]
    """By policy: file and title → object that passes everywhere in it."""
    failing: set[Place]
    neighbours: dict[str, list[Resource]]
    """Every object, by target."""
    targets: dict[tuple[str, str], set[str]]
    """File and title → targets that hold it."""


def recall(folders: Sequence[Path], seed: int, per_kind: int, only: str) -> int:
    """Seed, audit, print the table; 1 when fewer than 98 % were found."""
    seeded: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for folder in folders:
        for fault, hit, why in _repository(folder, random.Random(seed), per_kind, only):
            seeded[fault.kind] += 1
            found[fault.kind] += hit
            if not hit:
                place = sorted(fault.expected)[0]
                print(f"MISSED {folder.name} {fault.kind}: {place} in {fault.file}: {why}", flush=True)
        print(f"after {folder.name}: {sum(found.values())} of {sum(seeded.values())}", flush=True)
    for kind in sorted(seeded):
        print(f"| {kind} | {seeded[kind]} | {found[kind]} |")
    total, hits = sum(seeded.values()), sum(found.values())
    print(f"{hits} of {total} found ({100 * hits / max(total, 1):.1f} %), {len(seeded)} kinds")
    return 0 if hits >= PROMISE * total else 1


def _repository(
    folder: Path, chance: random.Random, per_kind: int, only: str
) -> Iterator[tuple[Fault, bool, str]]:
    with tempfile.TemporaryDirectory() as scratch:
        ground = Path(scratch) / folder.name
        shutil.copytree(folder, ground, symlinks=True)
        passed = _passed(_verdicts(ground))
        faults = [fault for fault in _faults(ground, passed, chance, per_kind) if only in fault.kind]
        missed: list[Fault] = []
        for batch in _rounds(faults):
            for fault, hit, why in _seed(ground, batch):
                if hit:
                    yield fault, True, why
                else:
                    missed.append(fault)
        for fault in missed:
            yield from _seed(ground, [fault])


def _rounds(faults: Sequence[Fault]) -> Iterator[list[Fault]]:
    """Batches with at most one fault an object, or a file of text."""
    queues: dict[tuple[str, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        queues[fault.file, fault.edited].append(fault)
    while queues:
        yield [waiting.pop() for waiting in queues.values()]
        queues = {place: waiting for place, waiting in queues.items() if waiting}


def _seed(ground: Path, batch: Sequence[Fault]) -> list[tuple[Fault, bool, str]]:
    """Audit the copy with the faults in it, and put its files back; what is said in place of a finding."""
    before = {fault.file: (ground / fault.file).read_bytes() for fault in batch}
    try:
        done = [fault for fault in batch if fault.edit(ground / fault.file)]
        verdicts = _verdicts(ground) if done else []
    finally:
        for file, data in before.items():
            (ground / file).write_bytes(data)
    failing = _failing(verdicts)
    return [
        (fault, not fault.expected.isdisjoint(failing), _instead(fault, verdicts, failing)) for fault in done
    ]


def _instead(fault: Fault, verdicts: Sequence[Verdict], failing: set[Place]) -> str:
    """The verdicts at a fault that nothing was found of."""
    if not fault.expected.isdisjoint(failing):
        return ""
    said = {
        f"{v.policy} {v.status} {v.reason}".strip()
        for v in verdicts
        if (v.policy, *_name(v.resource)) in fault.expected
    }
    return "; ".join(sorted(said)) or "no verdict"


def _verdicts(ground: Path) -> list[Verdict]:
    settings = Settings(packs=("strict",))
    inventory = collect(Tree(ground), settings)
    return audit(inventory, settings, scope=ground.name, now=NOW, all_verdicts=True).verdicts


def _name(resource: Resource) -> tuple[str, str]:
    return resource.origin.file, f"{resource.kind} {resource.name}"


def _failing(verdicts: Sequence[Verdict]) -> set[Place]:
    return {(v.policy, *_name(v.resource)) for v in verdicts if v.status is Status.FAIL}


def _passed(verdicts: Sequence[Verdict]) -> Passed:
    found = Passed(defaultdict(dict), _failing(verdicts), defaultdict(list), defaultdict(set))
    known: set[int] = set()
    for verdict in verdicts:
        resource = verdict.resource
        found.targets[_name(resource)].add(verdict.target)
        if id(resource) not in known:
            known.add(id(resource))
            found.neighbours[verdict.target].append(resource)
        if verdict.status is Status.PASS:
            found.objects[verdict.policy][_name(resource)] = resource
    return found


def _faults(ground: Path, passed: Passed, chance: random.Random, per_kind: int) -> Iterator[Fault]:
    opened: dict[str, Documents | None] = {}
    for kind in KINDS:
        make = partial(_object, ground, passed, opened, kind)
        yield from _some(_candidates(passed, kind.policies), make, chance, per_kind)
    for texts, broken in ((TERRAFORM, _block), (DOCKERFILES, _whole)):
        for text_kind in texts:
            candidates = _candidates(passed, text_kind.policies)
            yield from _some(candidates, partial(broken, ground, text_kind), chance, per_kind)


def _some(
    candidates: list[Resource],
    make: Callable[[Resource], Fault | None],
    chance: random.Random,
    size: int,
) -> list[Fault]:
    chance.shuffle(candidates)
    found: list[Fault] = []
    for resource in candidates:
        fault = make(resource)
        if fault is not None:
            found.append(fault)
            if len(found) == size:
                break
    return found


def _candidates(passed: Passed, policies: Sequence[str]) -> list[Resource]:
    """Objects that pass one of the policies and fail none."""
    found: dict[tuple[str, str], Resource] = {}
    for policy in policies:
        found |= passed.objects.get(policy, {})
    return [
        resource
        for name, resource in sorted(found.items())
        if not any((policy, *name) in passed.failing for policy in policies)
    ]


def _documents(ground: Path, opened: dict[str, Documents | None], file: str) -> Documents | None:
    if file not in opened:
        opened[file] = None
        if file.endswith((".yaml", ".yml", ".json")) and "/templates/" not in file:
            with suppress(OSError, ValueError, yaml.YAMLError):
                opened[file] = Documents(ground / file)
    return opened[file]


def _object(
    ground: Path, passed: Passed, opened: dict[str, Documents | None], kind: Kind, resource: Resource
) -> Fault | None:
    """A fault in the object itself, or in the object that it hangs on."""
    edited = resource if kind.joined is None else _other_end(passed, kind, resource)
    documents = _documents(ground, opened, edited.origin.file) if edited is not None else None
    body = documents.of(edited) if documents and edited else None
    if edited is None or body is None or not (kind.deletes or kind.breaks(copy.deepcopy(body))):
        return None
    if kind in IMAGES and (first(body) or {}).get("image") != (first(edited.body) or {}).get("image"):
        return None  # an overlay sets it, whatever the base says

    def edit(file: Path) -> bool:
        fresh = Documents(file)
        held = fresh.of(edited)
        if held is None or not (kind.deletes or kind.breaks(held)):
            return False
        if kind.deletes:
            fresh.drop(held)
        fresh.write()
        return True

    return Fault(kind.name, *_name(edited), _expected(kind, resource, body), edit)


def _expected(kind: Kind, resource: Resource, body: dict[str, Any]) -> frozenset[Place]:
    """Where the finding must stand: the object may be called differently afterwards."""
    file, title = _name(resource)
    titles = {title}
    if kind.joined is None:
        changed = copy.deepcopy(body)
        kind.breaks(changed)
        before, after = ((each.get("metadata") or {}).get("name") for each in (body, changed))
        titles.add(f"{resource.kind} {resource.name.replace(str(before), str(after))}")
    return frozenset((policy, file, each) for policy in kind.policies for each in titles)


def _other_end(passed: Passed, kind: Kind, resource: Resource) -> Resource | None:
    """The only object that the resource hangs on; with a second one nothing would break."""
    assert kind.joined is not None
    (target, *more) = sorted(passed.targets[_name(resource)])
    if more:
        return None
    found = [
        other
        for other in passed.neighbours[target]
        if other.kind in kind.other
        and other.namespace in (resource.namespace, "")
        and kind.joined(resource.body, other.body)
    ]
    return found[0] if len(found) == 1 else None


def _block(ground: Path, kind: TextKind, resource: Resource) -> Fault | None:
    """A fault in the block of a Terraform resource."""
    place = resource.origin.locate(())
    if resource.api_version != "terraform" or place.span is None or not place.file.endswith(".tf"):
        return None
    line = place.span.line
    text = (ground / place.file).read_text("utf-8")
    span = block_of(text, line)
    changed = kind.breaks(text[span[0] : span[1]]) if span else None
    if span is None or changed is None:
        return None
    whole = text[: span[0]] + changed + text[span[1] :]

    def edit(file: Path) -> bool:
        file.write_text(whole, "utf-8")
        return True

    expected = frozenset((policy, *_name(resource)) for policy in kind.policies)
    return Fault(kind.name, place.file, "", expected, edit)


def _whole(ground: Path, kind: TextKind, resource: Resource) -> Fault | None:
    """A fault in a Dockerfile."""
    if resource.kind != "Dockerfile":
        return None
    changed = kind.breaks((ground / resource.origin.file).read_text("utf-8"))
    if changed is None:
        return None

    def edit(file: Path) -> bool:
        file.write_text(changed, "utf-8")
        return True

    expected = frozenset((policy, *_name(resource)) for policy in kind.policies)
    return Fault(kind.name, resource.origin.file, "", expected, edit)
