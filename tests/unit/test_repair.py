"""Fixes: byte-minimal, proved by auditing again, reverted when they do not hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import audit
from auditor.cli.entry import main
from auditor.options import Settings
from auditor.policy import Policy
from auditor.repair import Outcome, repair
from auditor.sources.overlay import OverlayTree
from auditor.sources.tree import Tree
from tests.unit.worlds import policy

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: a   # the name
spec:
  containers:
    - name: one
      image: "a:1"
"""
NAMED = {"code": "OWN-001", "id": "own-one", "assert": "has(pod.priorityClassName)"}
SET_NAME = {"safety": "safe", "title": "set it", "ops": [{"set": "priorityClassName", "value": "high"}]}


def run(folder: Path, *policies: Policy, unsafe: bool = False) -> Outcome:
    tree = Tree(folder)
    settings = Settings(own_policies=policies, packs=())

    def audited(files: Mapping[str, bytes]) -> audit.Run:
        inventory = audit.collect(OverlayTree(tree, files), settings)
        return audit.audit(inventory, settings, scope="x", now=datetime(2026, 11, 21, tzinfo=UTC))

    return repair(audited, tree.read, unsafe=unsafe)


def write(folder: Path, text: str = POD) -> Path:
    (folder / "pod.yaml").write_text(text)
    return folder


def test_a_fix_touches_only_its_own_bytes(tmp_path: Path) -> None:
    outcome = run(write(tmp_path), policy(**NAMED, fix=SET_NAME))
    lines = outcome.files["pod.yaml"].decode().splitlines()
    lines.remove("  priorityClassName: high")
    assert lines == POD.splitlines()
    assert [fix.policy.code for fix in outcome.applied] == ["OWN-001"]


def test_a_fix_that_does_not_remove_its_finding_is_reverted(tmp_path: Path) -> None:
    useless = {"safety": "safe", "title": "x", "ops": [{"set": "nodeName", "value": "high"}]}
    outcome = run(write(tmp_path), policy(**NAMED, fix=useless))
    assert outcome.files == {}
    assert [fix.refused for fix in outcome.refused] == ["the edit did not remove the finding"]


def test_a_fix_that_brings_another_failure_is_reverted(tmp_path: Path) -> None:
    strict = policy(
        code="OWN-002", id="own-two", message="'no class'", **{"assert": "!has(pod.priorityClassName)"}
    )
    outcome = run(write(tmp_path), policy(**NAMED, fix=SET_NAME), strict)
    assert outcome.files == {}
    assert [fix.refused for fix in outcome.refused] == ["the edit would bring OWN-002: no class"]


def test_unsafe_fixes_wait_to_be_asked_for(tmp_path: Path) -> None:
    unsafe = policy(**NAMED, fix={**SET_NAME, "safety": "unsafe"})
    assert run(write(tmp_path), unsafe).files == {}
    assert list(run(tmp_path, unsafe, unsafe=True).files) == ["pod.yaml"]


def test_fixes_that_need_the_same_parent_are_done_one_after_the_other(tmp_path: Path) -> None:
    def setting(code: str, name: str) -> Policy:
        path = f"securityContext.{name}"
        fix = {"safety": "safe", "title": "x", "ops": [{"set": path, "value": True}]}
        rule = f"pod.?securityContext.?{name}.orValue(false)"
        return policy(code=code, id=code.lower(), fix=fix, **{"assert": rule})

    outcome = run(write(tmp_path), setting("OWN-003", "runAsNonRoot"), setting("OWN-004", "hostUsers"))
    text = outcome.files["pod.yaml"].decode()
    assert text.count("securityContext:") == 1
    assert "runAsNonRoot: true" in text
    assert "hostUsers: true" in text
    assert len(outcome.applied) == 2


def test_a_value_can_be_computed(tmp_path: Path) -> None:
    fix = {
        "safety": "safe",
        "title": "x",
        "ops": [{"set": "hostname", "value_expr": "object.metadata.name + '-1'"}],
    }
    outcome = run(
        write(tmp_path), policy(code="OWN-005", id="own", fix=fix, **{"assert": "has(pod.hostname)"})
    )
    assert "hostname: a-1" in outcome.files["pod.yaml"].decode()


@pytest.mark.parametrize("mode", ["--diff", "--write"])
def test_the_command_prints_or_writes(tmp_path: Path, mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = POD.replace("spec:\n", "spec:\n  tolerations: [{key: nvidia.com/gpu}]\n")
    write(tmp_path, text)
    assert main(["fix", str(tmp_path), mode, "--policy", "GPU-004"]) == 0
    shown = capsys.readouterr()
    assert "1 findings" in shown.err
    changed = (tmp_path / "pod.yaml").read_text()
    if mode == "--diff":
        assert "-  tolerations: [{key: nvidia.com/gpu}]" in shown.out
        assert changed == text
    else:
        assert changed == POD
        assert shown.out == ""


def test_operations_of_one_fix_build_on_each_other(tmp_path: Path) -> None:
    ops = [
        {"set": "securityContext.runAsNonRoot", "value": True},
        {"set": "securityContext.runAsUser", "value": 1000},
        {"remove": "containers[*].image"},
        {"remove": "hostNetwork"},
    ]
    rule = policy(
        code="OWN-006",
        id="own",
        fix={"safety": "safe", "title": "x", "ops": ops},
        **{"assert": "pod.?securityContext.?runAsUser.orValue(0) == 1000"},
    )
    text = run(write(tmp_path), rule).files["pod.yaml"].decode()
    assert text.count("securityContext:") == 1
    assert "runAsUser: 1000" in text
    assert "image" not in text


def test_several_elements_can_be_taken_out_at_once(tmp_path: Path) -> None:
    text = POD.replace("spec:\n", "spec:\n  tolerations:\n    - {key: a}\n    - {key: b}\n    - {key: c}\n")
    rule = policy(
        code="OWN-007",
        id="own",
        fix={"safety": "safe", "title": "x", "ops": [{"remove": "tolerations[*]"}]},
        **{"assert": "!has(pod.tolerations) || size(pod.tolerations) == 0"},
    )
    changed = run(write(tmp_path, text), rule).files["pod.yaml"].decode()
    assert "key:" not in changed
