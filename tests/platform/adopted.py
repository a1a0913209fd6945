"""``platform/`` as the repository of its own that it is when it is adopted, filled in for a cluster and an account."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.live.controlplane import build
from tests.platform.overlays import PLATFORM, Object, read
from tools.cluster_file import cluster_file


class Adopted:
    """A copy in ``folder``, without Terraform; ``rendered`` is what a cluster gets."""

    def __init__(self, folder: Path, environment: str) -> None:
        self.folder, self.environment = folder, environment
        shutil.copytree(PLATFORM, folder, ignore=shutil.ignore_patterns("terraform"))

    def run(self, *command: str) -> str:
        """What a command prints in the copy."""
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def write_cluster(self, bridge: dict[str, Any]) -> None:
        """What Terraform's output ``gitops_bridge`` says of cluster and account."""
        (self.folder / f"clusters/{self.environment}/cluster.yaml").write_text(cluster_file(bridge))

    def write_model(self, digest: str) -> None:
        """The one value that the ML team changes."""
        path = self.folder / f"apps/{self.environment}/settings/model.yaml"
        body = read(path)[0]
        body["data"]["sha256"] = digest
        path.write_text(yaml.safe_dump(body))

    def patch(self, overlay: str, target: dict[str, str], change: list[dict[str, Any]]) -> None:
        """Add a JSON patch to an overlay's kustomization."""
        path = self.folder / overlay / "kustomization.yaml"
        body = read(path)[0]
        body.setdefault("patches", []).append({"target": target, "patch": yaml.safe_dump(change)})
        path.write_text(yaml.safe_dump(body))

    def rendered(self, overlay: str) -> list[Object]:
        """The objects of an overlay, by the kustomize of the control plane."""
        command = [str(build.program("kustomize")), "build", str(self.folder / overlay)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return [each for each in yaml.safe_load_all(done.stdout) if each]

    def commit(self, message: str) -> None:
        """Commit everything to ``main``."""
        commit(self.folder, message)


def git(folder: Path, *words: str) -> str:
    """What git says in a folder."""
    identity = ["-c", "user.name=platform", "-c", "user.email=platform@example.org"]
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str) -> None:
    """Commit everything in a folder to ``main``, in a repository that is made where there is none."""
    if not (folder / ".git").is_dir():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
