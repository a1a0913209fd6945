"""Which kinds each fact looks at: watched while the facts serve every policy's examples.

A cluster is only asked for what somebody looks at, and the smallest ClusterRole lists the same kinds. Facts do not
declare what they look at; :mod:`auditor.looks` notes it. Two kinds of worlds are watched: the examples, and a world
that holds every example's objects at once, so that joins go as far as they can.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from auditor import harness
from auditor.audit import worlds_of
from auditor.compiled import CompiledPolicy
from auditor.data.cluster_kinds import CLUSTER_KINDS
from auditor.engine import Engine, judge_all
from auditor.facts import FACTS, fact
from auditor.looks import things_of
from auditor.policy import Policy
from auditor.sources.aws.services import readable_kinds
from auditor.views import reads


def needs_bytes(policies: Iterable[Policy], folder: Path) -> bytes:
    """The table as it is committed."""
    seen: dict[str, set[str]] = {}
    for policy in policies:
        if CompiledPolicy(policy).facts or policy.when or policy.each:
            for example in _examples(policy, folder):
                _watch(policy, example, seen)
    facts = {name: sorted({*_kinds(_things(name, seen)), *_declared(name)}) for name in sorted(FACTS)}
    return json.dumps({"facts": facts}, indent=1).encode() + b"\n"


def _things(name: str, seen: Mapping[str, Iterable[str]]) -> set[str]:
    """All that a fact looked at, through tables too: those are kept by what is in them, not by what they read."""
    found = set(things_of([f"fact {name}"], seen))
    tables: set[str] = set()
    while new := {each for each in found if each.startswith("table ")} - tables:
        tables |= new
        found |= things_of(new, seen)
    return found


def _declared(name: str) -> tuple[str, ...]:
    """What a live fact says that it looks at: its policies have no examples in Git to watch it on."""
    found: tuple[str, ...] = getattr(fact(name), "LOOKS_AT", ())
    return found


def _examples(policy: Policy, folder: Path) -> Iterator[Path]:
    home = folder / policy.category / policy.id
    for name in ("bad", "good"):
        example = harness.example_of(home, name)
        if example is not None:
            yield example


def _watch(policy: Policy, example: Path, seen: dict[str, set[str]]) -> None:
    inventory, settings = harness.collect(example)
    worlds = worlds_of(inventory, settings, harness.TODAY, watched=True)
    judge_all(Engine([policy], settings.params), worlds)
    for world in worlds:
        for who, things in world.looks.seen.items():
            seen.setdefault(who, set()).update(things)


def _kinds(things: Iterable[str]) -> Iterator[str]:
    """``group/Kind`` of a cluster, and ``terraform/TYPE`` of an account, for everything that was looked at."""
    for thing in things:
        what, _, name = thing.partition(" ")
        yield from _of_account(what, name)
        for each in CLUSTER_KINDS:
            entry = f"{each.group}/{each.kind}"
            if (
                (what == "kind" and name == entry)
                or (what == "anywhere" and name == each.kind)
                or (what == "shown" and reads(name.removeprefix("as "), each.api_version, each.kind))
            ):
                yield entry


def _of_account(what: str, name: str) -> Iterator[str]:
    for kind in sorted(readable_kinds()):
        entry = f"terraform/{kind}"
        if (
            (what == "kind" and name == entry)
            or (what == "anywhere" and name == kind)
            or (what == "shown" and reads(name.removeprefix("as "), "terraform", kind))
        ):
            yield entry
