"""What a checkov annotation hides in checkov, it hides here too where ``[compat] honour`` says so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import audit
from auditor.catalog import load_builtin
from auditor.options import Settings
from auditor.sources.tree import Tree
from tests.peers import checkov
from tests.peers.cases.manifest import Body, patched, text, workload
from tests.peers.claims import directed

NOW = datetime(2026, 4, 24, 12, tzinfo=UTC)
CLAIMS = [
    claim
    for claim in directed(load_builtin())
    if claim.tool == "checkov"
    and claim.relation == "exact"
    and checkov.framework_of(claim.rule) == checkov.KUBERNETES
]
BARE: Body = {
    "hostNetwork": True,
    "hostPID": True,
    "hostIPC": True,
    "containers": [
        {
            "name": "main",
            "image": "registry.example/app:1.4.2",
            "securityContext": {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}},
            "ports": [{"containerPort": 80, "hostPort": 80}],
            "envFrom": [{"secretRef": {"name": "case"}}],
        }
    ],
}


@pytest.mark.slow
def test_an_annotation_hides_the_same_findings_on_both_sides(tmp_path: Path) -> None:
    plain = workload("Deployment", BARE)
    (tmp_path / "plain.yaml").write_text(text(plain, "plain"))
    open_ = failing(tmp_path, {claim.rule for claim in CLAIMS})["plain.yaml"]
    assert len(open_) >= 15
    hidden = sorted(open_)[::2]
    annotations = {f"checkov.io/skip{number}": f"{rule}=a node agent" for number, rule in enumerate(hidden)}
    told = patched(plain, {"metadata": {"name": "told", "annotations": annotations}})
    (tmp_path / "told.yaml").write_text(text(told, "told"))
    theirs = open_ - failing(tmp_path, open_)["told.yaml"]
    assert theirs == set(hidden)
    assert waived(tmp_path, honour=("checkov",)) == theirs
    assert waived(tmp_path, honour=()) == set()


def failing(folder: Path, rules: set[str]) -> dict[str, set[str]]:
    """Checkov's failures by file."""
    found: dict[str, set[str]] = {}
    for rule, verdicts in checkov.run(folder, rules, checkov.KUBERNETES).items():
        for subject, answer in verdicts.items():
            if answer == "fail":
                found.setdefault(subject.file, set()).add(rule)
    return found


def waived(folder: Path, honour: tuple[str, ...]) -> set[str]:
    """Checkov's names for what we waive; plain.yaml, which has no annotation, must keep its findings."""
    settings = Settings(policies=[claim.policy.code for claim in CLAIMS], honour=honour)
    report = audit.audit(audit.collect(Tree(folder), settings), settings, scope="test", now=NOW).report
    found = [each for each in report.findings if each.status == "waived"]
    assert {each.location.file for each in found} <= {"told.yaml"}
    codes = {each.policy for each in found}
    return {claim.rule for claim in CLAIMS if claim.policy.code in codes}
