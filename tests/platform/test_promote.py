"""A promotion is a commit: it writes the digest that runs, and for prod the tag that holds it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.platform.overlays import PLATFORM

DIGEST = f"sha256:{'ab' * 32}"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    target = tmp_path / "platform"
    shutil.copytree(PLATFORM, target, ignore=shutil.ignore_patterns("terraform"))
    return target


def promote(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "ci/promote.py", *arguments]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def image(tree: Path, overlay: str, kind: str, name: str) -> str:
    command = [shutil.which("kubectl") or "kubectl", "kustomize", str(tree / overlay)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (found,) = [
        each for each in yaml.safe_load_all(shown) if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    spec = found["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else found["spec"]
    return str(spec["template"]["spec"]["containers"][0]["image"])


def test_dev_gets_the_digest_and_keeps_following_the_branch(tree: Path) -> None:
    done = promote(tree, "dev", f"ml-worker={DIGEST}")
    assert done.returncode == 0 and done.stdout.split() == ["apps/dev/settings/kustomization.yaml"]
    assert image(tree, "apps/dev", "Deployment", "ml-worker").endswith(f"amazonaws.com/ml-worker@{DIGEST}")
    assert "@" not in image(tree, "apps/prod", "Deployment", "ml-worker")


def test_prod_gets_the_digest_and_the_next_tag_in_both_places(tree: Path) -> None:
    assert promote(tree, "prod", f"ml-worker={DIGEST}", f"auditor={DIGEST}").returncode == 0
    assert image(tree, "apps/prod", "Deployment", "ml-worker").endswith(f"/ml-worker@{DIGEST}")
    assert image(tree, "infrastructure/configs/prod", "CronJob", "auditor").endswith(f"/auditor@{DIGEST}")
    for path in ("clusters/prod/applications/release.yaml", "clusters/prod/release/platform.yaml"):
        assert "evision: prod-2" in (tree / path).read_text()


def test_a_second_promotion_replaces_the_first(tree: Path) -> None:
    promote(tree, "dev", f"ml-worker={DIGEST}")
    other = DIGEST.replace("ab", "cd")
    promote(tree, "dev", f"ml-worker={other}")
    assert image(tree, "apps/dev", "Deployment", "ml-worker").endswith(f"@{other}")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["staging", f"ml-worker={DIGEST}"],
        ["prod"],
        ["prod", "ml-worker=1.2.3"],
        ["prod", f"other={DIGEST}"],
    ],
)
def test_what_cannot_be_promoted_is_refused_and_nothing_changes(tree: Path, arguments: list[str]) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    done = promote(tree, *arguments)
    assert done.returncode != 0 and done.stderr and "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before
