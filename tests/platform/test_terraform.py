"""The platform's Terraform without any server: format, validation, its own tests, its tables, its audit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from auditor.data.cuda import cuda_driver
from auditor.data.eks_versions import eks_version
from tests.platform.terraform import SOURCE, Terraform, TerraformError, cli_config, copy_to, mirror
from tests.unit.command import run
from worker.settings import Settings

ENVIRONMENTS = ("dev", "prod")
TESTED = ("cluster", "gpu-quota", "network", "node-group", "platform")
MODULES = SOURCE / "modules"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("terraform")
    copy_to(made)
    cli_config(made)
    return made


def terraform_in(folder: Path, root: str) -> Terraform:
    environment = {"TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"), "AWS_REGION": "us-east-1"}
    return Terraform(folder / "terraform" / root, environment)


def test_platform_is_no_python_package() -> None:
    assert not list(SOURCE.parent.rglob("__init__.py")), "it would shadow the standard library's platform"


def test_every_module_with_tests_is_tested_here() -> None:
    assert sorted({each.parts[-3] for each in MODULES.glob("*/tests/*.tftest.hcl")}) == list(TESTED)


def test_files_are_formatted(folder: Path) -> None:
    assert terraform_in(folder, ".").run("fmt", "-check", "-recursive", "-diff")[1] == ""


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_valid_under_its_lock_file(folder: Path, environment: str) -> None:
    terraform = terraform_in(folder, f"envs/{environment}")
    terraform.run("init", "-backend=false", "-lockfile=readonly")
    assert terraform.json("validate", "-json")["diagnostics"] == []


@pytest.mark.slow
@pytest.mark.parametrize("module", TESTED)
def test_terraforms_own_tests_pass(folder: Path, module: str) -> None:
    terraform = terraform_in(folder, f"modules/{module}")
    terraform.run("init", "-backend=false")
    told = terraform.run("test")[1]
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", told), told


def test_environments_hold_one_provider_at_one_version() -> None:
    locks = {(SOURCE / "envs" / each / ".terraform.lock.hcl").read_text() for each in ENVIRONMENTS}
    (lock,) = locks
    assert re.findall(r'^provider "(.*)"', lock, re.MULTILINE) == ["registry.terraform.io/hashicorp/aws"]
    assert 'version     = "5.100.0"' in lock
    for each in SOURCE.rglob("versions.tf"):
        assert re.findall(r'version = "(.*)"', each.read_text()) == [">= 1.10", "~> 5.100"], each


def support_table() -> Iterator[tuple[int, date]]:
    text = (MODULES / "cluster" / "support.tf").read_text()
    for minor, day in re.findall(r'"1\.(\d+)" = "(\d{4}-\d\d-\d\d)"', text):
        yield int(minor), date.fromisoformat(day)


def test_the_calendar_of_minors_is_the_auditors() -> None:
    table = dict(support_table())
    assert table
    for minor, ends in table.items():
        known = eks_version(minor)
        assert known is not None
        assert known.standard_support_ends == ends, f"1.{minor}"


def test_the_driver_table_is_the_auditors() -> None:
    text = (MODULES / "platform" / "nodes.tf").read_text()
    table = re.search(r"least_driver_branch = \{(.*)\}", text)
    assert table is not None
    for major, branch in re.findall(r'"(\d+)" = (\d+)', table.group(1)):
        known = cuda_driver(f"{major}.0")
        assert known is not None
        assert known.least[0] == int(branch), f"CUDA {major}"


def test_the_default_minor_is_the_release_of_the_nodes() -> None:
    text = (MODULES / "platform" / "variables.tf").read_text()
    minor = re.search(r'default     = "(1\.\d+)"', text)
    release = re.search(r'default     = "(1\.\d+)\.\d+-\d{8}"', text)
    assert minor is not None
    assert release is not None
    assert minor.group(1) == release.group(1)


def test_every_root_passes_the_strict_audit(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run("check", SOURCE.parent, "--pack", "strict", "--format", "json", "--output", report)
    told = json.loads(report.read_text())
    roots = {each["name"] for each in told["targets"]}
    assert roots >= {"terraform/state", "terraform/envs/dev", "terraform/envs/prod"}
    ours = [each for each in told["findings"] if Path(each["location"]["file"]).is_relative_to(SOURCE)]
    open_ = [(each["policy"], each["title"]) for each in ours if each["status"] == "fail"]
    assert open_ == []


def test_a_stated_mirror_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_PLUGIN_MIRROR", str(tmp_path))
    assert mirror() == tmp_path
    assert f'filesystem_mirror {{ path = "{tmp_path}" }}' in cli_config(tmp_path).read_text()


def test_without_a_mirror_the_provider_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_PLUGIN_MIRROR", raising=False)
    monkeypatch.setattr("tests.platform.terraform.IMPLIED", ())
    monkeypatch.setattr("tests.platform.terraform.PLACES", (str(tmp_path), str(tmp_path / "missing")))
    assert mirror() is None
    assert cli_config(tmp_path).read_text() == "disable_checkpoint = true\n"


def test_a_mirror_in_the_usual_places_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_PLUGIN_MIRROR", raising=False)
    monkeypatch.setattr("tests.platform.terraform.IMPLIED", ())
    monkeypatch.setattr("tests.platform.terraform.PLACES", (str(tmp_path),))
    built = tmp_path / "plugins" / "registry.terraform.io" / "hashicorp" / "aws" / "5.100.0" / "linux_amd64"
    built.mkdir(parents=True)
    (built / "terraform-provider-aws_v5.100.0_x5").touch()
    assert mirror() == tmp_path / "plugins"


def test_a_command_that_fails_shows_what_it_said(folder: Path) -> None:
    with pytest.raises(TerraformError, match="terraform no-such-command"):
        terraform_in(folder, ".").run("no-such-command")


def default_of(module: str, text: str) -> str:
    """What a pattern's group finds in a module's variables."""
    found = re.search(text, (MODULES / module / "variables.tf").read_text())
    assert found is not None, text
    return found.group(1)


def test_what_the_worker_decides_is_taken_from_the_worker() -> None:
    settings = {name: field.default for name, field in Settings.model_fields.items()}
    prefixes = json.loads(default_of("platform", r"output_prefixes = optional\(list\(string\), (\[.*?\])\)"))
    assert prefixes == [settings["output_prefix"], settings["error_prefix"]]
    receives = int(default_of("queue", r'"max_receive_count" \{[^}]*default     = (\d+)'))
    assert receives > settings["max_receives"], "the queue would give a scan up before the worker says why"
    hidden = int(default_of("platform", r'"visibility_timeout_seconds" \{[^}]*default     = (\d+)'))
    assert hidden > settings["grace_seconds"] + settings["visibility_seconds"]


def test_the_nodes_driver_runs_the_workers_cuda() -> None:
    needed = cuda_driver(default_of("platform", r'"worker_cuda" \{[^}]*default     = "(.*?)"'))
    assert needed is not None
    branch = default_of("platform", r'"gpu_driver_branch" \{[^}]*default     = "(.*?)"')
    assert int(branch) >= needed.full[0]
