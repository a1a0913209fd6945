"""Proof beside the rule: every policy is run against its own examples.

``bad`` must fail on exactly the lines that end in ``# violation``; ``good`` holds near misses and must pass
with no failure, error or gap; ``fixed`` is what the fix makes of ``bad``, byte for byte. An example is one
file (``bad.yaml``, ``bad.tf``, ``bad.Dockerfile`` …) or a folder (``bad/``) with everything a join needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from auditor import audit
from auditor.compiled import CompiledPolicy, PolicyBroken
from auditor.config import CONFIG_FILE
from auditor.engine import Engine
from auditor.governance import Request, govern
from auditor.model import Status, Verdict
from auditor.options import Settings
from auditor.paths import PathSyntaxError
from auditor.policy import Policy
from auditor.repair import Audited, repair
from auditor.sources.aws.example import as_live
from auditor.sources.interface import Inventory
from auditor.sources.overlay import OverlayTree
from auditor.sources.tree import Tree

MARK = "# violation"
SAMPLES = {
    b"@ACCESS_KEY_ID@": b"AKIA" + b"Q3EGT7WZ5XN2KLMV",
    b"@SECRET_ACCESS_KEY@": b"h7Kq2Zr9/Tn4Vb8Wc1Yd" * 2,
}
"""Words in examples that stand for keys which no repository may hold."""
TODAY = date(2026, 4, 24)
"""The day on which examples are judged."""
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
    """What a policy's examples disprove; nothing when all hold. Policies that only judge live may have none."""
    homes = [path.parent for path in folder.rglob("policy.yaml") if path.parent.name == policy.id]
    if not homes:
        return
    home = homes[0]
    if policy.mode == "L" and example_of(home, "bad") is None:
        return
    yield from (f"{policy.code} {home.name}/{line}" for line in _prove_fix(policy, home))
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


def collect(example: Path, changed: Mapping[str, bytes] | None = None) -> tuple[Inventory, Settings]:
    """The inventory of an example (with some files ``changed``) and the settings that lie in it."""
    settings = Settings()
    if (example / CONFIG_FILE).is_file():
        settings = govern(Request(root=example)).settings
    settings.full_parse = True
    tree = _tree(example)
    inventory = audit.collect(OverlayTree(tree, changed) if changed else tree, settings)
    inventory.targets = as_live(inventory.targets)
    return inventory, settings


def _tree(example: Path) -> Tree:
    """The files of an example, with keys in place of the words that stand for them."""
    tree = Tree(example)
    texts = {path: tree.read(path) for path in tree.files()}
    return OverlayTree(tree, {path: _with_samples(data) for path, data in texts.items() if b"@" in data})


def _with_samples(data: bytes) -> bytes:
    for word, key in SAMPLES.items():
        data = data.replace(word, key)
    return data


def judge(policy: Policy, example: Path) -> tuple[Inventory, list[Verdict]]:
    """What one policy says of an example, on its own."""
    inventory, settings = collect(example)
    return inventory, audit.judge(inventory, settings, Engine([policy], settings.params), TODAY)


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


def _prove_fix(policy: Policy, home: Path) -> Iterator[str]:
    """Whether the fix makes ``fixed`` of ``bad``, byte for byte, and leaves nothing of the finding."""
    bad, fixed = example_of(home, "bad"), example_of(home, "fixed")
    if policy.fix is None or bad is None:
        if fixed is not None:
            yield f"{fixed.name}: there is a golden result, but the policy has no fix"
        return
    if fixed is None:
        yield "fixed: missing; `auditor policy test --write` writes it from what the fix does"
        return
    for file, (wanted, found) in _differences(fixed, repaired(policy, bad)).items():
        yield f"{file}: the fix writes something else:\n{_diff(wanted, found)}"


def repaired(policy: Policy, bad: Path) -> dict[str, bytes]:
    """New content of the files that the policy's fix changes in an example."""
    tree = _tree(bad)

    def audited(files: Mapping[str, bytes]) -> Audited:
        inventory, settings = collect(bad, files)
        verdicts = audit.judge(inventory, settings, Engine([policy], settings.params), TODAY)
        return Judged(verdicts, {policy.code: policy})

    return repair(audited, tree.read, unsafe=True).files


def write_golden(policy: Policy, folder: Path) -> None:
    """Write ``fixed`` beside ``bad`` from what the policy's fix does; to be read before it is committed."""
    for home in (path.parent for path in folder.rglob("policy.yaml") if path.parent.name == policy.id):
        bad = example_of(home, "bad")
        if policy.fix is None or bad is None:
            continue
        for name, data in repaired(policy, bad).items():
            target = home / "fixed" / name if bad.is_dir() else home / name.replace("bad", "fixed", 1)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


class Judged(NamedTuple):
    """What the repair loop needs of an audit."""

    verdicts: list[Verdict]
    policies: dict[str, Policy]


def _differences(fixed: Path, files: Mapping[str, bytes]) -> dict[str, tuple[bytes, bytes]]:
    """Files whose golden and found content differ; a golden folder holds just the files that change."""
    if fixed.is_dir():
        golden = {
            path.relative_to(fixed).as_posix(): path.read_bytes()
            for path in fixed.rglob("*")
            if path.is_file()
        }
    else:
        golden = {fixed.name.replace("fixed", "bad", 1): fixed.read_bytes()}
    return {
        name: (golden.get(name, b""), files.get(name, b""))
        for name in sorted({*golden, *files})
        if golden.get(name) != files.get(name)
    }


def _diff(wanted: bytes, found: bytes) -> str:
    golden, written = (data.decode("utf-8", "replace").splitlines() for data in (wanted, found))
    return "\n".join(unified_diff(golden, written, "golden", "fix", lineterm=""))


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
