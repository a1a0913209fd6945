"""Small Git repositories for tests, without the user's own Git settings."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from auditor.audit import Run
from auditor.governance import Request, govern, run
from auditor.sources.tree import Tree

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STRAY = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: web
spec:
  template:
    spec:
      tolerations:
        - operator: Exists
      containers:
        - name: page
          image: registry.example/page:1.0.0
"""
"""A Deployment that fails GPU-004 (critical) on the line of ``operator``."""
STRAY_LINE = 10


class Repo:
    """A repository in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        """Run git here; its standard output."""
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
        environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ("git", *identity, *arguments),
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def write(self, path: str, text: str) -> Path:
        """Write one file of the working tree."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit(self, message: str = "change") -> str:
        """Commit everything; the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")
        return self.git("rev-parse", "HEAD").strip()


def check(root: Path, **options: object) -> Run:
    """``auditor check ROOT`` in process, at a fixed time; ``options`` are those of a Request, and ``policies``."""
    policies = options.pop("policies", ("GPU-004",))
    governed = govern(Request(root=root, **options))  # type: ignore[arg-type]
    settings = governed.settings
    settings.policies = policies  # type: ignore[assignment]
    return run(governed, Tree(root), settings, scope="test", now=NOW)
