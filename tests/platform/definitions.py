"""Custom resource definitions of the operators that the platform runs, from their Go modules; none is copied here.

``definitions.json`` records, for each project, module, version and the sha256 of every file, and of a chart as a whole;
another content is refused. ``python -m tests.platform.definitions`` writes it anew after a change of ``SOURCES``.
"""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

from auditor.yamlio import load_stream

RECORD = Path(__file__).with_name("definitions.json")


class Source(NamedTuple):
    module: str
    version: str
    files: str
    chart: str = ""
    """Where in the module the operator's chart lies, if it does."""


SOURCES = (
    Source("github.com/kedacore/keda/v2", "v2.21.0", "config/crd/bases/keda.sh_*.yaml"),
    Source("github.com/argoproj/argo-cd/v3", "v3.2.11", "manifests/crds/*-crd.yaml"),
    Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.92.0",
        "example/prometheus-operator-crd/*.yaml",
    ),
    Source(
        "github.com/aws/karpenter-provider-aws",
        "v1.14.1",
        "pkg/apis/crds/karpenter*.yaml",
        "charts/karpenter",
    ),
)


def version_of(module: str) -> str:
    """The version whose definitions are used."""
    return next(each.version for each in SOURCES if each.module == module)


def folder(source: Source) -> Path:
    """A source's module in Go's cache; downloaded and checked by Go where it is missing."""
    command = ["go", "mod", "download", "-json", f"{source.module}@{source.version}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return Path(json.loads(done.stdout)["Dir"])


def files(source: Source) -> list[Path]:
    """The files that hold a source's definitions."""
    return sorted(folder(source).glob(source.files))


def chart(module: str) -> Path:
    """The chart in a module. AssertionError where it is not as definitions.json says."""
    [source] = [each for each in SOURCES if each.module == module]
    assert recorded(source) == json.loads(RECORD.read_text())[module], (
        f"{module} is not as {RECORD.name} says"
    )
    return folder(source) / source.chart


def recorded(source: Source) -> dict[str, Any]:
    """What definitions.json holds of a source."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files(source)}
    found = {"version": source.version, "files": digests}
    return {**found, "chart": _tree_digest(folder(source) / source.chart)} if source.chart else found


def _tree_digest(root: Path) -> str:
    """Of every file's path and content, in order."""
    all_of_it = hashlib.sha256()
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        all_of_it.update(path.relative_to(root).as_posix().encode() + b"\0")
        all_of_it.update(hashlib.sha256(path.read_bytes()).digest())
    return all_of_it.hexdigest()


@functools.cache
def schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """apiVersion and kind → JSON schema that knows no field beside the declared ones."""
    record = json.loads(RECORD.read_text())
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for source in SOURCES:
        assert recorded(source) == record[source.module], f"{source.module} is not as {RECORD.name} says"
        for path in files(source):
            for document in load_stream(path.read_bytes(), path.name):
                found.update(of_definition(document.body))
    return found


def of_definition(body: Any) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """For each version of a definition: apiVersion and kind, and its schema."""
    spec = body["spec"]
    for version in spec["versions"]:
        schema = _closed(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        yield (f"{spec['group']}/{version['name']}", spec["names"]["kind"]), schema


def _closed(node: Any) -> Any:
    """The schema with unknown fields refused, as a strict API server does, and its extensions in plain JSON schema."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    properties = node.get("properties")
    schema = {key: _closed(value) for key, value in node.items() if key != "properties"}
    if isinstance(properties, dict):
        schema["properties"] = {key: _closed(value) for key, value in properties.items()}
        # The server fills defaults in before it looks.
        filled = {key for key, value in properties.items() if "default" in value}
        schema["required"] = [key for key in node.get("required", []) if key not in filled]
        if schema.get("type") == "object" and not node.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    if schema.pop("x-kubernetes-int-or-string", False):
        schema.pop("type", None)
    if schema.pop("nullable", False) and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    return schema


def errors(body: dict[str, Any]) -> list[str]:
    """Where an object breaks its definition; KeyError for a kind that none of the sources defines."""
    return errors_by(schemas()[body["apiVersion"], body["kind"]], body)


def errors_by(schema: dict[str, Any], body: dict[str, Any]) -> list[str]:
    """Where an object breaks a schema."""
    validator = jsonschema.Draft202012Validator(schema)
    return [
        f"{'.'.join(map(str, each.absolute_path))}: {each.message}" for each in validator.iter_errors(body)
    ]


if __name__ == "__main__":
    RECORD.write_text(json.dumps({each.module: recorded(each) for each in SOURCES}, indent=1) + "\n")
