"""``--trust-base REF``: what a change proposes about its own judgment is shown, and does not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.audit import Run
from auditor.cli.entry import main
from auditor.errors import UsageError
from tests.unit.repos import STRAY, STRAY_LINE, Repo, check
from tests.unit.test_config import OWN
from tests.unit.test_waivers import ALLOW, WHOLE, warned, with_comment


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "repo")
    made.write("app.yaml", STRAY.format(name="page"))
    made.commit()
    return made


def trusting(repo: Repo, **options: object) -> Run:
    return check(repo.root, trust_base="HEAD", **options)


def statuses(run: Run) -> list[str]:
    return [finding.status for finding in run.report.findings]


# Configuration


@pytest.mark.parametrize(
    "text", ['[severity]\nGPU-004 = "low"\n', '[gate]\nfail_on = "never"\n', 'exclude = ["*"]\n']
)
def test_configuration_added_by_the_change_does_not_count(repo: Repo, text: str) -> None:
    repo.write("auditor.toml", text)
    assert check(repo.root).report.gate.exit_code == 0
    run = trusting(repo)
    assert run.report.gate.exit_code == 1
    assert warned(run) == ["auditor.toml:0: added by this change; the run is governed by HEAD"]


def test_configuration_altered_or_removed_by_the_change_still_counts(repo: Repo) -> None:
    repo.write("auditor.toml", '[severity]\nGPU-004 = "low"\n')
    repo.commit()
    repo.write("auditor.toml", '[severity]\nGPU-004 = "high"\n')
    run = trusting(repo)
    assert run.report.findings[0].severity == "low"
    assert warned(run) == ["auditor.toml:0: altered by this change; the run is governed by HEAD"]
    (repo.root / "auditor.toml").unlink()
    run = trusting(repo)
    assert run.report.findings[0].severity == "low"
    assert warned(run) == ["auditor.toml:0: removed by this change; the run is governed by HEAD"]


def test_a_broken_configuration_of_the_change_cannot_stop_the_run(repo: Repo) -> None:
    repo.write("auditor.toml", "[[[")
    with pytest.raises(UsageError):
        check(repo.root)
    assert trusting(repo).report.gate.exit_code == 1


def test_pyproject_is_read_from_ref(repo: Repo) -> None:
    repo.write("pyproject.toml", '[tool.auditor.severity]\nGPU-004 = "low"\n')
    repo.commit()
    repo.write("pyproject.toml", "")
    assert trusting(repo).report.findings[0].severity == "low"


def test_a_config_flag_inside_the_tree_is_read_from_ref_too(repo: Repo, tmp_path: Path) -> None:
    inside = repo.write("ci/auditor.toml", '[severity]\nGPU-004 = "low"\n')
    with pytest.raises(UsageError, match="no such configuration file in HEAD"):
        trusting(repo, config=inside)
    outside = tmp_path / "operator.toml"
    outside.write_text('[severity]\nGPU-004 = "low"\n')
    assert trusting(repo, config=outside).report.findings[0].severity == "low"


# Waivers


def test_a_waiver_added_by_the_change_is_shown_and_not_honoured(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE)
    assert statuses(check(repo.root)) == ["waived"]
    run = trusting(repo)
    assert statuses(run) == ["fail"]
    assert warned(run) == [
        "auditor-waivers.yaml:2: the waiver of GPU-004 for apps/Deployment/web/* was added by this change "
        "and is not honoured"
    ]


@pytest.mark.parametrize(("old", "new"), [("2027-01-31", "2029-01-31"), ("web/*", "*"), ("loose", "'*'")])
def test_a_waiver_widened_by_the_change_counts_as_it_was(repo: Repo, old: str, new: str) -> None:
    repo.write("auditor-waivers.yaml", WHOLE)
    repo.commit()
    repo.write("auditor-waivers.yaml", WHOLE.replace(old, new))
    run = trusting(repo)
    assert run.report.findings[0].waiver is not None
    assert run.report.findings[0].waiver.until == "2027-01-31"
    assert "was added by this change" in warned(run)[0]


def test_a_waiver_that_moved_in_its_file_is_the_same(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE)
    repo.commit()
    repo.write("auditor-waivers.yaml", f"# moved\n\n{WHOLE}")
    run = trusting(repo)
    assert (statuses(run), warned(run)) == (["waived"], [])


def test_a_broken_waiver_file_of_the_change_is_a_warning(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE)
    repo.commit()
    repo.write("auditor-waivers.yaml", WHOLE.replace("reason", "raison"))
    run = trusting(repo)
    assert statuses(run) == ["waived"]
    assert "not usable as proposed" in warned(run)[0]


def test_a_comment_added_by_the_change_is_shown_and_not_honoured(repo: Repo) -> None:
    repo.write("app.yaml", with_comment(STRAY_LINE, f"# {ALLOW}", own_line=False))
    run = trusting(repo)
    assert statuses(run) == ["fail"]
    assert warned(run) == [f"app.yaml:{STRAY_LINE}: added by this change and not honoured: {ALLOW}"]


def test_a_comment_that_ref_has_counts_wherever_it_moved_in_its_file(repo: Repo) -> None:
    repo.write("app.yaml", with_comment(STRAY_LINE, f"# {ALLOW}", own_line=True))
    repo.commit()
    repo.write("app.yaml", "# a remark\n---\n" + with_comment(STRAY_LINE, f"# {ALLOW}", own_line=True))
    run = trusting(repo)
    assert (statuses(run), warned(run)) == (["waived"], [])


@pytest.mark.parametrize("change", ["until", "beside", "copy"])
def test_a_comment_bent_by_the_change_does_not_count(repo: Repo, change: str) -> None:
    commented = with_comment(STRAY_LINE, f"# {ALLOW}", own_line=True)
    repo.write("app.yaml", commented)
    repo.commit()
    bent = {
        "until": commented.replace("2027", "2029"),
        "beside": with_comment(2, f"# {ALLOW}", own_line=True),
        "copy": commented + "---\n" + commented.replace("name: page", "name: second"),
    }
    repo.write("app.yaml", bent[change])
    assert set(statuses(check(repo.root))) == {"waived"}
    run = trusting(repo)
    assert set(statuses(run)) == {"fail"}
    assert all("added by this change" in row for row in warned(run))


CHECKED = """\
apiVersion: v1
kind: Pod
metadata:
  name: page
  namespace: web
  annotations: {%s}
spec:
  containers: [{name: page, image: a:1}]
"""
SUPPRESSED = CHECKED % '"checkov.io/skip1": "OWN_1=trusted"'
PEER = (
    OWN.replace("apps/v1/Deployment", "v1/Pod") + "equivalents: {checkov: [{id: OWN_1, relation: exact}]}\n"
)


def test_a_peers_suppression_counts_only_when_ref_has_it(repo: Repo) -> None:
    repo.write("policies/no-page/policy.yaml", PEER)
    repo.write("auditor.toml", 'policies = ["policies"]\n[compat]\nhonour = ["checkov"]\n')
    repo.write("pod.yaml", SUPPRESSED)
    repo.commit()
    assert statuses(trusting(repo, policies=("OWN-001",))) == ["waived"]
    repo.write("pod.yaml", CHECKED % "")
    repo.commit()
    repo.write("pod.yaml", SUPPRESSED)
    assert statuses(check(repo.root, policies=("OWN-001",))) == ["waived"]
    assert statuses(trusting(repo, policies=("OWN-001",))) == ["fail"]


# Baseline and own policies


def test_the_baseline_is_read_from_ref(repo: Repo) -> None:
    file = repo.root / "auditor-baseline.json"
    main(["baseline", "write", str(repo.root), "--policy", "GPU-004", "--output", str(file)])
    repo.commit()
    repo.write("second.yaml", STRAY.format(name="second"))
    main(["baseline", "write", str(repo.root), "--policy", "GPU-004", "--output", str(file)])
    assert check(repo.root, baseline=file).report.gate.exit_code == 0
    run = trusting(repo, baseline=file)
    assert run.report.gate.reasons == ("1 new critical finding",)
    assert "auditor-baseline.json:0: altered by this change; the run is governed by HEAD" in warned(run)


def test_a_baseline_added_by_the_change_accepts_nothing(repo: Repo) -> None:
    file = repo.root / "auditor-baseline.json"
    main(["baseline", "write", str(repo.root), "--policy", "GPU-004", "--output", str(file)])
    run = trusting(repo, baseline=file)
    assert run.report.gate.exit_code == 1
    assert "auditor-baseline.json:0: added by this change; the run is governed by HEAD" in warned(run)


def test_own_policies_are_read_from_ref(repo: Repo) -> None:
    repo.write("policies/no-page/policy.yaml", OWN)
    repo.write("auditor.toml", 'policies = ["policies"]\n')
    repo.commit()
    repo.write("policies/no-page/policy.yaml", OWN.replace("!= 'page'", "!= 'other'"))
    assert statuses(check(repo.root, policies=("OWN-001",))) == []
    assert statuses(trusting(repo, policies=("OWN-001",))) == ["fail"]


def test_own_policies_that_ref_lacks_cannot_be_added(repo: Repo) -> None:
    repo.write("policies/no-page/policy.yaml", OWN)
    repo.write("auditor.toml", 'policies = ["policies"]\n')
    with pytest.raises(UsageError, match="no policy is called 'OWN-001'"):
        trusting(repo, policies=("OWN-001",))


def test_a_broken_own_policy_of_ref_is_named_as_refs(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("policies/no-page/policy.yaml", OWN.replace("high", "grave"))
    repo.write("auditor.toml", 'policies = ["policies"]\n')
    repo.commit()
    assert main(["check", str(repo.root), "--trust-base", "HEAD"]) == 2
    assert "HEAD:policies/no-page/policy.yaml" in capsys.readouterr().err


def test_a_missing_ref_is_exit_two(repo: Repo) -> None:
    assert main(["check", str(repo.root), "--trust-base", "origin/main"]) == 2
