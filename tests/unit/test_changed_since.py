"""``--changed-since REF``: REF is audited too, and only what is new since then gates."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditor.changes import changed_lines
from auditor.cli.entry import main
from auditor.errors import UsageError
from auditor.sources.revision import Revision
from tests.unit.repos import STRAY, STRAY_LINE, Repo, check

SCALER = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: worker, namespace: web}
spec:
  minReplicaCount: 0
  scaleTargetRef: {name: worker}
"""
WORKER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: web}
spec:
  replicas: 1
  template:
    spec: {containers: [{name: worker, image: a:1}]}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "repo")
    made.write("app.yaml", STRAY.format(name="page"))
    made.commit()
    return made


def new(repo: Repo, ref: str = "HEAD", **options: object) -> dict[str, bool | None]:
    report = check(repo.root, changed_since=ref, **options).report
    return {finding.resource.rpartition("/")[2]: finding.new for finding in report.findings}


def test_what_ref_has_is_old_and_what_it_lacks_is_new(repo: Repo) -> None:
    repo.write("second.yaml", STRAY.format(name="second"))
    run = check(repo.root, changed_since="HEAD")
    assert new(repo) == {"page": False, "second": True}
    assert run.report.base == "HEAD"
    assert run.report.gate.exit_code == 1
    assert run.report.gate.notes == ("1 open finding known from HEAD left out of the gate",)


def test_the_report_says_how_the_score_moved_and_what_was_repaired(repo: Repo) -> None:
    repo.write(
        "app.yaml", STRAY.format(name="page").replace("operator: Exists", "{key: a, operator: Exists}")
    )
    change = check(repo.root, changed_since="HEAD").report.change
    assert change is not None
    assert (change.base, change.before, change.after, change.points) == ("HEAD", 0, 100, 100)
    assert [finding.resource for finding in change.fixed] == ["apps/Deployment/web/page"]
    assert (change.new, change.unchanged) == (0, 0)


def test_old_findings_alone_do_not_gate(repo: Repo) -> None:
    assert check(repo.root, changed_since="HEAD").report.gate.exit_code == 0


def test_a_rename_makes_nothing_new(repo: Repo) -> None:
    repo.git("mv", "app.yaml", "renamed.yaml")
    assert new(repo) == {"page": False}


def test_what_broke_in_an_unchanged_file_is_new(repo: Repo) -> None:
    repo.write("worker.yaml", WORKER)
    repo.write("scaler.yaml", SCALER.replace("minReplicaCount: 0", "minReplicaCount: 1"))
    repo.commit()
    repo.write("scaler.yaml", SCALER)
    report = check(repo.root, changed_since="HEAD", policies=("ZRO-008",)).report
    (finding,) = [each for each in report.findings if each.status == "fail"]
    assert (finding.location.file, finding.new) == ("worker.yaml", True)
    assert not finding.touched, "neither end stands on the changed line"


def test_a_finding_with_its_other_end_on_a_changed_line_is_touched(repo: Repo) -> None:
    repo.write("worker.yaml", WORKER)
    repo.write("scaler.yaml", SCALER)
    repo.commit()
    repo.write(
        "scaler.yaml",
        SCALER.replace("scaleTargetRef: {name: worker}", "scaleTargetRef: {name: worker, kind: Deployment}"),
    )
    report = check(repo.root, changed_since="HEAD", policies=("ZRO-008",)).report
    (finding,) = [each for each in report.findings if each.status == "fail"]
    assert (finding.location.file, finding.new, finding.touched) == ("worker.yaml", False, True)


def test_an_old_finding_on_a_changed_line_is_touched_but_does_not_gate(repo: Repo) -> None:
    text = STRAY.format(name="page").replace("- operator: Exists", "- operator: Exists  # for now")
    repo.write("app.yaml", text)
    run = check(repo.root, changed_since="HEAD")
    (finding,) = run.report.findings
    assert (finding.location.line, finding.new, finding.touched) == (STRAY_LINE, False, True)
    assert run.report.gate.exit_code == 0


def test_a_waiver_that_went_away_makes_nothing_new(repo: Repo) -> None:
    waiver = "- {policy: GPU-004, owner: '*', reason: a trial, by: jane, until: 2999-01-01}\n"
    repo.write("auditor-waivers.yaml", waiver)
    repo.commit()
    (repo.root / "auditor-waivers.yaml").unlink()
    assert new(repo) == {"page": False}


def test_both_trees_are_judged_by_the_same_settings(repo: Repo) -> None:
    repo.write("auditor.toml", 'exclude = ["*.yaml"]\n')
    run = check(repo.root, changed_since="HEAD")
    assert run.base is not None
    assert run.base.report.findings == run.report.findings == ()


def test_a_baseline_and_ref_are_both_known(repo: Repo, tmp_path: Path) -> None:
    repo.write("second.yaml", STRAY.format(name="second"))
    file = tmp_path / "b.json"
    main(["baseline", "write", str(repo.root), "--policy", "GPU-004", "--output", str(file)])
    repo.write("third.yaml", STRAY.format(name="third"))
    assert new(repo, baseline=file) == {"page": False, "second": False, "third": True}


def test_a_folder_of_the_repository_is_compared_with_itself(repo: Repo) -> None:
    repo.write("sub/app.yaml", STRAY.format(name="inner"))
    repo.commit()
    report = check(repo.root / "sub", changed_since="HEAD").report
    assert [(each.location.file, each.new) for each in report.findings] == [("app.yaml", False)]


def test_a_folder_that_ref_lacks_is_all_new(repo: Repo) -> None:
    repo.write("sub/app.yaml", STRAY.format(name="inner"))
    report = check(repo.root / "sub", changed_since="HEAD").report
    assert [each.new for each in report.findings] == [True]


def test_a_missing_ref_is_exit_two(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(repo.root), "--changed-since", "origin/main"]) == 2
    assert "origin/main: no such revision" in capsys.readouterr().err


def test_a_shallow_clone_is_told_the_line_to_add(repo: Repo, tmp_path: Path) -> None:
    repo.commit("second")
    shallow = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth=1", f"file://{repo.root}", str(shallow))
    with pytest.raises(UsageError) as stopped:
        Revision(shallow, "origin/release")
    said = str(stopped.value)
    assert "`fetch-depth: 0`" in said
    assert "git fetch --depth=1 origin release:refs/remotes/origin/release" in said


def test_a_partial_clone_fetches_nothing_and_is_told_what_to_run(repo: Repo, tmp_path: Path) -> None:
    repo.write("app.yaml", STRAY.format(name="other"))
    repo.commit("other")
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.root}", str(clone))
    revision = Revision(clone, "HEAD~1")
    with pytest.raises(UsageError, match=r"app.yaml is not in this partial clone.*git fetch --refetch"):
        revision.read("app.yaml")
    with pytest.raises(UsageError, match="partial clone"):
        revision.materialise(tmp_path)
    assert Revision(clone, "HEAD").materialise(tmp_path / "out").files() == ["app.yaml"]


def test_pictures_that_a_partial_clone_lacks_are_not_missed(repo: Repo, tmp_path: Path) -> None:
    repo.write("picture.png", "first")
    repo.commit("picture")
    repo.write("picture.png", "second")
    repo.commit("another picture")
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.root}", str(clone))
    (tmp_path / "out").mkdir()
    assert Revision(clone, "HEAD~1").materialise(tmp_path / "out").files() == ["app.yaml"]
    (clone / "app.yaml").write_text(STRAY.format(name="other"))
    assert Revision(clone, "HEAD~1").changed() == {"app.yaml": [range(4, 5)]}


def test_files_too_large_to_be_read_are_left_out(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("big.yaml", "x" * 3_000_000)
    repo.write("small.yaml", "a: 1\n")
    repo.commit()
    monkeypatch.setattr("auditor.sources.revision.MAX_FILE_BYTES", 1_000_000)
    assert materialised(repo, tmp_path / "out") == ["app.yaml", "small.yaml"]
    assert Revision(repo.root, "HEAD").read("big.yaml") is None


@pytest.mark.parametrize("ref", ["--upload-pack=touch /tmp/x", "-h", ""])
def test_a_ref_that_is_an_option_is_refused(repo: Repo, ref: str) -> None:
    with pytest.raises(UsageError, match="is no Git revision"):
        Revision(repo.root, ref)


def test_outside_a_repository_is_exit_two(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git cannot read this as a repository"):
        Revision(tmp_path, "HEAD")


# The revision's tree, byte for byte and nothing else


def materialised(repo: Repo, folder: Path, ref: str = "HEAD") -> list[str]:
    folder.mkdir(exist_ok=True)
    return Revision(repo.root, ref).materialise(folder).files()


def test_files_come_back_byte_for_byte_even_ignored_ones(repo: Repo, tmp_path: Path) -> None:
    repo.write(".gitignore", "hidden.yaml\n")
    repo.write("hidden.yaml", "a: 1\n$Id$\n")
    repo.write(".gitattributes", "*.yaml ident text eol=crlf export-ignore export-subst\n")
    repo.git("add", "-f", "hidden.yaml", ".gitignore")
    repo.git("commit", "-qm", "files")
    files = materialised(repo, tmp_path / "out")
    assert files == [".gitignore", "app.yaml", "hidden.yaml"]
    assert (tmp_path / "out" / "hidden.yaml").read_bytes() == b"a: 1\n$Id$\n"


def test_no_filter_and_no_textconv_runs(repo: Repo, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    repo.write(".gitattributes", "*.yaml filter=trap diff=trap\n")
    repo.commit()
    for key in ("filter.trap.clean", "filter.trap.smudge", "diff.trap.textconv", "diff.trap.command"):
        repo.git("config", key, f"touch {trap}; cat")
    repo.git("config", "filter.trap.required", "true")
    repo.git("config", "diff.external", f"touch {trap}")
    repo.git("config", "core.fsmonitor", f"touch {trap}")
    repo.write("app.yaml", STRAY.format(name="other"))
    assert new(repo) == {"other": True}
    assert not trap.exists()


def test_submodules_are_left_alone(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    commit = other.commit()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    repo.git("commit", "-qm", "submodule")
    assert materialised(repo, tmp_path / "out") == ["app.yaml"]


@pytest.mark.parametrize(
    ("link", "target", "kept"),
    [
        ("link.yaml", "app.yaml", True),
        ("sub/link.yaml", "../app.yaml", True),
        ("link.yaml", "/etc/passwd", False),
        ("link.yaml", "../outside", False),
        ("sub/link.yaml", "../../outside", False),
        ("link.yaml", "sub/../../outside", False),
    ],
)
def test_only_links_that_stay_inside_are_made(
    repo: Repo, tmp_path: Path, link: str, target: str, kept: bool
) -> None:
    (repo.root / link).parent.mkdir(exist_ok=True)
    (repo.root / link).symlink_to(target)
    repo.commit()
    assert (link in materialised(repo, tmp_path / "out")) is kept
    assert os.path.lexists(tmp_path / "out" / link) is kept


def test_links_through_links_lead_nowhere(repo: Repo, tmp_path: Path) -> None:
    (repo.root / "a" / "b").mkdir(parents=True)
    repo.write("a/b/file", "x")
    (repo.root / "l").symlink_to("a/b")
    (repo.root / "q").mkdir()
    (repo.root / "q" / "z").symlink_to("../l/../../..")
    repo.commit()
    materialised(repo, tmp_path / "out")
    assert not os.path.lexists(tmp_path / "out" / "q" / "z")


def raw_tree(repo: Repo, *entries: tuple[str, str, bytes]) -> str:
    """A commit of a tree written by hand, with names that git would refuse."""
    blob = repo.git("hash-object", "-w", "app.yaml").strip()
    data = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(blob) for mode, name, _ in entries)
    written = subprocess.run(
        ("git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"),
        cwd=repo.root, input=data, capture_output=True, check=True,
    )  # fmt: skip
    return repo.git("commit-tree", written.stdout.decode().strip(), "-m", "hostile").strip()


def test_a_tree_made_by_hand_writes_nothing_outside(repo: Repo, tmp_path: Path) -> None:
    commit = raw_tree(repo, ("100644", "..", b""), ("100644", ".GIT", b""), ("100644", "ok.yaml", b""))
    assert materialised(repo, tmp_path / "out", commit) == ["ok.yaml"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["ok.yaml"]


# Which lines a diff changed

DIFF = b"""\
diff --git a.yaml a.yaml
--- a.yaml
+++ a.yaml
@@ -3,2 +3 @@ spec:
-old
-+++ b.yaml
+@@ -1 +900 @@
@@ -9,0 +9,3 @@
+1
+2
+3
@@ -20 +22,0 @@
-gone
diff --git "sp\\303\\244t.yaml" "sp\\303\\244t.yaml"
--- /dev/null
+++ "sp\\303\\244t.yaml"
@@ -0,0 +1,2 @@
+1
+2
"""


def test_changed_lines_are_those_that_the_hunks_add() -> None:
    assert changed_lines(DIFF) == {
        "a.yaml": [range(3, 4), range(9, 12), range(22, 23)],
        "spät.yaml": [range(1, 3)],
    }


def test_untracked_files_are_changed_as_a_whole(repo: Repo) -> None:
    repo.write("neu é.yaml", "a: 1\n")
    repo.write("app.yaml", STRAY.format(name="other"))
    changed = Revision(repo.root, "HEAD").changed()
    assert changed["app.yaml"] == [range(4, 5)]
    assert 1 in changed["neu é.yaml"][0]
