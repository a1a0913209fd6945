"""Trees to time on: made of a checkout of somebody else's repository, in a scratch folder."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from random import Random

from auditor.yamlio import load_stream
from tests.peers import programs

_METADATA = re.compile(r"^metadata:\n", re.MULTILINE)
_ANNOTATIONS = re.compile(r"^metadata:\n  annotations:\n(?=    \S)", re.MULTILINE)
_REPLICAS = re.compile(r"^(\s+replicas: )\d+", re.MULTILINE)


def copies(corpus: Path, folder: Path, times: int) -> Path:
    """A tree that holds the corpus some times over, without its Git history."""
    root = folder / f"times-{times}"
    for number in range(times):
        shutil.copytree(
            corpus, root / f"copy-{number:02d}", symlinks=True, ignore=shutil.ignore_patterns(".git")
        )
    return root


class EditingAny:
    """Another annotation on the first object of a manifest, each time of another one, drawn at random."""

    def __init__(self, root: Path) -> None:
        self._dice = Random(1)
        self._paths = [path for path in sorted(root.rglob("*.yaml")) if _METADATA.search(_text(path))]
        self._edits = 0

    def __call__(self) -> None:
        """Edit a file."""
        self._edits += 1
        path = self._dice.choice(self._paths)
        text, line = _text(path), f'edited-{self._edits}: "yes"\n'
        if _ANNOTATIONS.search(text):
            text = _ANNOTATIONS.sub(rf"\g<0>    {line}", text, count=1)
        else:
            text = _METADATA.sub(rf"\g<0>  annotations:\n    {line}", text, count=1)
        path.write_text(text, errors="surrogateescape")


def _text(path: Path) -> str:
    return path.read_text(errors="surrogateescape") if path.is_file() else ""


class Editing:
    """A commit's worth of change, another one each time: the replicas of one Deployment."""

    def __init__(self, root: Path) -> None:
        texts = ((path, path.read_text()) for path in sorted(root.rglob("*deployment*.yaml")))
        self._path, self._text = next((path, text) for path, text in texts if _REPLICAS.search(text))
        self._edits = 1

    def __call__(self) -> None:
        """Edit the file."""
        self._edits += 1
        self._path.write_text(_REPLICAS.sub(rf"\g<1>{self._edits}", self._text))


def scored(corpus: Path) -> list[str]:
    """The files that kube-score can parse, below ``corpus``: it gives up a whole run for one that it cannot."""
    return [
        str(path.relative_to(corpus))
        for path in sorted(corpus.rglob("*.yaml"))
        if path.is_file() and _is_manifest(path) and _is_scored(path)
    ]


def only(corpus: Path, names: list[str], folder: Path) -> Path:
    """A tree of those files alone."""
    root = folder / "scored"
    for name in names:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(corpus / name, target)
    return root


def _is_manifest(path: Path) -> bool:
    documents = load_stream(path.read_bytes(), str(path))
    bodies = [each.body for each in documents if each.problem is None]
    objects = [body for body in bodies if isinstance(body, dict) and isinstance(body.get("kind"), str)]
    return bool(objects) and len(objects) == len(documents)


def _is_scored(path: Path) -> bool:
    command = [programs.kube_score(), "score", "--output-format", "ci", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "Failed to" not in done.stderr
