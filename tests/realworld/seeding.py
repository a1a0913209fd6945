"""Puts a fault into the copy of a repository: the right document or block, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from auditor.model import Resource
from tests.realworld.faults import Body


class Documents:
    """The documents of one YAML or JSON file, to be found by kind and name and written back."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.bodies: list[Any] = list(yaml.load_all(file.read_text("utf-8"), Loader=yaml.CSafeLoader))

    def of(self, resource: Resource) -> Body | None:
        """The one document that a resource came from; None when several may be it.

        Kustomize adds prefixes and suffixes to names.
        """
        found = [
            body
            for body in self.bodies
            if isinstance(body, dict) and body.get("kind") == resource.kind and _named(body, resource.name)
        ]
        return found[0] if len(found) == 1 else None

    def drop(self, body: Body) -> None:
        """Take a whole document away."""
        self.bodies = [each for each in self.bodies if each is not body]

    def write(self) -> None:
        """Write all documents; comments are lost."""
        text = yaml.dump_all(self.bodies, Dumper=yaml.CSafeDumper, sort_keys=False, width=10_000)
        self._file.write_text(text, "utf-8")


def block_of(text: str, line: int) -> tuple[int, int] | None:
    """Start and end of the braced block that begins on a line, counted from 1."""
    lines = text.split("\n")
    start = sum(len(each) + 1 for each in lines[: line - 1])
    brace = text.find("{", start)
    if brace < 0:
        return None
    depth = 0
    for place in range(brace, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return start, place + 1
    return None


def _named(body: Body, name: str) -> bool:
    metadata = body.get("metadata")
    written = metadata.get("name") if isinstance(metadata, dict) else None
    return isinstance(written, str) and (
        written == name or name.endswith(f"-{written}") or name.startswith(written)
    )
