"""Waivers: accepted with a reason and an end; expired ones fail again, unused ones are warned of."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from auditor.audit import Run
from auditor.errors import UsageError
from auditor.model import Origin, Place, Resource, Status, Target, Verdict
from auditor.spans import Span
from auditor.waiver_comments import comment_rules, scan
from auditor.waiver_file import parse_waivers
from auditor.waiver_peers import annotation_rules
from auditor.waivers import Rule, apply
from tests.unit.command import run
from tests.unit.repos import NOW, STRAY, STRAY_LINE, Repo, check
from tests.unit.worlds import policy

WHOLE = """\
# why these are accepted
- policy: GPU-004
  owner: apps/Deployment/web/*
  target: loose
  reason: moves with the new cluster
  by: jane@example.com
  until: 2027-01-31
  ticket: OPS-12
"""


def rows(run: Run) -> list[tuple[str, str]]:
    """Status and name of each finding."""
    return [(finding.status, finding.resource.rpartition("/")[2]) for finding in run.report.findings]


def warned(run: Run) -> list[str]:
    return [f"{row.file}:{row.line}: {row.what}" for row in run.report.warnings]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path)
    made.write("app.yaml", STRAY.format(name="page"))
    return made


# The file


def test_every_field_of_the_file_reaches_the_rule() -> None:
    (rule,) = parse_waivers(WHOLE.encode(), "w.yaml", require_until=True)
    assert rule == Rule(
        "GPU-004", "w.yaml", 2, "moves with the new cluster", "apps/Deployment/web/*", "loose",
        "jane@example.com", date(2027, 1, 31), "OPS-12",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  reason: moves with the new cluster\n", "", "w.yaml:2: the waiver has no reason"),
        ("reason: moves with the new cluster", "reason: ' '", "w.yaml:2: the waiver has no reason"),
        ("  by: jane@example.com\n", "", "w.yaml:2: the waiver has no by"),
        ("2027-01-31", "31.1.2027", "w.yaml:2: until is '31.1.2027': write a day as YYYY-MM-DD"),
        ("2027-01-31", "2027-02-30", "until is '2027-02-30'"),
        ("  until: 2027-01-31\n", "", "w.yaml:2: the waiver has no end"),
        ("ticket:", "tickets:", "tickets: unknown key; did you mean 'ticket'?"),
        ("OPS-12", "12", "ticket is 12: write text"),
        ("- policy: GPU-004", "- [", "w.yaml:"),
        (WHOLE, "policy: GPU-004\n", "not a list of waivers"),
        (WHOLE, "- GPU-004\n", "this is no map"),
    ],
)
def test_a_malformed_file_is_a_configuration_error_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(UsageError) as stopped:
        parse_waivers(WHOLE.replace(old, new).encode(), "w.yaml", require_until=True)
    assert said in str(stopped.value)


def test_no_end_is_allowed_only_when_the_configuration_says_so(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE.replace("  until: 2027-01-31\n", ""))
    with pytest.raises(UsageError, match="has no end"):
        check(repo.root)
    repo.write("auditor.toml", "[waivers]\nrequire_until = false\n")
    assert rows(check(repo.root)) == [("waived", "page")]


def test_a_waived_finding_carries_its_waiver_and_does_not_gate(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE)
    run = check(repo.root)
    (finding,) = run.report.findings
    assert finding.status == "waived"
    assert finding.waiver is not None
    assert finding.waiver.place == "auditor-waivers.yaml:2"
    assert (finding.waiver.by, finding.waiver.until, finding.waiver.ticket) == (
        "jane@example.com", "2027-01-31", "OPS-12")  # fmt: skip
    assert run.report.gate.exit_code == 0
    assert run.report.score.raw == 0
    assert warned(run) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("apps/Deployment/web/*", "apps/Deployment/other/*"),
        ("target: loose", "target: prod"),
        ("GPU-004", "GPU-003"),
    ],
)
def test_a_waiver_reaches_only_its_policy_owner_and_target(repo: Repo, old: str, new: str) -> None:
    repo.write("auditor-waivers.yaml", WHOLE.replace(old, new))
    assert rows(check(repo.root)) == [("fail", "page")]


@pytest.mark.parametrize("name", ["GPU-004", "gpu-004", "gpu-taint-tolerated-without-gpu"])
def test_every_name_of_a_policy_works(repo: Repo, name: str) -> None:
    repo.write("auditor-waivers.yaml", WHOLE.replace("GPU-004", name))
    assert rows(check(repo.root)) == [("waived", "page")]


def test_an_unknown_policy_in_the_file_is_a_configuration_error(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE.replace("GPU-004", "GPU-044"))
    with pytest.raises(
        UsageError, match=r"auditor-waivers.yaml:2: no policy is called 'GPU-044'; did you mean"
    ):
        check(repo.root)


def test_the_last_day_still_counts_and_the_next_fails_again(repo: Repo) -> None:
    today = NOW.date()
    repo.write("auditor-waivers.yaml", WHOLE.replace("2027-01-31", today.isoformat()))
    assert rows(check(repo.root)) == [("waived", "page")]
    yesterday = today.replace(day=today.day - 1).isoformat()
    repo.write("auditor-waivers.yaml", WHOLE.replace("2027-01-31", yesterday))
    run = check(repo.root)
    assert rows(run) == [("fail", "page")]
    assert f"(the waiver at auditor-waivers.yaml:2 expired on {yesterday})" in run.report.findings[0].message
    assert run.report.gate.exit_code == 1
    assert warned(run) == [
        f"auditor-waivers.yaml:2: the waiver of GPU-004 for apps/Deployment/web/* expired on {yesterday}: "
        "its findings fail again"
    ]


def test_an_unused_waiver_is_warned_of_with_its_line(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE.replace("web/*", "gone/*"))
    assert warned(check(repo.root)) == [
        "auditor-waivers.yaml:2: the waiver of GPU-004 for apps/Deployment/gone/* waives nothing"
    ]


def test_a_waiver_of_a_policy_outside_the_run_is_not_called_unused(repo: Repo) -> None:
    repo.write("auditor-waivers.yaml", WHOLE)
    assert warned(check(repo.root, policies=("GPU-003",))) == []


def test_a_named_waiver_file_must_exist(repo: Repo) -> None:
    repo.write("auditor.toml", '[waivers]\nfile = "ops/waivers.yaml"\n')
    with pytest.raises(UsageError, match="there is no such file"):
        check(repo.root)
    repo.write("ops/waivers.yaml", WHOLE)
    assert rows(check(repo.root)) == [("waived", "page")]


def test_a_waiver_file_may_be_named_by_flag(repo: Repo, tmp_path: Path) -> None:
    chosen = ("--policy", "GPU-004", "--format", "json")
    named = tmp_path / "elsewhere.yaml"
    named.write_text(WHOLE)
    assert run("check", repo.root, *chosen).code == 1
    assert run("check", repo.root, *chosen, "--waivers", named).code == 0
    missing = run("check", repo.root, *chosen, "--waivers", "none.yaml")
    assert missing.code == 2 and "none.yaml: no such file of waivers" in missing.err


# Comments

ALLOW = 'auditor: allow gpu-taint-tolerated-without-gpu until=2027-01-31 reason="new cluster"'


def with_comment(line: int, comment: str, *, own_line: bool) -> str:
    """The stray Deployment with a comment on a line (1-based), or above it."""
    lines = STRAY.format(name="page").splitlines()
    if own_line:
        lines.insert(line - 1, comment)
    else:
        lines[line - 1] += f"  {comment}"
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("own_line", [True, False])
@pytest.mark.parametrize("line", [STRAY_LINE, 1, 2], ids=["finding", "first line", "kind"])
def test_a_comment_covers_the_finding_or_the_whole_resource(repo: Repo, line: int, own_line: bool) -> None:
    repo.write("app.yaml", with_comment(line, f"# {ALLOW}", own_line=own_line))
    run = check(repo.root)
    assert rows(run) == [("waived", "page")]
    assert run.report.findings[0].waiver is not None
    assert run.report.findings[0].waiver.place == f"app.yaml:{line}"
    assert warned(run) == []


def test_a_comment_elsewhere_waives_nothing_and_is_warned_of(repo: Repo) -> None:
    repo.write("app.yaml", with_comment(12, f"# {ALLOW}", own_line=False))
    run = check(repo.root)
    assert rows(run) == [("fail", "page")]
    assert warned(run) == ["app.yaml:12: the waiver of gpu-taint-tolerated-without-gpu waives nothing"]


def test_one_comment_may_name_several_policies(repo: Repo) -> None:
    text = ALLOW.replace("allow ", "allow GPU-003, ")
    repo.write("app.yaml", with_comment(STRAY_LINE, f"# {text}", own_line=False))
    assert rows(check(repo.root)) == [("waived", "page")]


def test_comments_above_one_another_all_cover_the_next_line(repo: Repo) -> None:
    both = f"# {ALLOW.replace('gpu-taint-tolerated-without-gpu', 'GPU-003')}\n# {ALLOW}"
    repo.write("app.yaml", with_comment(STRAY_LINE, both, own_line=True))
    assert rows(check(repo.root)) == [("waived", "page")]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("auditor: allow GPU-004 until=2027-01-31", "it gives no reason"),
        ('auditor: allow GPU-004 until=2027-01-31 reason=""', "it gives no reason"),
        ('auditor: allow GPU-004 until=soon reason="x"', "until=soon is no day"),
        ('auditor: allow GPU-004 reason="x"', "it has no end"),
        ('auditor: allow until=2027-01-31 reason="x"', "it names no policy"),
        ('auditor: allow GPU-004 untill=2027-01-31 reason="x"', "untill is none of"),
        ('auditor: allow GPU-044 until=2027-01-31 reason="x"', "no policy is called 'GPU-044'"),
    ],
)
def test_a_malformed_comment_is_a_warning_and_waives_nothing(repo: Repo, comment: str, said: str) -> None:
    repo.write("app.yaml", with_comment(STRAY_LINE, f"# {comment}", own_line=False))
    run = check(repo.root)
    assert rows(run) == [("fail", "page")]
    assert any(f"app.yaml:{STRAY_LINE}: " in row and said in row for row in warned(run))


def test_an_expired_comment_fails_again(repo: Repo) -> None:
    repo.write("app.yaml", with_comment(STRAY_LINE, f"# {ALLOW.replace('2027', '2026')}", own_line=False))
    run = check(repo.root)
    assert rows(run) == [("fail", "page")]
    assert "expired on 2026-01-31" in run.report.findings[0].message


@pytest.mark.parametrize(
    ("file", "text", "covers"),
    [
        ("main.tf", f'resource "aws_eks_node_group" "gpu" {{ // {ALLOW}\n}}\n', 1),
        ("main.tf", f'# {ALLOW}\nresource "aws_eks_node_group" "gpu" {{\n}}\n', 2),
        ("Dockerfile", f"FROM python:3.11\n# {ALLOW}\nUSER root\n", 3),
        ("a.yaml", f"a: 1\n# {ALLOW}\n# another remark\nb: 2\n", 4),
        ("a.yaml", f"a: 1\n# {ALLOW}\n", 3),
    ],
)
def test_comments_are_found_in_every_kind_of_file(file: str, text: str, covers: int) -> None:
    rules, warnings = comment_rules(scan(file, text.encode()), require_until=True)
    assert [rule.covers for rule in rules] == [(file, covers)]
    assert warnings == []


def test_files_without_the_words_are_not_looked_at_line_by_line() -> None:
    assert scan("a.yaml", b"a: auditor\n# checkov\n") == []


def test_prose_that_shows_a_comment_is_no_waiver() -> None:
    assert scan("docs/waivers.md", f"# {ALLOW}\n".encode()) == []
    assert scan("docs/waivers.yaml", f"# {ALLOW}\n".encode()) != []


# Peers' suppressions


class NoLines(Origin):
    """An origin for resources that were never in a file."""

    file, source, editable = "a.yaml", "git", False

    def locate(self, path: tuple[str | int, ...]) -> Place:
        return Place(self.file, Span(3, 1, 3, 2, 0, 1), "exact")

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        return []

    def comment(self, place: Place) -> str:
        return ""


RULES = {
    "checkov": [{"id": "CKV_K8S_16", "relation": "exact"}],
    "kube-linter": [{"id": "privileged-container", "relation": "stricter"}],
    "kube-score": [{"id": "container-security-context-privileged", "relation": "looser"}],
    "polaris": [{"id": "runAsPrivileged", "relation": "exact"}],
    "trivy": [{"id": "KSV017", "relation": "related"}],
}
PRIVILEGED = policy(code="SEC-002", id="privileged", equivalents=RULES)


def suppressed(annotations: dict[str, str], *honour: str, template: bool = False) -> Status:
    """What becomes of a failure of SEC-002 on a Deployment with the annotations."""
    metadata = {"name": "page", "namespace": "web", "annotations": {} if template else annotations}
    pod = {"metadata": {"annotations": annotations}} if template else {}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": pod}}
    resource = Resource("apps/v1", "Deployment", "web", "page", body, NoLines())
    rules = annotation_rules([Target("loose", "loose", ".", [resource])], honour)
    failing = Verdict("SEC-002", Status.FAIL, resource, "loose")
    judged, _ = apply([failing], rules, {"SEC-002": PRIVILEGED}, [PRIVILEGED], NOW.date())
    return judged[0].status


CHECKOV = {"checkov.io/skip1": "CKV_K8S_16=a build agent"}
KUBE_LINTER = {"ignore-check.kube-linter.io/privileged-container": "a build agent"}
KUBE_SCORE = {"kube-score/ignore": "pod-probes, container-security-context-privileged"}
POLARIS = {"polaris.fairwinds.com/runAsPrivileged-exempt": "true"}


@pytest.mark.parametrize(
    ("annotations", "tool"),
    [
        (CHECKOV, "checkov"),
        (KUBE_LINTER, "kube-linter"),
        ({"kube-linter.io/ignore-all": "generated"}, "kube-linter"),
        (POLARIS, "polaris"),
        ({"polaris.fairwinds.com/exempt": "true"}, "polaris"),
    ],
)
@pytest.mark.parametrize("template", [False, True])
def test_exact_and_stricter_peers_are_honoured_when_listed(
    annotations: dict[str, str], tool: str, template: bool
) -> None:
    assert suppressed(annotations, tool, template=template) is Status.WAIVED
    assert suppressed(annotations, template=template) is Status.FAIL


def test_a_suppression_of_a_looser_rule_is_not_honoured() -> None:
    assert suppressed(KUBE_SCORE, "kube-score") is Status.FAIL


def test_kube_score_lists_several_checks() -> None:
    body = {"metadata": {"annotations": KUBE_SCORE}}
    resource = Resource("apps/v1", "Deployment", "web", "page", body, NoLines())
    rules = annotation_rules([Target("loose", "loose", ".", [resource])], ["kube-score"])
    assert [rule.policy for rule in rules] == ["pod-probes", "container-security-context-privileged"]


@pytest.mark.parametrize(
    "annotations",
    [
        {"checkov.io/skip1": "CKV_K8S_99=other"},
        {"checkov.io/skipped": "CKV_K8S_16=x"},
        {"polaris.fairwinds.com/runAsPrivileged-exempt": "false"},
        {"ignore-check.kube-linter.io/other": "x"},
    ],
)
def test_other_annotations_waive_nothing(annotations: dict[str, str]) -> None:
    assert suppressed(annotations, "checkov", "polaris", "kube-linter") is Status.FAIL


def test_checkov_comments_cover_their_whole_block() -> None:
    text = 'resource "aws_s3_bucket" "a" {\n  bucket = "a"\n  #checkov:skip=CKV_AWS_20:a public site\n}\n'
    (rule,), _ = comment_rules(scan("main.tf", text.encode(), ["checkov"]), require_until=True)
    assert (rule.policy, rule.reason, rule.covers, rule.tool) == (
        "CKV_AWS_20", "a public site", ("main.tf", 1), "checkov")  # fmt: skip


def test_checkov_comments_in_a_dockerfile_cover_the_file() -> None:
    text = "FROM a:1\n# checkov:skip=CKV_DOCKER_3:needs root\nUSER root\n"
    (rule,), _ = comment_rules(scan("Dockerfile", text.encode(), ["checkov"]), require_until=True)
    assert (rule.owner, rule.covers) == ("Dockerfile", None)


def test_trivy_comments_cover_the_next_line() -> None:
    text = '#trivy:ignore:AWS-0086\nresource "aws_s3_bucket" "a" {\n}\n'
    (rule,), _ = comment_rules(scan("main.tf", text.encode(), ["trivy"]), require_until=True)
    assert (rule.policy, rule.covers) == ("AWS-0086", ("main.tf", 2))


def test_peers_comments_are_left_alone_unless_listed() -> None:
    text = b"#trivy:ignore:AWS-0086\nresource {}\n"
    assert scan("main.tf", text, ["checkov"]) == []
    assert len(scan("main.tf", text, ["trivy"])) == 1
