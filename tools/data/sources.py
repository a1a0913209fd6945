"""Where the generated tables come from: Go modules and Python packages, read as data.

Every generator pins its source's version; the hash of what was read goes into the table's
``provenance``, so that a table can be traced to the bytes that it was made of. This is the only
place that reaches the network (the Go module proxy, by ``go mod download``).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).resolve().parents[2] / "auditor" / "data"


class Source(NamedTuple):
    """One released module or package on disk. ``date`` is the day of its release, or '' if unrecorded."""

    name: str
    version: str
    date: str
    root: Path

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def text(self, path: str) -> str:
        return self.read(path).decode("utf-8")


def go_module(path: str, version: str) -> Source:
    """Download one module version; raises CalledProcessError with Go's own message when it cannot be had."""
    with tempfile.TemporaryDirectory() as empty:  # outside any go.mod
        shown = subprocess.run(
            ["go", "mod", "download", "-json", f"{path}@{version}"],
            check=True,
            capture_output=True,
            text=True,
            cwd=empty,
        ).stdout
    module = json.loads(shown)
    released = json.loads(Path(module["Info"]).read_text("utf-8"))["Time"][:10]
    return Source(path, module["Version"], released, Path(module["Dir"]))


def python_package(name: str, folder: str) -> Source:
    """An installed distribution. Its release date is not in its metadata."""
    distribution = importlib.metadata.distribution(name)
    return Source(name, distribution.version, "", Path(str(distribution.locate_file(folder))))


def provenance(source: Source, files: list[str], **more: str) -> dict[str, Any]:
    """What was read: module, version, release date, and one sha256 over the files in this order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(source.read(file))
    found = {"source": source.name, "version": source.version, "sha256": digest.hexdigest()}
    if source.date:
        found["date"] = source.date
    listed = files if len(files) <= 4 else [f"{len(files)} files"]
    return {**found, "files": listed, **more}


def generated_at(text: str) -> str:
    """The day in a Go file's "generated at" comment."""
    found = re.search(r"generated at (\d{4}-\d{2}-\d{2})T", text)
    if found is None:
        raise ValueError("no 'generated at' comment: the file's layout has changed, look at it")
    return found.group(1)


def render(table: dict[str, Any], row_maps: set[str]) -> str:
    """JSON with sorted keys; a member of the maps in ``row_maps`` is one line, or a line an object."""
    parts = []
    for key in sorted(table):
        value = table[key]
        if key in row_maps:
            rows = ",\n".join(f"{json.dumps(name)}:{_rows(value[name])}" for name in sorted(value))
            parts.append(f"{json.dumps(key)}:{{\n{rows}\n}}")
        else:
            parts.append(f"{json.dumps(key)}:{_compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _rows(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(_compact(item) for item in value) + "]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write(name: str, text: str) -> None:
    target = DATA / name
    target.write_text(text, "utf-8")
    print(f"{target.name}: {len(text.encode())} bytes")
