"""How fast a directory's YAML loads, in MB per second of CPU: ``python -m tests.bench.bench_yaml DIR``.

Rows: the C parser's events alone (the floor), everything parsed, CRDs skipped, and a second pass for
the places of every document.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import StreamEndEvent

from auditor.yamlio import SourceMap, load_stream

Files = list[tuple[str, bytes]]


def events(files: Files) -> None:
    """Read every event and throw it away."""
    for _, data in files:
        get = CParser(data).get_event
        try:
            while type(get()) is not StreamEndEvent:
                pass
        except YAMLError:
            continue


def load(files: Files) -> None:
    """Parse every document."""
    for path, data in files:
        load_stream(data, path)


def skip(files: Files) -> None:
    """Parse every document but CRDs."""
    for path, data in files:
        load_stream(data, path, wanted=lambda _, kind: kind != "CustomResourceDefinition")


def places(files: Files) -> None:
    """Parse every document, and find the places in each."""
    for path, data in files:
        for document in load_stream(data, path):
            SourceMap(data, document).key(("kind",))


def best(act: Callable[[Files], None], files: Files, rounds: int = 4) -> float:
    """The least CPU seconds of a few rounds."""
    seconds = []
    for _ in range(rounds):
        begun = time.process_time()
        act(files)
        seconds.append(time.process_time() - begun)
    return min(seconds)


def main(arguments: list[str]) -> int:
    """Print one row per way of reading."""
    paths = (path for path in Path(arguments[0]).rglob("*") if path.suffix in (".yaml", ".yml"))
    files = [(str(path), path.read_bytes()) for path in sorted(paths) if path.is_file()]
    megabytes = sum(len(data) for _, data in files) / 1e6
    print(f"{len(files)} files, {megabytes:.1f} MB")
    for act in (events, load, skip, places):
        seconds = best(act, files)
        print(f"{act.__name__:8} {seconds:7.3f} s {megabytes / seconds:7.1f} MB/s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
