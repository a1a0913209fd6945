"""The real sigs.k8s.io/yaml behind a pipe, and the comparison of its answers with the loader's.

``python -m tests.gotools.gojson DIRECTORY`` compares every YAML document below a directory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from auditor.yamlio import YamlDocument, load_stream

SOURCE = Path(__file__).parent / "yamljson"

NOT_A_DOCUMENT = "did not find expected <document start>"


class Answer(NamedTuple):
    """What Go made of a text: its JSON, or its error; for a stream the number of documents."""

    json: str
    error: str
    count: int


class Difference(NamedTuple):
    """A text that Go and the loader read differently."""

    text: bytes
    go: str
    ours: str


def binary() -> Path:
    """The helper program, built once per version of its source."""
    parts = [(SOURCE / name).read_bytes() for name in ("go.mod", "go.sum", "main.go")]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "auditor" / "bin"
    target = cache / f"yamljson-{digest}"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            built = Path(scratch) / "yamljson"
            subprocess.run(["go", "build", "-o", str(built), "."], cwd=SOURCE, check=True)
            built.replace(target)
    return target


class GoYaml:
    """A running helper program; a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> GoYaml:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def ask(self, data: bytes, *, stream: bool = False) -> Answer:
        """One text's answer."""
        sent, got = self._process.stdin, self._process.stdout
        assert sent and got
        sent.write(json.dumps({"data": base64.b64encode(data).decode(), "stream": stream}).encode() + b"\n")
        sent.flush()
        answer = json.loads(got.readline())
        return Answer(answer.get("json", ""), answer.get("error", ""), answer.get("count", 0))


def canonical(value: Any) -> str:
    """JSON text that tells 1 from 1.0 and from true, with sorted keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def ours(document: YamlDocument | None) -> str:
    """The loader's answer in the same form; a problem is "error"."""
    if document is None:
        return "null"
    return "error" if document.problem else canonical(document.body)


def differences(go: GoYaml, data: bytes) -> Iterator[Difference]:
    """Compare a text's first document as Go's Unmarshal reads it."""
    documents = load_stream(data, "probe.yaml")
    answer = go.ask(data)
    theirs = "error" if answer.error else canonical(json.loads(answer.json))
    mine = ours(documents[0] if documents else None)
    if theirs != mine:
        yield Difference(data, answer.error or theirs, documents[0].problem.what if mine == "error" else mine)


def stream_differences(go: GoYaml, data: bytes) -> Iterator[Difference]:
    """Compare every document of a stream: each one's bytes given to Go alone, and their number.

    Where a document may not follow the one before it (``...`` without ``---``), Go has to stop as well.
    """
    documents = load_stream(data, "probe.yaml")
    for document in documents:
        if document.problem and document.problem.what.endswith(NOT_A_DOCUMENT):
            if not go.ask(data, stream=True).error:
                yield Difference(data, "no error", document.problem.what)
            continue
        answer = go.ask(data[document.start : document.end])
        theirs = "error" if answer.error else canonical(json.loads(answer.json))
        if theirs != ours(document):
            yield Difference(data[document.start : document.end], answer.error or theirs, ours(document))
    if not any(document.problem for document in documents):
        counted = go.ask(data, stream=True)
        if counted.error or counted.count != len(documents):
            yield Difference(
                data, f"{counted.count} documents {counted.error}", f"{len(documents)} documents"
            )


def compare_tree(root: Path) -> tuple[int, int, list[tuple[Path, Difference]]]:
    """(files, documents that load, differences) below a directory."""
    files = documents = 0
    found: list[tuple[Path, Difference]] = []
    with GoYaml() as go:
        for path in _yaml_files(root):
            data = path.read_bytes()
            files += 1
            documents += sum(not document.problem for document in load_stream(data, "probe.yaml"))
            found.extend((path, difference) for difference in stream_differences(go, data))
    return files, documents, found


def _yaml_files(root: Path) -> Iterable[Path]:
    return sorted(
        path for path in root.rglob("*.y*ml") if path.is_file() and path.suffix in (".yaml", ".yml")
    )


def main(arguments: list[str]) -> int:
    """Print the comparison of each directory given."""
    failed = False
    for argument in arguments:
        files, documents, found = compare_tree(Path(argument))
        print(f"{argument}: {files} files, {documents} documents compared, {len(found)} differences")
        for path, difference in found[:20]:
            print(f"  {path}: go {difference.go[:200]!r} ours {difference.ours[:200]!r}")
        failed = failed or bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
