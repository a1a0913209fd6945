"""Public repositories made ready for a comparison: each Kubernetes object becomes a file of its own.

So all tools judge the same objects, a file that one of them cannot parse costs that object only, and a
verdict finds its object by the file's name.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from auditor.sources.tree import Tree, Unreadable
from auditor.yamlio import load_stream
from auditor.yamlio.split import content_start
from auditor.yamlio.text import as_utf8

SUFFIXES = (".yaml", ".yml", ".json")
LEFT_OUT = ("CustomResourceDefinition", "List", "Kustomization")
"""Kinds that no compared rule reads; two of them only hold or build others."""


def objects(repository: Path) -> Iterator[bytes]:
    """The source of every Kubernetes object in a repository; Helm templates and other texts are no objects."""
    tree = Tree(repository)
    for path in tree.files():
        if not path.endswith(SUFFIXES):
            continue
        try:
            data = tree.read(path)
        except Unreadable:
            continue
        for document in load_stream(data, path):
            if document.problem is None and _is_object(document.body):
                text = as_utf8(data)
                # kube-score takes Helm's comment above an object for the name of the file.
                yield text[content_start(text, document.start, document.end) : document.end]


def _is_object(body: object) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("metadata"), dict):
        return False
    named = isinstance(body.get("apiVersion"), str) and isinstance(body["metadata"].get("name"), str)
    return named and isinstance(body.get("kind"), str) and body["kind"] not in LEFT_OUT


def stage(repositories: list[Path], folder: Path) -> list[str]:
    """Write every object to a file below ``folder``; their names, sorted."""
    names = []
    for repository in repositories:
        for number, source in enumerate(objects(repository)):
            name = f"{repository.name}/{number:05d}.yaml"
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source if source.endswith(b"\n") else source + b"\n")
            names.append(name)
    return sorted(names)


def commit(repository: Path) -> str:
    """The commit that is checked out, for the record; '' when it is no Git checkout."""
    done = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()[:12]
