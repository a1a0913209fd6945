"""CI pushes without a stored key, by the role that Terraform makes, and what runs was asked for by a pull request."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.platform.overlays import PLATFORM

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
