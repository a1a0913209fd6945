"""Proof beside the rule: every policy is run against its own examples.

``bad`` must fail on exactly the lines that end in ``# violation``; ``good`` holds near misses and must pass
with no failure, error or gap; ``fixed`` is what the fix makes of ``bad``, byte for byte. An example is one
file (``bad.yaml``, ``bad.tf``, ``bad.Dockerfile`` …) or a folder (``bad/``) with everything a join needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from auditor.compiled import CompiledPolicy, PolicyBroken
from auditor.engine import Engine, judge_all
from auditor.model import Status, Target, Verdict
from auditor.options import Settings
from auditor.paths import PathSyntaxError
from auditor.policy import Policy
from auditor.sources.git import GitOptions, GitSource
from auditor.sources.interface import Inventory
from auditor.sources.overlay import OverlayTree
from auditor.sources.tree import Tree
from auditor.world import World

MARK = "# violation"
SAMPLES = {
    b"@ACCESS_KEY_ID@": b"AKIA" + b"Q3EGT7WZ5XN2KLMV",
    b"@SECRET_ACCESS_KEY@": b"h7Kq2Zr9/Tn4Vb8Wc1Yd" * 2,
}
"""Words in examples that stand for keys which no repository may hold."""
FIELDS = ("assert", "when", "each", "message", "at_expr", "related", "cost")


def lint(policy: Policy) -> Iterator[str]:
    """What is wrong with a policy before it runs: expressions, paths, missing words."""
    name = f"{policy.code} ({policy.id})"
    try:
        compiled = CompiledPolicy(policy)
        for field in FIELDS:
            if getattr(policy, "assert_" if field == "assert" else field):
                compiled.program(field)
        for operation in policy.fix.ops if policy.fix else ():
            if operation.value_expr:
                compiled.expression(operation.value_expr, "fix")
    except (PolicyBroken, PathSyntaxError) as error:
        yield f"{name}: {error}"
    if len(policy.rationale.split()) < 12:
        yield f"{name}: the rationale is too short to convince anybody"
    if policy.mode != "S" and not policy.live_reason:
        yield f"{name}: mode {policy.mode} needs live_reason: what Git cannot know"
    if not policy.match.view and not policy.match.kinds:
        yield f"{name}: match names neither a view nor kinds"


def prove(policy: Policy, folder: Path) -> Iterator[str]:
    """What a policy's examples disprove; nothing when all hold. Policies that only judge live have none."""
    homes = [path.parent for path in folder.rglob("policy.yaml") if path.parent.name == policy.id]
    if policy.mode == "L" or not homes:
        return
    home = homes[0]
    for name in ("bad", "good"):
        example = example_of(home, name)
        if example is None:
            yield f"{policy.code}: {home.name} has no {name} example"
            continue
        complaints = _prove_bad(policy, example) if name == "bad" else _prove_good(policy, example)
        yield from (f"{policy.code} {home.name}/{line}" for line in complaints)


def example_of(home: Path, name: str) -> Path | None:
    """``home/name.*`` or the folder ``home/name``; None when there is neither."""
    folder = home / name
    return folder if folder.is_dir() else next(iter(sorted(home.glob(f"{name}.*"))), None)


def collect(example: Path) -> tuple[Inventory, Settings]:
    """The inventory of an example and the settings that lie in it."""
    settings = Settings()
    tree = Tree(example)
    texts = {path: tree.read(path) for path in tree.files()}
    changed = {path: _with_samples(data) for path, data in texts.items() if b"@" in data}
    return GitSource(OverlayTree(tree, changed), GitOptions(full_parse=True)).collect(), settings


def _with_samples(data: bytes) -> bytes:
    for word, key in SAMPLES.items():
        data = data.replace(word, key)
    return data


def judge(policy: Policy, example: Path) -> tuple[Inventory, list[Verdict]]:
    """What one policy says of an example, on its own."""
    inventory, settings = collect(example)
    engine = Engine([policy], settings.params)
    by_name = {target.name: target for target in inventory.targets}

    def world_of(target: Target) -> World:
        return World(target, [by_name[name] for name in target.ties], settings.declarations)

    return inventory, judge_all(engine, inventory.targets, world_of)


def _prove_bad(policy: Policy, example: Path) -> Iterator[str]:
    inventory, verdicts = judge(policy, example)
    yield from _broken(example, inventory, verdicts)
    root = example if example.is_dir() else example.parent
    found = {_line(verdict) for verdict in verdicts if verdict.status is Status.FAIL}
    wanted = set(_marked(root, example))
    if not wanted:
        yield f"{example.name}: no line ends in {MARK!r}"
    for file, line in sorted(wanted - found):
        yield f"{file}:{line}: nothing was found here"
    for file, line in sorted(found - wanted):
        yield f"{file}:{line}: found, but the line does not end in {MARK!r}"
    for verdict in verdicts:
        if verdict.status is Status.FAIL and verdict.message in ("", policy.title):
            yield f"{example.name}: the message of {verdict.resource.title} could not be evaluated"


def _prove_good(policy: Policy, example: Path) -> Iterator[str]:
    inventory, verdicts = judge(policy, example)
    yield from _broken(example, inventory, verdicts)
    for verdict in verdicts:
        if verdict.status in (Status.FAIL, Status.NOT_ASSESSED):
            file, line = _line(verdict)
            yield f"{file}:{line}: {verdict.status}: {verdict.message or verdict.reason}"
    if not any(verdict.status is Status.PASS for verdict in verdicts):
        yield f"{example.name}: nothing passed; the example does not reach the policy"


def _broken(example: Path, inventory: Inventory, verdicts: list[Verdict]) -> Iterator[str]:
    for problem in inventory.problems:
        yield f"{problem.file}:{problem.line}: {problem.what}"
    for verdict in verdicts:
        if verdict.status is Status.ERROR:
            yield f"{example.name}: {verdict.resource.title}: {verdict.message}"


def _line(verdict: Verdict) -> tuple[str, int]:
    place = verdict.resource.origin.locate(verdict.at)
    return place.file, place.span.line if place.span else 1


def _marked(root: Path, example: Path) -> Iterator[tuple[str, int]]:
    files = sorted(example.rglob("*")) if example.is_dir() else [example]
    for file in files:
        if file.is_file():
            for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
                if line.rstrip().endswith(MARK):
                    yield file.relative_to(root).as_posix(), number
