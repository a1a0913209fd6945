"""kube-score over single objects; its verdicts by rule and object."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from auditor.yamlio import load_stream
from tests.peers import programs
from tests.peers.verdicts import Subject, Verdicts, record

TIMEOUT = 120.0
BATCH = 64
GOOD = 7
"""Grades: 10 good, 7 almost; below are warnings and errors."""


def run(folder: Path, files: Sequence[str], rules: Collection[str]) -> tuple[Verdicts, set[Subject]]:
    """What kube-score says of each of ``files`` (below ``folder``) by ``rules``, and what it cannot parse."""
    verdicts: Verdicts = {}
    refused: set[Subject] = set()
    folder = folder.resolve()
    for batch in _batches(folder, files):
        for scored in _score(folder, batch, refused):
            file = Path(scored["file_name"]).relative_to(folder).as_posix()
            for check in scored["checks"] or ():
                if not check["skipped"] and check["check"]["id"] in rules:
                    record(verdicts, check["check"]["id"], Subject(file), check["grade"] < GOOD)
    return verdicts, refused


def _batches(folder: Path, files: Iterable[str]) -> Iterator[list[str]]:
    """Files for one call each: kube-score mixes up objects of one name in one call."""
    waiting = list(files)
    while waiting:
        names: set[str] = set()
        batch: list[str] = []
        later: list[str] = []
        for file in waiting:
            name = _name((folder / file).read_bytes())
            if name in names or len(batch) == BATCH:
                later.append(file)
            else:
                names.add(name)
                batch.append(file)
        yield batch
        waiting = later


def _name(source: bytes) -> str:
    body = load_stream(source, "object.yaml")[0].body
    metadata = body.get("metadata") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(metadata, dict):
        return ""
    return f"{body.get('kind')}/{metadata.get('namespace')}/{metadata.get('name')}"


def _score(folder: Path, files: Sequence[str], refused: set[Subject]) -> Iterator[dict[str, Any]]:
    """Scored objects. One file that cannot be parsed fails a whole call: halves are tried until it is alone."""
    command = [programs.kube_score(), "score", "-o", "json", "--all-default-optional", *files]
    done = programs.output(command, folder, TIMEOUT)
    if done.stdout.startswith(("[", "null")):
        yield from json.loads(done.stdout) or ()
    elif len(files) == 1:
        refused.add(Subject(files[0]))
    else:
        half = len(files) // 2
        yield from _score(folder, files[:half], refused)
        yield from _score(folder, files[half:], refused)
