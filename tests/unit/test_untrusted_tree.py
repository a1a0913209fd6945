"""The audited tree is hostile: each clause of the trust model (docs/security.md), proved at the command line."""

# ruff: noqa: E501 - what is planted stays on one line
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.sources.kustomize.renderer import Kustomize
from auditor.sources.sandbox import Limits
from tests.unit.command import in_formats, run
from tests.unit.repos import Repo

ROOT = Path(__file__).parents[2]
FORMATS = ("terminal", "json", "sarif", "junit", "github", "gitlab", "markdown", "html")
KEY_ID = "AKIA" + "Q3EGT7WZ5XN2KLMV"
SECRET = "h7Kq2Zr9/Tn4Vb8Wc1Yd" * 2
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: n}
spec: {containers: [{name: c, image: "registry.example/c:1"}]}
"""


def write(root: Path, files: dict[str, str]) -> None:
    """Files with their folders."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def problems(root: Path, *flags: str) -> dict[str, str]:
    """File (below the root) → what the row about it says."""
    report = json.loads(run("check", root, "--policy", "GPU-004", "--format", "json", *flags).out)
    prefix = os.path.relpath(root) + "/"
    return {row["file"].removeprefix(prefix): row["what"] for row in report.get("problems", [])}


# -- no network ---------------------------------------------------------------------------------------

REMOTE = {
    "base/kustomization.yaml": "resources: [https://example.com/org/repo//base?ref=v1]\n",
    "chart/kustomization.yaml": "helmCharts: [{name: x, repo: https://example.com/charts, version: 1.0.0}]\n",
    "patch/kustomization.yaml": "resources: [pod.yaml]\npatches: [{path: https://example.com/patch.yaml}]\n",
    "patch/pod.yaml": POD,
    "app.yaml": """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec: {project: p, source: {repoURL: https://example.com/r, path: nowhere, targetRevision: v1}, destination: {namespace: n}}
""",
    "main.tf": 'module "m" {\n  source = "git::https://example.com/m.git"\n}\ndata "http" "h" {\n  url = "https://example.com"\n}\n',
}
NO_NETWORK = """
import sys
def hook(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__",):
        print("NETWORK", event, arguments, file=sys.stderr)
        raise OSError("no network in this test")
sys.addaudithook(hook)
from auditor.cli.entry import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_git_audit_asks_the_network_for_nothing(tmp_path: Path) -> None:
    write(tmp_path, REMOTE)
    command = [sys.executable, "-c", NO_NETWORK, "check", str(tmp_path), "--fail-on", "never"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert "NETWORK" not in done.stderr and done.returncode in (0, 3), done.stderr


def test_what_lies_on_the_network_is_a_row(tmp_path: Path) -> None:
    write(tmp_path, REMOTE)
    rows = problems(tmp_path)
    for file in ("base/kustomization.yaml", "patch/kustomization.yaml"):
        assert "https://example.com" in rows[file] and "network" in rows[file], rows
    assert "inflates the Helm chart x" in rows["chart/kustomization.yaml"]
    assert "not in this repository" in rows["app.yaml"]


def test_a_renderer_has_no_network_even_where_a_reference_was_overlooked(tmp_path: Path) -> None:
    """In a namespace without network the report is the same: nothing was fetched before either."""
    write(tmp_path, REMOTE)
    command = [
        sys.executable,
        "-m",
        "auditor",
        "check",
        str(tmp_path),
        "--fail-on",
        "never",
        "--format",
        "json",
    ]
    alone = subprocess.run(["unshare", "-n", *command], cwd=ROOT, capture_output=True, check=False)
    if alone.returncode == 1 and b"unshare" in alone.stderr:
        pytest.fail("this machine cannot make a network namespace: run the tests as root")
    usual = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    first, second = (json.loads(done.stdout) for done in (alone, usual))
    assert first | {"generated_at": ""} == second | {"generated_at": ""}


# -- no code from the tree ------------------------------------------------------------------------------

PROOF = "ran"


def hostile_code(root: Path) -> dict[str, str]:
    """Everything that some program would run from a tree."""
    python = f"open({str(root / PROOF)!r}, 'w').write('x')\n"
    shell = f"#!/bin/sh\necho x > {root / PROOF}\n"
    return {
        **dict.fromkeys(
            ("check.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "yaml.py"), python
        ),
        "auditor/__init__.py": python,
        "msgspec.py": python,
        "setup.py": python,
        "policies/own/check.py": python,
        "auditor.toml": "",
        "exec/kustomization.yaml": "resources: [pod.yaml]\ngenerators: [plugin.yaml]\ntransformers: [plugin.yaml]\n",
        "exec/plugin.yaml": "apiVersion: x/v1\nkind: P\nmetadata:\n  name: p\n  annotations:\n"
        "    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n",
        "exec/run.sh": shell,
        "exec/pod.yaml": POD,
        "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
        "chart/plugin.yaml": "name: p\ncommand: ./run.sh\nhooks: {install: ./run.sh}\n",
        "chart/templates/pod.yaml": POD,
        "main.tf": f'data "external" "e" {{\n  program = ["sh", "-c", "echo x > {root / PROOF}"]\n}}\n'
        f'resource "null_resource" "n" {{\n  provisioner "local-exec" {{\n    command = "echo x > {root / PROOF}"\n  }}\n}}\n',
        "Makefile": f"all:\n\techo x > {root / PROOF}\n",
        ".gitattributes": "*.yaml filter=evil diff=evil\n",
    }


def test_nothing_in_the_tree_is_run(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    write(repo.root, hostile_code(repo.root))
    repo.git("add", "-A")
    repo.git("commit", "-qm", "x")
    proof = repo.root / PROOF
    script = repo.root / "exec" / "run.sh"
    script.chmod(0o755)
    for name, value in {
        "core.fsmonitor": str(script),
        "core.hooksPath": str(repo.root / "hooks"),
        "core.pager": str(script),
        "core.sshCommand": str(script),
        "diff.external": str(script),
        "diff.evil.textconv": str(script),
        "diff.evil.command": str(script),
        "filter.evil.smudge": str(script),
        "filter.evil.clean": str(script),
        "filter.evil.process": str(script),
        "core.alternateRefsCommand": str(script),
        "uploadpack.packObjectsHook": str(script),
    }.items():
        repo.git("config", name, value)
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit"):
        write(repo.root, {f"hooks/{hook}": script.read_text(), f".git/hooks/{hook}": script.read_text()})
        (repo.root / "hooks" / hook).chmod(0o755)
        (repo.root / ".git" / "hooks" / hook).chmod(0o755)
    write(repo.root, {"exec/pod.yaml": POD.replace("name: p", "name: q")})
    proof.unlink(missing_ok=True)
    for flags in ((), ("--changed-since", "HEAD"), ("--trust-base", "HEAD"), ("--no-render",)):
        command = [sys.executable, "-m", "auditor", "check", ".", "--fail-on", "never", *flags]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
        done = subprocess.run(
            command, cwd=repo.root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 3), done.stderr
        assert not proof.exists(), flags


# -- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "words"),
    [(Limits(seconds=0.001), "took longer than"), (Limits(output_bytes=512), "rendered more than")],
)
def test_a_rendering_beyond_its_limits_is_a_row(
    limits: Limits, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        {"k/kustomization.yaml": "resources: [pod.yaml]\n", "k/pod.yaml": POD * 1 + f"# {'x' * 4000}\n"},
    )
    write(
        tmp_path,
        {"k/kustomization.yaml": "resources: [pod.yaml]\ncommonAnnotations: {a: " + "x" * 4000 + "}\n"},
    )
    found = Kustomize.find()
    assert found is not None, "this test needs kubectl or kustomize"
    monkeypatch.setattr(found, "_limits", limits)
    monkeypatch.setattr(Kustomize, "find", lambda *_: found)
    assert words in problems(tmp_path, "--no-cache")["k/kustomization.yaml"]


# -- no path outside the root -------------------------------------------------------------------------------

OUTSIDE = {
    "folder/kustomization.yaml": "resources: [../../outside]\n",
    "file/kustomization.yaml": "resources: [../../outside/pod.yaml]\n",
    "patch/kustomization.yaml": "resources: [pod.yaml]\npatches: [{path: ../../outside/pod.yaml}]\n",
    "patch/pod.yaml": POD,
    "config/kustomization.yaml": "configMapGenerator: [{name: c, files: [../../outside/secret]}]\n",
    "env/kustomization.yaml": "secretGenerator: [{name: c, envs: [/etc/hostname]}]\n",
    "component/kustomization.yaml": "components: [../../outside]\n",
    "crds/kustomization.yaml": "crds: [../../outside/pod.yaml]\n",
    "tf/main.tf": """\
module "m" {
  source = "../../outside"
}
resource "aws_s3_bucket" "b" {
  bucket = file("../../outside/secret")
  tags   = { t = templatefile("${path.module}/../../outside/secret", {}), a = file("/etc/hostname") }
}
""",
    "app.yaml": """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec: {project: p, source: {repoURL: https://example.com/r, path: ../outside, targetRevision: v1}, destination: {namespace: n}}
""",
}


def test_nothing_outside_the_root_is_read(tmp_path: Path) -> None:
    root, marker = tmp_path / "root", "outside-marker-7413"
    write(root, OUTSIDE)
    write(tmp_path / "outside", {"pod.yaml": POD.replace("name: p", f"name: {marker}"), "secret": marker})
    write(
        tmp_path / "outside",
        {"kustomization.yaml": "resources: [pod.yaml]\n", "main.tf": f'locals {{ a = "{marker}" }}\n'},
    )
    (root / "link.yaml").symlink_to(tmp_path / "outside" / "pod.yaml")
    (root / "linked").symlink_to(tmp_path / "outside")
    (root / "k").mkdir()
    (root / "k" / "kustomization.yaml").write_text("resources: [../linked]\n")
    outcome, reports = in_formats(FORMATS, tmp_path, "check", root, "--fail-on", "never", "--verbose")
    assert outcome.code == 3
    for name, text in reports.items():
        assert marker not in text, name
        hostname = Path("/etc/hostname").read_text().strip()
        assert len(hostname) < 6 or hostname not in text, name
    rows = problems(root)
    for file in ("folder", "file", "patch", "config", "env", "component", "crds", "k"):
        assert f"{file}/kustomization.yaml" in rows, rows
    assert "leads out of the audited tree" in rows["link.yaml"] and "leads out" in rows["linked"]


@pytest.mark.parametrize("folder", ["../outside", "/tmp", "link"])
def test_own_policies_come_from_inside_the_tree_only(folder: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, {"auditor.toml": f'policies = ["{folder}"]\n', "pod.yaml": POD})
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    outcome = run("check", root)
    assert outcome.code == 2 and outcome.err.count("\n") == 1


# -- no secret in any output -----------------------------------------------------------------------------

PAIR = f"{KEY_ID} {SECRET}"
SECRETS = {
    "env.yaml": POD.replace(
        "image:",
        f"env: [{{name: AWS_ACCESS_KEY_ID, value: {KEY_ID}}}, "
        f"{{name: AWS_SECRET_ACCESS_KEY, value: {SECRET}}}], args: [--key={KEY_ID}, '{SECRET}'], image:",
    ),
    "name.yaml": POD.replace("name: p", f"name: {KEY_ID}"),
    "image.yaml": POD.replace("registry.example/c:1", f"registry.example/{KEY_ID}:{SECRET}"),
    "label.yaml": POD.replace("name: p,", f"name: l, labels: {{'{KEY_ID}': '{SECRET}'}},"),
    "map.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\ndata: {{a: '{PAIR}', '{KEY_ID}': x}}\n",
    "secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: m}}\nstringData: {{a: '{KEY_ID}', b: '{SECRET}'}}\n",
    "broken.yaml": f"apiVersion: v1\nkind: Pod\nspec: *{KEY_ID}\n",
    "broken2.yaml": f"apiVersion: v1\nkind: Pod\nx: 1\n'{SECRET}': [{KEY_ID}\n",
    "double.yaml": f"apiVersion: v1\nkind: Pod\nmetadata: {{name: d}}\n{KEY_ID}: 1\n{KEY_ID}: 2\n",
    "type.yaml": POD.replace("image:", f"ports: {KEY_ID}, resources: {SECRET}, image:"),
    "keda.yaml": "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: s, namespace: n}\nspec: {scaleTargetRef: {name: "
    f"'{KEY_ID}'}}, minReplicaCount: '{SECRET}', triggers: [{{type: {KEY_ID}, metadata: {{awsAccessKeyID: {KEY_ID}, x: '{SECRET}'}}}}]}}\n",
    "tf/main.tf": f'provider "aws" {{\n  access_key = "{KEY_ID}"\n  secret_key = "{SECRET}"\n}}\n'
    f'resource "aws_instance" "i" {{\n  user_data = "export AWS_SECRET_ACCESS_KEY={SECRET}"\n  tags = {{ k = "{KEY_ID}" }}\n}}\n'
    f'resource "aws_s3_bucket" "{KEY_ID}" {{\n  bucket = "{SECRET}"\n}}\nmodule "m" {{\n  source = "git::https://{KEY_ID}:{SECRET}@example.com/m"\n}}\n',
    "tf/terraform.tfvars": f'key = "{KEY_ID}"\nsecret = "{SECRET}"\n',
    "tf2/main.tf": f'variable "{KEY_ID}" {{\n  default = {SECRET}\n}}\n',
    "Dockerfile": f"FROM x:{KEY_ID}\nARG AWS_SECRET_ACCESS_KEY={SECRET}\nENV AWS_ACCESS_KEY_ID={KEY_ID}\nRUN echo {SECRET}\n",
    "chart/Chart.yaml": f"apiVersion: v2\nname: {KEY_ID}\nversion: '{SECRET}'\n",
    "chart/values.yaml": f"key: {KEY_ID}\nsecret: {SECRET}\n",
    "k/kustomization.yaml": f"secretGenerator: [{{name: s, literals: ['a={KEY_ID}', 'b={SECRET}'], envs: [a.env]}}]\nresources: [{KEY_ID}.yaml]\n",
    "k2/kustomization.yaml": f"secretGenerator: [{{name: s, literals: ['a={KEY_ID}', 'b={SECRET}'], envs: [a.env]}}]\n",
    "k2/a.env": f"AWS_SECRET_ACCESS_KEY={SECRET}\n{KEY_ID}\n",
    "k3/kustomization.yaml": f"resources: ['https://{KEY_ID}:{SECRET}@example.com/x']\n",
    "app.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: "
    f"'https://{KEY_ID}:{SECRET}@example.com/r', path: '{KEY_ID}'}}}}\n",
    "notes.md": f'the key is {KEY_ID}, aws_secret_access_key = {SECRET}  # auditor: allow nothing-{KEY_ID} reason="{SECRET}"\n',
}


@pytest.mark.parametrize("flags", [(), ("--no-render",)], ids=["rendered", "as they lie"])
def test_a_key_is_shown_in_no_output_and_kept_in_no_cache(
    flags: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    write(root, SECRETS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    out = tmp_path / "out"
    out.mkdir()
    outcome, reports = in_formats(
        FORMATS, out, "check", root, "--fail-on", "never", "--verbose", "--sarif-verdicts", "all", *flags
    )
    assert outcome.code == 3
    written = {**reports, "standard output": outcome.out, "standard error": outcome.err}
    written |= {str(file): file.read_bytes().decode("latin-1") for file in cache.rglob("*") if file.is_file()}
    for name, text in written.items():
        for line in text.splitlines():
            plain = line.replace("\\", "")
            assert KEY_ID not in plain, f"{name}: {_near(plain, KEY_ID)}"
            assert SECRET not in plain, f"{name}: {_near(plain, SECRET)}"
    assert any(row["policy"] == "IAM-002" for row in json.loads(reports["json"])["findings"])


def _near(text: str, word: str) -> str:
    at = text.index(word)
    return text[max(at - 200, 0) : at + 60]


# -- nothing of the tree speaks to the terminal, to GitHub or to Markdown ------------------------------------

EVIL = "\\e[2J\\e]0;owned\\a\\r\\n::error::forged\\n::set-output name=x::y\\n| <img src=x> `` @all [a](javascript:x) \\u202e"
FORGED = {
    "a.yaml": POD.replace("name: p", f'name: "{EVIL}"').replace("name: c", f'name: "{EVIL}"'),
    "b.yaml": POD.replace("registry.example/c:1", EVIL)
    .replace("'", '"')
    .replace('"' + EVIL + '"', f'"{EVIL}"'),
    "c.yaml": f'apiVersion: v1\nkind: "Pod"\nmetadata: {{name: d, labels: {{"{EVIL}": "{EVIL}"}}}}\nspec: "{EVIL}"\n',
    "\x1b[31m\n::error::forged.yaml": "apiVersion: v1\nkind: [\n",
    "x::warning::|`<b>@all.yaml": "apiVersion: v1\nkind: [\n",
    "d.tf": 'resource "aws_s3_bucket" "b" {\n  bucket = "\\u001b[2J\\n::error::forged"\n  tags = { "::error::" = "\\u202e" }\n}\n',
}


def test_the_tree_cannot_forge_commands_colours_or_markup(tmp_path: Path) -> None:
    root, out = tmp_path / "root", tmp_path / "out"
    write(root, FORGED)
    out.mkdir()
    _, reports = in_formats(FORMATS, out, "check", root, "--fail-on", "never", "--verbose")
    stdout = run("check", root, "--fail-on", "never", "--verbose").out
    for name, text in {**reports, "stdout": stdout}.items():
        assert not any(sign in text for sign in ("\x1b", "\x07", "\r")), name
        assert "\u202e" not in text or name in ("json", "sarif", "gitlab", "junit", "html"), name
        assert not any(line.startswith(("::error::", "::set-output")) for line in text.splitlines()), name
    commands = [line for line in reports["github"].splitlines() if line.startswith("::")]
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in commands)
    prose = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", reports["markdown"])
    assert not re.search(r"(?<!\\)(<img|<b>|\]\(javascript)", prose) and " @all" not in prose
    assert "<img" not in reports["html"] and "<b>@all" not in reports["html"]


# -- trust base: clauses that tests/unit/test_trust_base.py does not hold ------------------------------------


def test_a_change_cannot_turn_the_audit_off_by_excluding_itself(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.write("pod.yaml", POD)
    repo.commit()
    repo.write("auditor.toml", 'exclude = ["*"]\n')
    repo.write(".gitignore", "*\n")
    repo.write("bad.yaml", POD.replace("image:", f"env: [{{name: K, value: {KEY_ID}}}], image:"))
    repo.git("add", "-fA")
    outcome = run("check", repo.root, "--trust-base", "HEAD", "--policy", "static-aws-keys-in-file")
    assert outcome.code == 1 and "bad.yaml" in outcome.out and "auditor.toml" in outcome.out
