"""The CI examples: their steps run here with stand-ins for what only GitHub has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  tolerations: [{key: nvidia.com/gpu}]
  containers: []
"""
FAKE_GH = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in *--paginate*) echo "$KNOWN";; esac
"""


def step(name: str) -> str:
    """The script of one step of the action."""
    (found,) = [each["run"] for each in ACTION["runs"]["steps"] if each.get("name") == name]
    return str(found)


def run(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{cwd / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=cwd,
        env={**os.environ, "PATH": path, "RUNNER_TEMP": str(cwd), **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
        subprocess.run(command, cwd=tmp_path, check=True)

    (tmp_path / "bin").mkdir()
    auditor = tmp_path / "bin" / "auditor"
    auditor.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m auditor "$@"\n')
    gh = tmp_path / "bin" / "gh"
    gh.write_text(FAKE_GH)
    for file in (auditor, gh):
        file.chmod(0o755)
    (tmp_path / ".gitignore").write_text("bin/\nauditor.*\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "base")
    (tmp_path / "pod.yaml").write_text(BAD)
    git("add", ".")
    git("commit", "-qm", "change")
    return tmp_path


def audit(repository: Path, **environment: str) -> dict[str, str]:
    """Run the audit step; what it wrote to GITHUB_OUTPUT."""
    files = {
        "GITHUB_OUTPUT": str(repository / "auditor.out"),
        "GITHUB_STEP_SUMMARY": str(repository / "auditor.sum"),
    }
    inputs = {"AUDIT_PATH": ".", "FAIL_ON": "high", "ARGS": "", "BASE": "", "PYTHONPATH": str(ROOT)}
    done = run(step("Audit"), repository, **{**files, **inputs, **environment})
    assert done.returncode == 0, done.stderr
    lines = (repository / "auditor.out").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_audit_step_hands_on_the_exit_code_and_writes_its_files(repository: Path) -> None:
    assert audit(repository, BASE="HEAD~1")["exit-code"] == "1"
    assert (repository / "auditor.sarif").stat().st_size > 1000
    assert "GPU-004" in (repository / "auditor.sum").read_text()


def test_what_the_base_had_already_does_not_fail_the_pull_request(repository: Path) -> None:
    assert audit(repository, BASE="HEAD")["exit-code"] == "0"


@pytest.mark.parametrize(("known", "method"), [("", "POST"), ("4711", "PATCH")])
def test_one_comment_is_posted_then_updated(repository: Path, known: str, method: str) -> None:
    audit(repository)
    calls = repository / "auditor.calls"
    done = run(step("Comment"), repository, REPOSITORY="o/r", NUMBER="7", CALLS=str(calls), KNOWN=known)
    assert done.returncode == 0, done.stderr
    listing, writing = calls.read_text().splitlines()
    assert "repos/o/r/issues/7/comments" in listing
    assert "<!-- auditor:" in listing
    assert f"--method {method}" in writing
    assert ("comments/4711" in writing) is bool(known)


@pytest.mark.parametrize("code", ["0", "1", "3"])
def test_the_gate_ends_as_the_audit_did(repository: Path, code: str) -> None:
    assert run(step("Gate"), repository, CODE=code).returncode == int(code)


def test_inputs_reach_the_shell_by_environment_only() -> None:
    scripts: list[dict[str, Any]] = [each for each in ACTION["runs"]["steps"] if "run" in each]
    assert all("${{" not in each["run"] for each in scripts), "an input inside a script would be run as code"


def test_the_pre_commit_hook_calls_a_command_that_exists(repository: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    command = " ".join([*hook["entry"].split(), *hook["args"]])
    assert run(command, repository, PYTHONPATH=str(ROOT)).returncode == 0


def test_the_presync_example_is_not_below_our_own_gate() -> None:
    command = [sys.executable, "-m", "auditor", "check", "docs/ci/presync.yaml", "--fail-on", "high"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
