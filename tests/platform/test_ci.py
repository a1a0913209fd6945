"""CI pushes without a stored key, by the role that Terraform makes, and what runs was asked for by a pull request."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.platform.overlays import PLATFORM
from tests.platform.prometheus import program

WORKFLOWS = sorted(path.name for path in (PLATFORM / "ci").glob("*.yaml"))


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((PLATFORM / "ci" / name).read_text(), Loader=yaml.BaseLoader)
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_grants_nothing_by_default_and_pins_its_actions(name: str) -> None:
    body = workflow(name)
    assert body["permissions"] == {} or "write" not in str(body["permissions"].get("contents"))
    used = [step["uses"] for step in steps(name) if "uses" in step]
    assert all(re.fullmatch(r"[\w./-]+@v?\d[\w.]*", each) for each in used), used


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_workflow_knows_an_aws_key(name: str) -> None:
    assert not re.search(r"aws[-_]?(access|secret)", (PLATFORM / "ci" / name).read_text(), re.IGNORECASE)


def test_an_image_is_scanned_before_it_is_pushed_and_signed_after() -> None:
    order = [step.get("name", step.get("uses", "")) for step in steps("build.yaml")]
    places = [
        next(at for at, each in enumerate(order) if each.startswith(part))
        for part in ("Scan", "SBOM", "Push", "Sign")
    ]
    assert places == sorted(places)


def test_the_build_runs_in_the_environment_that_the_role_trusts() -> None:
    text = (PLATFORM / "terraform/modules/platform/variables.tf").read_text()
    trusted = re.search(r'variable "github_environment" {.*?default\s+= "(\w+)"', text, re.DOTALL)
    job = workflow("build.yaml")["jobs"]["image"]
    assert trusted is not None and job["environment"] == trusted.group(1)
    assert job["permissions"]["id-token"] == "write"


def test_every_image_that_runs_is_built() -> None:
    built = {
        each["name"] for each in workflow("build.yaml")["jobs"]["image"]["strategy"]["matrix"]["include"]
    }
    text = (PLATFORM / "apps/prod/settings/kustomization.yaml").read_text()
    assert set(re.findall(r"name: REGISTRY/([\w-]+)", text)) == built


def test_untrusted_text_reaches_a_shell_as_a_variable_only() -> None:
    for name in WORKFLOWS:
        for step in steps(name):
            assert not re.search(r"\$\{\{\s*(inputs|github\.event)", step.get("run", "")), (name, step)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actionlint_finds_nothing(name: str) -> None:
    """Keys, expressions, inputs of known actions, jobs that need each other, permissions."""
    done = actionlint(PLATFORM / "ci" / name)
    assert done.returncode == 0, done.stdout + done.stderr


def actionlint(path: Path) -> subprocess.CompletedProcess[str]:
    command = [program("actionlint"), "-no-color", "-shellcheck=", "-pyflakes=", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    text = (PLATFORM / "ci/build.yaml").read_text()
    wrong = tmp_path / "build.yaml"
    wrong.write_text(text.replace("needs: image", "needs: images").replace("role-to-assume", "role"))
    found = actionlint(wrong)
    assert found.returncode == 1 and "images" in found.stdout and '"role"' in found.stdout


@pytest.mark.parametrize("name", WORKFLOWS)
def test_shell_commands_parse(name: str) -> None:
    for step in steps(name):
        if "run" in step:
            done = subprocess.run(
                ["bash", "-n"], input=step["run"], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (step, done.stderr)


def test_files_that_the_workflows_name_are_there() -> None:
    include = workflow("build.yaml")["jobs"]["image"]["strategy"]["matrix"]["include"]
    named = [PLATFORM.parent / each["dockerfile"] for each in include]
    named += [
        PLATFORM / path for step in steps("promote.yaml") for path in re.findall(r"ci/\w+\.py", str(step))
    ]
    named += [PLATFORM / path for path in workflow("tag.yaml")["on"]["push"]["paths"]]
    assert len(named) == 4 and [path for path in named if not path.is_file()] == []


def test_the_audits_inputs_are_those_of_our_action() -> None:
    action = yaml.safe_load((PLATFORM.parent / "action.yml").read_text())
    (step,) = [
        each for each in steps("audit.yaml") if each.get("uses", "").startswith("example-org/auditor@")
    ]
    assert step["with"].keys() <= action["inputs"].keys()


def test_the_build_asks_for_a_promotion_as_it_is_declared() -> None:
    (command,) = [step["run"] for step in steps("build.yaml") if "gh workflow run" in step.get("run", "")]
    asked = set(re.findall(r"-f (\w+)=", command))
    assert "promote.yaml" in command and asked == set(
        workflow("promote.yaml")["on"]["workflow_dispatch"]["inputs"]
    )


def test_the_tag_is_read_from_the_pin_as_it_is_written() -> None:
    (command,) = [step["run"] for step in steps("tag.yaml") if "run" in step]
    reading = command.splitlines()[0] + '\necho "$tag"'
    done = subprocess.run(["bash", "-ec", reading], cwd=PLATFORM, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"prod-\d+", done.stdout.strip())


def test_the_role_of_the_build_is_an_output_of_terraform() -> None:
    text = (PLATFORM / "ci/build.yaml").read_text()
    assert "vars.PUSH_IMAGES_ROLE_ARN" in text and "terraform output push_images_role_arn" in text
    assert 'output "push_images_role_arn"' in (PLATFORM / "terraform/envs/prod/outputs.tf").read_text()
