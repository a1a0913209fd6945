"""``auditor.toml``: every key reaches the settings; what is wrong stops the run and says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.entry import main
from auditor.config import parse_config
from auditor.errors import UsageError
from auditor.options import TargetSettings
from auditor.packs import params_of
from tests.unit.repos import STRAY, Repo, check

WHOLE = b"""
packs = ["strict"]
exclude = ["vendor/**"]
policies = ["policies"]
region = "eu-west-1"
repositories = ["https://git.example.com/org/platform"]
[gate]
fail_on = "medium"
min_score = 80
min_coverage = 90.5
[severity]
"GPU-003" = "medium"
[params.GPU-004]
allowed_owners = ["DaemonSet/kube-system/*"]
[declare]
sla = "batch"
[declare."apps/Deployment/inference/*"]
p95_seconds = 53.5
[target.inference]
manifests = ["k8s/prod"]
terraform = "terraform"
cluster = "prod"
[compat]
honour = ["checkov", "polaris"]
[prices]
"g5.xlarge" = 0.9
[waivers]
file = "ops/waivers.yaml"
require_until = false
"""


def test_every_key_reaches_the_settings() -> None:
    config = parse_config(WHOLE, "auditor.toml")
    assert config is not None
    settings = config.settings
    assert (settings.packs, settings.exclude, config.policy_folders) == (
        ("strict",),
        ("vendor/**",),
        ("policies",),
    )
    assert (settings.fail_on, settings.min_score, settings.min_coverage) == ("medium", 80, 90.5)
    assert settings.severities == {"GPU-003": "medium"}
    assert settings.params == {"GPU-004": {"allowed_owners": ["DaemonSet/kube-system/*"]}}
    assert settings.declarations["apps/Deployment/inference/*"] == {"p95_seconds": 53.5}
    assert settings.targets == {"inference": TargetSettings(("k8s/prod",), "terraform", "prod")}
    assert (settings.honour, settings.region) == (("checkov", "polaris"), "eu-west-1")
    assert settings.prices == {"g5.xlarge": 0.9}
    assert settings.repositories == ("https://git.example.com/org/platform",)
    assert (config.waivers_file, settings.require_until) == ("ops/waivers.yaml", False)


def test_never_means_that_failures_do_not_gate() -> None:
    config = parse_config(b'[gate]\nfail_on = "never"', "auditor.toml")
    assert config is not None
    assert config.settings.fail_on is None


def test_pyproject_without_our_table_is_no_configuration() -> None:
    assert parse_config(b"[tool.other]\nx = 1", "pyproject.toml") is None


def test_pyproject_table_is_read() -> None:
    config = parse_config(b'[tool.auditor]\npacks = ["strict"]', "pyproject.toml")
    assert config is not None
    assert config.settings.packs == ("strict",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gate]\nfail_onn = 'high'", "auditor.toml:2: gate.fail_onn: unknown key; did you mean 'fail_on'?"),
        ("pack = ['strict']", "auditor.toml:1: pack: unknown key; did you mean 'packs'?"),
        ("[target.a]\nmanifest = ['x']", "target.a.manifest: unknown key; did you mean 'manifests'?"),
        ("[gate]\nfail_on = 'urgent'", "auditor.toml:2: gate.fail_on"),
        ("[gate]\nmin_score = 101", "auditor.toml:2: gate.min_score is 101"),
        ("[gate]\nmin_score = '80'", "gate.min_score is '80'"),
        ("packs = 'strict'", "packs is 'strict'"),
        ("[severity]\nGPU-003 = 'grave'", "severity.GPU-003 is 'grave'"),
        ("[compat]\nhonour = ['snyk']", "compat.honour[0] is 'snyk'"),
        ("[prices]\n'g5.xlarge' = -1", 'prices."g5.xlarge" is -1'),
        ("[declare]\np95_second = 3", "declare.p95_second: unknown declaration; did you mean 'p95_seconds'?"),
        ("[declare.'apps/*']\np95_seconds = 'long'", "a declaration of type float is wanted"),
        ("[declare]\nidempotent = 1", "a declaration of type bool is wanted"),
        ("packs = [", "auditor.toml: not TOML:"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_nearest_key(text: str, said: str) -> None:
    with pytest.raises(UsageError) as stopped:
        parse_config(text.encode(), "auditor.toml")
    assert said in str(stopped.value)


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(UsageError, match=r"auditor.toml: not UTF-8"):
        parse_config(b"packs = ['\xff']", "auditor.toml")


@pytest.mark.parametrize(
    ("value", "said"),
    [("taint = 3", "a value of type string is wanted"), ("taintt = 'x'", "did you mean 'taint'?")],
)
def test_params_are_checked_against_the_policy(tmp_path: Path, value: str, said: str) -> None:
    config = parse_config(f"[params.TST-001]\n{value}".encode(), "auditor.toml")
    assert config is not None
    from tests.unit.worlds import policy

    config.settings.own_policies = [policy(params={"taint": {"type": "string", "default": "nvidia.com/gpu"}})]
    with pytest.raises(UsageError) as stopped:
        params_of(config.settings)
    assert said in str(stopped.value)


def test_a_boolean_is_no_integer_param() -> None:
    from auditor.options import Settings
    from tests.unit.worlds import policy

    own = policy(params={"count": {"type": "integer", "default": 1}})
    with pytest.raises(UsageError, match="type integer"):
        params_of(Settings(own_policies=[own], params={"test": {"count": True}}))


def test_severity_of_the_configuration_decides_the_gate(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write("app.yaml", STRAY.format(name="page"))
    assert check(repo.root).report.gate.exit_code == 1
    repo.write("auditor.toml", '[severity]\nGPU-004 = "low"\n')
    run = check(repo.root)
    assert run.report.findings[0].severity == "low"
    assert run.report.gate.exit_code == 0


def test_unknown_policy_in_severity_names_the_nearest(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write("auditor.toml", '[severity]\nGPU-0044 = "low"\n')
    with pytest.raises(UsageError, match=r"\[severity\] names no policy: 'GPU-0044'; did you mean 'GPU-004'"):
        check(repo.root)


def test_exclude_leaves_files_out(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write("vendor/app.yaml", STRAY.format(name="page"))
    repo.write("auditor.toml", 'exclude = ["vendor/"]\n')
    assert check(repo.root).report.findings == ()


def test_flags_win_over_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = Repo(tmp_path)
    repo.write("app.yaml", STRAY.format(name="page"))
    repo.write("auditor.toml", '[gate]\nfail_on = "never"\nmin_score = 100\n')
    assert main(["check", str(tmp_path), "--policy", "GPU-004", "--min-score", "0"]) == 0
    assert main(["check", str(tmp_path), "--policy", "GPU-004", "--fail-on", "critical"]) == 1


def test_no_config_ignores_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = Repo(tmp_path)
    repo.write("auditor.toml", "nonsense = 1\n")
    assert main(["check", str(tmp_path)]) == 2
    assert "nonsense: unknown key" in capsys.readouterr().err
    assert main(["check", str(tmp_path), "--no-config"]) == 0


def test_config_flag_names_another_file(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "tree")
    repo.write("app.yaml", STRAY.format(name="page"))
    other = tmp_path / "other.toml"
    other.write_text('[gate]\nfail_on = "never"\n')
    assert main(["check", str(repo.root), "--config", str(other)]) == 0
    assert main(["check", str(repo.root), "--config", str(tmp_path / "none.toml")]) == 2


OWN = """\
code: OWN-001
id: no-page
title: The page is gone
severity: high
category: own
rationale: Pages are served elsewhere now; a page in this repository is left over from before and costs money.
match: {kinds: [apps/v1/Deployment]}
assert: object.metadata.name != 'page'
message: "'this is the page'"
"""


def test_own_policies_run_whatever_the_packs_choose(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.write("app.yaml", STRAY.format(name="page"))
    repo.write("policies/no-page/policy.yaml", OWN)
    repo.write("auditor.toml", 'policies = ["policies"]\npacks = []\n')
    assert [finding.policy for finding in check(repo.root, policies=()).report.findings] == ["OWN-001"]


@pytest.mark.parametrize("folder", ["../elsewhere", "/etc", "sub/../../elsewhere"])
def test_own_policies_outside_the_root_are_refused(tmp_path: Path, folder: str) -> None:
    repo = Repo(tmp_path / "tree")
    (tmp_path / "elsewhere" / "no-page").mkdir(parents=True)
    (tmp_path / "elsewhere" / "no-page" / "policy.yaml").write_text(OWN)
    repo.write("auditor.toml", f'policies = ["{folder}"]\n')
    with pytest.raises(UsageError, match="leads out of the audited tree"):
        check(repo.root)


def test_own_policies_behind_a_link_are_refused(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "tree")
    (tmp_path / "elsewhere" / "no-page").mkdir(parents=True)
    (tmp_path / "elsewhere" / "no-page" / "policy.yaml").write_text(OWN)
    (repo.root / "policies").symlink_to("../elsewhere")
    repo.write("auditor.toml", 'policies = ["policies"]\n')
    with pytest.raises(UsageError, match="leads out of the audited tree"):
        check(repo.root)


def test_policies_flag_may_name_any_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = Repo(tmp_path / "tree")
    repo.write("app.yaml", STRAY.format(name="page"))
    home = tmp_path / "elsewhere" / "no-page"
    home.mkdir(parents=True)
    (home / "policy.yaml").write_text(OWN)
    main(["check", str(repo.root), "--policies", str(home.parent), "--policy", "OWN-001"])
    assert "OWN-001" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (OWN.replace("object.metadata", "objekt.metadata"), "objekt"),
        (OWN.replace("kinds: [apps/v1/Deployment]", "view: PodSpek"), "PodSpek"),
        (OWN.replace("severity: high", "severity: grave"), "grave"),
        (OWN.replace("OWN-001", "GPU-004"), "GPU-004 names two policies"),
    ],
)
def test_a_broken_own_policy_is_exit_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: str, said: str
) -> None:
    repo = Repo(tmp_path)
    repo.write("app.yaml", STRAY.format(name="page"))
    repo.write("policies/no-page/policy.yaml", broken)
    repo.write("auditor.toml", 'policies = ["policies"]\n')
    assert main(["check", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
