"""kube-score over single objects; its verdicts by rule and object."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.peers import programs
from tests.peers.verdicts import Subject, Verdicts, record

TIMEOUT = 120.0
BATCH = 64
GOOD = 7
"""Grades: 10 good, 7 almost; below are warnings and errors."""


def run(folder: Path, files: Sequence[str], rules: Collection[str]) -> Verdicts:
    """What kube-score says of each of ``files`` (below ``folder``) by ``rules``.

    One file that it cannot parse makes it refuse a whole call: batches are halved until that file is alone.
    """
    program, verdicts = programs.kube_score(), Verdicts()
    folder = folder.resolve()
    for at in range(0, len(files), BATCH):
        for scored in _score(program, folder, files[at : at + BATCH]):
            for check in scored["checks"] or ():
                if not check["skipped"] and check["check"]["id"] in rules:
                    failed = check["grade"] < GOOD
                    file = Path(scored["file_name"]).relative_to(folder).as_posix()
                    record(verdicts, check["check"]["id"], Subject(file), failed)
    return verdicts


def _score(program: str, folder: Path, files: Sequence[str]) -> Iterator[dict[str, Any]]:
    command = [program, "score", "-o", "json", "--all-default-optional", *files]
    done = programs.output(command, folder, TIMEOUT)
    if done.stdout.startswith(("[", "null")):
        yield from json.loads(done.stdout) or ()
    elif len(files) > 1:
        half = len(files) // 2
        yield from _score(program, folder, files[:half])
        yield from _score(program, folder, files[half:])
