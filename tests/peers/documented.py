"""``python -m tests.peers.documented DIR``: exact, stricter and looser claims against the cases that polaris,
kyverno, gatekeeper, kubescape and kube-linter publish with their rules.

These tools do not install here, but their repositories (checked out below DIR, by name) say which manifests
each rule refuses. That is their word, not a run of theirs: claims that rest on it say "not run".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml

from auditor.catalog import builtin_folder, load_folder
from tests.peers import ours
from tests.peers.claims import Claim, claims
from tests.peers.stage import commit
from tests.peers.verdicts import Answer

RECORD = Path(__file__).resolve().parent.parent / "data" / "documented.json"
Name = tuple[str, str]
"""Kind and name; both '' for a case whose objects are judged together."""
WHOLE: Name = ("", "")
UNREAD = ("DeploymentConfig",)
"""Kinds of OpenShift, which this tool does not read."""


class Case(NamedTuple):
    """Manifests that lie together, and what the rule says of them."""

    rule: str
    source: str
    """Where it is published, below the repository."""
    manifests: tuple[dict[str, Any], ...]
    expected: dict[Name, Answer]


class Mismatch(NamedTuple):
    """A claim that a published case contradicts."""

    claim: Claim
    source: str
    name: Name
    theirs: Answer
    ours: Answer | None


def polaris(root: Path) -> Iterator[Case]:
    """One file a case, named by its outcome; folders with a check.yaml test another rule of that name."""
    for path in sorted(root.glob("test/checks/*/*.yaml")):
        outcome = path.name.split(".")[0]
        if outcome in ("success", "failure") and not (path.parent / "check.yaml").exists():
            expected: Answer = "pass" if outcome == "success" else "fail"
            yield _case(path.parent.name, root, path, {WHOLE: expected})


def kyverno(root: Path) -> Iterator[Case]:
    """A test file lists the outcome of each object in the files beside it."""
    for path in sorted(root.rglob("kyverno-test.yaml")):
        test = yaml.safe_load(path.read_text())
        manifests = tuple(
            body
            for name in test.get("resources", ())
            for body in _load(path.parent / name)
            if body.get("kind")
        )
        expected: dict[str, dict[Name, Answer]] = {}
        for result in test.get("results", ()):
            for name in result.get("resources") or ():
                if result.get("result") in ("pass", "fail"):
                    found = expected.setdefault(result["policy"], {})
                    key = (str(result.get("kind")), str(name).split("/")[-1])
                    if found.get(key) != "fail":
                        found[key] = result["result"]
        for rule, outcome in expected.items():
            yield Case(rule, path.relative_to(root).as_posix(), manifests, outcome)


def gatekeeper(root: Path) -> Iterator[Case]:
    """Samples, named by their outcome under the constraint beside them; exempted images are left out."""
    for path in sorted(root.glob("library/*/*/samples/*/*.yaml")):
        allowed = "disallowed" not in path.name
        exempt = allowed and "exemptImages" in (path.parent / "constraint.yaml").read_text()
        if "allowed" in path.name and not exempt:
            yield _case(path.parents[2].name, root, path, {WHOLE: "pass" if allowed else "fail"})


def kubescape(root: Path) -> Iterator[Case]:
    """A folder of inputs, and the alerts that they give; without alerts all of them pass."""
    for path in sorted(root.glob("rules/*/test/*/expected.json")):
        manifests = tuple(
            body
            for file in sorted((path.parent / "input").glob("*"))
            for body in _load(file)
            if body.get("kind")
        )
        failing = {
            _name(each)
            for alert in json.loads(path.read_text() or "[]") or ()
            for each in (alert.get("alertObject") or {}).get("k8sApiObjects") or ()
        }
        expected: dict[Name, Answer] = {
            _name(body): "fail" if _name(body) in failing else "pass" for body in manifests
        }
        yield Case(path.parents[2].name, path.relative_to(root).as_posix(), manifests, expected)


def kube_linter(root: Path) -> Iterator[Case]:
    """One file a rule; objects that must pass say so in their names."""
    for path in sorted(root.glob("tests/checks/*.y*ml")):
        expected: dict[Name, Answer] = {}
        for body in _load(path):
            kind, name = _name(body)
            if name.startswith(("dont-fire", "fire", "app")):
                expected[kind, name] = "pass" if name.startswith("dont-fire") else "fail"
        yield _case(path.stem, root, path, expected)


READERS: dict[str, tuple[str, Callable[[Path], Iterator[Case]]]] = {
    "polaris": ("FairwindsOps+polaris", polaris),
    "kyverno": ("kyverno+policies", kyverno),
    "gatekeeper": ("open-policy-agent+gatekeeper-library", gatekeeper),
    "kubescape": ("kubescape+regolibrary", kubescape),
    "kube-linter": ("stackrox+kube-linter", kube_linter),
}


def check(case: Case, of_rule: Iterable[Claim]) -> Iterator[Mismatch]:
    """The claims that a case contradicts."""
    for claim in of_rule:
        found = _ours(case, claim)
        for name, theirs in case.expected.items():
            mine = found.get(name) if name != WHOLE else _together(found)
            if _contradicts(claim, theirs, mine):
                yield Mismatch(claim, case.source, name, theirs, mine)


def _contradicts(claim: Claim, theirs: Answer, mine: Answer | None) -> bool:
    missed = theirs == "fail" and mine != "fail"
    extra = theirs == "pass" and mine == "fail"
    return (missed and claim.relation in ("exact", "stricter")) or (
        extra and claim.relation in ("exact", "looser")
    )


def _ours(case: Case, claim: Claim) -> dict[Name, Answer]:
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for number, body in enumerate(case.manifests):
            (folder / f"{number:03d}.yaml").write_text(json.dumps(body))
        judged = ours.run(folder, [claim.policy])
    found: dict[Name, Answer] = {}
    for subject, answer in judged.verdicts.get(claim.policy.code, {}).items():
        key = _name(judged.bodies[subject])
        if found.get(key) != "fail":
            found[key] = answer
    return found


def _together(found: dict[Name, Answer]) -> Answer | None:
    return "fail" if "fail" in found.values() else "pass" if found else None


def _case(rule: str, root: Path, path: Path, expected: dict[Name, Answer]) -> Case:
    bodies = tuple(body for body in _load(path) if body.get("kind"))
    return Case(rule, path.relative_to(root).as_posix(), bodies, expected)


def _load(path: Path) -> Iterator[dict[str, Any]]:
    try:
        for body in yaml.safe_load_all(path.read_text()):
            if isinstance(body, dict):
                yield from (
                    _mended(each)
                    for each in (body["items"] if body.get("kind") == "List" else [body])
                    if each.get("kind") not in UNREAD
                )
    except (OSError, yaml.YAMLError):
        return


def _mended(body: dict[str, Any]) -> dict[str, Any]:
    """Some samples name the core group for kinds of apps/v1, which no API server takes."""
    misplaced = body.get("apiVersion") == "v1" and body.get("kind") in (
        "Deployment",
        "StatefulSet",
        "DaemonSet",
    )
    return {**body, "apiVersion": "apps/v1"} if misplaced else body


def _name(body: dict[str, Any]) -> Name:
    return str(body.get("kind")), str((body.get("metadata") or {}).get("name"))


def main(arguments: list[str]) -> int:
    """Count the published cases, record the counts, and print what contradicts a claim."""
    corpus = Path(arguments[0])
    known = [claim for claim in claims(load_folder(builtin_folder())) if claim.relation != "related"]
    rows, wrong = [], 0
    for tool, (folder, read) in READERS.items():
        rules: set[str] = set()
        cases = 0
        for case in read(corpus / folder):
            of_rule = [each for each in known if (each.tool, each.rule) == (tool, case.rule)]
            if of_rule:
                cases += len(case.expected)
                rules.add(case.rule)
            for found in check(case, of_rule):
                wrong += 1
                said = f"{found.claim.relation}: theirs {found.theirs}, ours {found.ours}"
                print(tool, case.rule, found.claim.policy.code, said, found.source, *found.name)
        rows.append({"tool": tool, "commit": commit(corpus / folder), "rules": len(rules), "verdicts": cases})
    if not wrong:
        RECORD.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
