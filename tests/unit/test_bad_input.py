"""Whatever is wrong with an input: one clear row in every format, and the rest of the audit goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from tests.unit.command import in_formats, run

FORMATS = ("terminal", "json", "sarif", "markdown", "html", "junit", "github", "gitlab")
POLICY = ("--policy", "GPU-004")
STRAY = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: stray, namespace: web}
spec:
  template:
    spec:
      tolerations: [{operator: Exists}]
      containers: [{name: page, image: "registry.example/page:1.0.0"}]
"""
"""Fails GPU-004 (critical): the finding that must survive whatever lies beside it."""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: c, image: "registry.example/c:1"}]}
"""
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
PLAN = '{"format_version": "1.2", "planned_values": []}'
HEAD = "apiVersion: v1\nkind: Pod\n"

TEXTS: dict[str, tuple[str, str | bytes, int, str, str]] = {
    "a bracket that is not closed": (
        "x.yaml",
        f"{HEAD}spec: [a\n",
        3,
        "a '[' is not closed",
        "close the bracket",
    ),
    "a tab": ("x.yaml", f"{HEAD}metadata:\n\tname: a\n", 4, "a tab is used", "indent with spaces"),
    "deep nesting": ("x.yaml", f"{HEAD}spec: {'[' * 5000}{']' * 5000}\n", 3, "nested deeper", "flatten it"),
    "an alias bomb": ("x.yaml", HEAD + BOMB, 1, "aliases expand", "write the repeated parts out"),
    "a binary file": ("x.yaml", bytes(range(256)) * 20, 1, "not a text file", "save it as UTF-8"),
    "Latin-1": (
        "x.yaml",
        POD.replace("name: p", "name: pé").encode("latin-1"),
        3,
        "not valid UTF-8",
        "UTF-8",
    ),
    "UTF-32": ("x.yaml", POD.encode("utf-32"), 1, "not a text file", "save it as UTF-8"),
    "half a UTF-16 character": ("x.yaml", b"\xff\xfea\0b", 1, "not valid UTF-16", "save the file as UTF-8"),
    "a control character": (
        "x.yaml",
        POD.replace("name: p", "name: p\x07"),
        3,
        "control character",
        "remove it",
    ),
    "an alias to nothing": ("x.yaml", f"{HEAD}spec: *nowhere\n", 3, "unknown anchor", "change the value"),
    "a list as a key": (
        "x.yaml",
        f"{HEAD}spec: {{[a]: b}}\n",
        3,
        "cannot be a mapping key",
        "change the value",
    ),
    "a template": ("x.yaml", f"{HEAD}metadata: {{{{ .Values.x }}}}\n", 3, "looks like a template", "render"),
    "a comma too many": (
        "x.json",
        '{"apiVersion": "v1",\n "kind": "Pod",}',
        2,
        "not valid JSON",
        "repair the JSON",
    ),
    "JSON that is cut off": ("x.json", '{"apiVersion": "v1", "kind"', 1, "not valid JSON", "repair the JSON"),
    "broken Terraform": ("m.tf", 'resource "a" "b" {\n  c = \n}\n', 2, "expected an expression", "mend"),
    "Terraform that is cut off": (
        "m.tf",
        'resource "a" "b" {\n  c = 1\n',
        1,
        "is not closed",
        "terraform fmt",
    ),
    "a plan without values": (
        "p.json",
        '{"format_version": "1.2", "planned_values": []}',
        0,
        "planned_values",
        "show -json",
    ),
    "a broken kustomization": ("kustomization.yaml", "resources: [a\n", 1, "a '[' is not closed", "close"),
    "a kustomization of nothing": (
        "kustomization.yaml",
        "resources: [x.yaml]\n",
        1,
        "names x.yaml",
        "add it",
    ),
    "a kustomization of another type": (
        "kustomization.yaml",
        "resources: {a: b}\n",
        0,
        "does not render",
        "",
    ),
    "a broken chart": ("Chart.yaml", "name: [a\n", 1, "a '[' is not closed", "close the bracket"),
}
"""What is wrong → the file, its text, the line of the row (0: the file), words of what and of what to do."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one good file that fails a policy."""
    root = tmp_path / "tree"
    root.mkdir()
    (root / "good.yaml").write_text(STRAY)
    return root


def row(reports: dict[str, str], file: str) -> dict[str, object]:
    """The only row about a file."""
    rows = [each for each in json.loads(reports["json"])["problems"] if each["file"].endswith(file)]
    assert len(rows) == 1, rows
    found: dict[str, object] = rows[0]
    return found


def everywhere(reports: dict[str, str], what: str) -> None:
    """The row's words stand where people look: in the terminal, in SARIF's notifications, in Markdown and HTML."""
    run_of = json.loads(reports["sarif"])["runs"][0]["invocations"][0]
    notes = [note["message"]["text"] for note in run_of["toolExecutionNotifications"]]
    assert any(what in note for note in notes), notes
    words = what.split()[:2]
    for name in ("terminal", "markdown", "html"):
        flat = unescape(reports[name]).replace("\\", "")
        assert all(word in flat for word in words), name


@pytest.mark.parametrize("name", TEXTS)
def test_a_bad_file_is_one_row_and_the_rest_is_judged(name: str, tree: Path, tmp_path: Path) -> None:
    file, text, line, what, repair = TEXTS[name]
    (tree / "part").mkdir()
    (tree / "part" / file).write_bytes(text.encode() if isinstance(text, str) else text)
    outcome, reports = in_formats(FORMATS, tmp_path, "check", tree, *POLICY)
    found = row(reports, file)
    assert (outcome.code, outcome.err) == (1, "")
    assert found["line"] == line and what in str(found["what"]) and repair in str(found["repair"])
    assert found.get("incomplete", True)
    assert [each["policy"] for each in json.loads(reports["json"])["findings"]] == ["GPU-004"]
    everywhere(reports, str(found["what"]))
    assert run("check", tree, *POLICY, "--fail-on", "never").code == 3


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _outside(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


SPECIAL: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a link to nothing": (_dangling, "a link to a file that does not exist", "mend the link"),
    "a link to itself": (_loop, "a link that leads back to itself", "mend the link"),
    "a link to the outside": (_outside, "a link that leads out of the audited tree", "copy the file"),
    "a link to a device": (_device, "a link that leads out of the audited tree", "copy the file"),
    "a pipe": (os.mkfifo, "a pipe, not a file", "take it out of the tree"),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_no_file_is_one_row(name: str, tree: Path, tmp_path: Path) -> None:
    make, what, repair = SPECIAL[name]
    make(tree / "x.yaml")
    outcome, reports = in_formats(FORMATS, tmp_path, "check", tree, *POLICY)
    found = row(reports, "x.yaml")
    assert (outcome.code, outcome.err, found["what"]) == (1, "", what)
    assert repair in str(found["repair"])
    everywhere(reports, what)


def test_folders_are_no_files_whatever_they_are_called(tree: Path) -> None:
    (tree / "folder.yaml").mkdir()
    (tree / "folder.yaml" / "Chart.yaml").mkdir()
    (tree / "kustomization.yaml").mkdir()
    assert run("check", tree, *POLICY, "--fail-on", "never")[0] == 0


def test_a_link_to_a_folder_of_the_tree_hides_nothing_and_doubles_nothing(tree: Path) -> None:
    (tree / "real").mkdir()
    (tree / "good.yaml").rename(tree / "real" / "good.yaml")
    (tree / "link").symlink_to("real")
    outcome = run("check", tree, *POLICY, "--format", "json")
    report = json.loads(outcome.out)
    assert report.get("problems", []) == [] and len(report["findings"]) == 1


def test_a_key_that_stands_twice_is_named_with_its_line(tree: Path, tmp_path: Path) -> None:
    (tree / "x.yaml").write_text(f"{POD}kind: Service\n")
    outcome, reports = in_formats(FORMATS, tmp_path, "check", tree, *POLICY)
    found = row(reports, "x.yaml")
    assert found["line"] == 5 and "the key 'kind' stands here a second time" in str(found["what"])
    assert outcome.code == 1 and run("check", tree, *POLICY, "--fail-on", "never").code == 0
    everywhere(reports, str(found["what"]))


WRONG_TYPES = {
    "spec is a list": (POD.replace("{containers:", "[{containers:").replace("}]}", "}]}]"), "spec is a list"),
    "containers is a map": (POD.replace("[{name: c", "{name: c").replace("}]}", "}}"), "containers is a map"),
    "metadata is a list": (POD.replace("{name: p}", "[]"), "metadata is a list"),
    "spec is a text": (f"{HEAD}metadata: {{name: p}}\nspec: all\n", "spec is a string"),
}


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_a_field_of_the_wrong_type_is_named_and_no_policy_trips(name: str, tree: Path) -> None:
    text, words = WRONG_TYPES[name]
    (tree / "x.yaml").write_text(text)
    outcome = run("check", tree, "--format", "json")
    findings = json.loads(outcome.out)["findings"]
    about = [each for each in findings if each["location"]["file"].endswith("x.yaml")]
    assert [each for each in about if each["policy"] == "API-002" and words in each["message"]]
    assert outcome.code == 1 and outcome.err == ""
    for error in (each for each in about if each["status"] == "error"):
        assert error["message"].startswith("could not be judged: ") and "of type " in error["message"]
        assert error["repair"]


def test_utf16_is_shown_as_text(tree: Path) -> None:
    (tree / "good.yaml").write_bytes(STRAY.encode("utf-16"))
    assert "operator: Exists" in run("check", tree, *POLICY, "--verbose").out


POLICY_TEXT = """\
code: OWN-001
id: own-rule
title: The pod has a name
severity: high
category: own
since: 0.1.0
rationale: Everything that runs has a name, so that somebody can be asked about it when it breaks at night.
match: {{kinds: [v1/Pod]}}
assert: {condition}
message: "'no name'"
"""


def _own_policy(folder: Path, condition: str) -> Path:
    (folder / "own-rule").mkdir(parents=True)
    (folder / "own-rule" / "policy.yaml").write_text(POLICY_TEXT.format(condition=condition))
    return folder


def test_a_policy_that_does_not_compile_stops_the_run_with_its_line(tree: Path, tmp_path: Path) -> None:
    own = _own_policy(tmp_path / "own", "object.metadata.name == ")
    outcome = run("check", tree, "--policies", own)
    assert outcome.code == 2 and outcome.err.count("\n") == 1
    assert "own-rule/policy.yaml" in outcome.err and "line 1 column 24: syntax error" in outcome.err


def test_a_policy_that_fails_on_an_object_is_an_error_and_the_others_judge(
    tree: Path, tmp_path: Path
) -> None:
    own = _own_policy(tmp_path / "own", "object.metadata.label.x == 1")
    (tree / "x.yaml").write_text(POD)
    common = ("check", tree, "--policies", own, "--policy", "GPU-004,OWN-001")
    outcome, reports = in_formats(FORMATS, tmp_path, *common)
    assert (outcome.code, outcome.err) == (1, "")
    findings = {each["policy"]: each for each in json.loads(reports["json"])["findings"]}
    assert findings["GPU-004"]["status"] == "fail" and findings["OWN-001"]["status"] == "error"
    assert "no such key: 'label'" in findings["OWN-001"]["message"] and findings["OWN-001"]["repair"]
    everywhere(reports, findings["OWN-001"]["message"])
    assert run(*common, "--fail-on", "never").code == 3


GOVERNING = {
    "TOML": ("auditor.toml", "packs = [", "auditor.toml: not TOML"),
    "an unknown key": ("auditor.toml", "pack = 1", "did you mean 'packs'?"),
    "a wrong type": ("auditor.toml", 'packs = "x"', "auditor.toml:1: packs is 'x'"),
    "bytes": ("auditor.toml", "\x00\udcff", "auditor.toml: not"),
    "a parameter of another type": (
        "auditor.toml",
        "[params.GPU-003]\nlabels = 5",
        "params.GPU-003.labels is 5",
    ),
    "policies outside": ("auditor.toml", 'policies = ["../x"]', "leads out of the audited tree"),
    "a policy nobody knows": ("auditor.toml", "[params.GPU-0030]\nx = 1", "did you mean"),
    "waivers": ("auditor-waivers.yaml", "[", "auditor-waivers.yaml:1: not valid YAML"),
    "waivers of another type": ("auditor-waivers.yaml", "a: b", "begin each with `- policy: …`"),
    "a waiver without owner": ("auditor-waivers.yaml", "- policy: GPU-004\n", "the waiver has no owner"),
}


@pytest.mark.parametrize("name", GOVERNING)
def test_what_governs_the_run_and_is_broken_stops_it_with_one_line(name: str, tree: Path) -> None:
    file, text, words = GOVERNING[name]
    (tree / file).write_bytes(text.encode("utf-8", "surrogateescape"))
    outcome = run("check", tree)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err and outcome.err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1, "findings": 5}', "\x00"])
def test_a_broken_baseline_or_report_stops_the_run_with_one_line(
    text: str, tree: Path, tmp_path: Path
) -> None:
    file = tmp_path / "saved.json"
    file.write_text(text)
    for arguments in (("check", tree, "--baseline", file), ("report", "convert", file)):
        outcome = run(*arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert str(file) in outcome.err and outcome.err.count("\n") == 1


@pytest.mark.parametrize("folder", ["", "nowhere/deep"])
def test_an_output_that_cannot_be_written_is_named(folder: str, tree: Path) -> None:
    outcome = run("check", tree, "--format", "json", "--output", f"/proc/{folder}")
    assert outcome.code == 2 and "--output /proc" in outcome.err and "name another file" in outcome.err


def test_a_submodule_that_is_not_checked_out_is_a_row(tmp_path: Path) -> None:
    from tests.unit.repos import Repo

    inner, outer = Repo(tmp_path / "inner"), Repo(tmp_path / "outer")
    inner.write("x.yaml", POD)
    inner.commit()
    outer.write("good.yaml", STRAY)
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    outer.commit()
    outer.git("worktree", "add", "-q", str(tmp_path / "elsewhere"), "HEAD")
    outcome = run("check", tmp_path / "elsewhere", *POLICY, "--format", "json")
    (found,) = json.loads(outcome.out)["problems"]
    assert found["file"].endswith("sub") and "not checked out" in found["what"] and outcome.code == 1


@pytest.mark.slow
def test_a_huge_file_is_a_row_and_costs_neither_memory_nor_time(tree: Path) -> None:
    with (tree / "huge.yaml").open("wb") as file:
        file.truncate(100_000_000)
    (tree / "long.yaml").write_bytes(b"apiVersion: v1\nkind: Pod\nx: '" + b"y" * 70_000_000 + b"'\n")
    report = json.loads(run("check", tree, *POLICY, "--format", "json").out)
    rows = {Path(each["file"]).name: each for each in report["problems"]}
    assert "100 MB, more than the 67 MB" in rows["huge.yaml"]["what"]
    assert "70 MB" in rows["long.yaml"]["what"] and "split the file" in rows["long.yaml"]["repair"]
    assert len(report["findings"]) == 1
