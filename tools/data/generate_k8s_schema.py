"""Make ``auditor/data/k8s_schema.json``: fields, types and required fields of the built-in kinds.

The source is kubernetes-validate's copy of the OpenAPI definitions, one set for each minor. The sets are
merged: a field is known when any release in the range knows it, so that a manifest for an older cluster is
not accused; what is required is the newest release's word, which never tightens for a stable API.

A type is one code: s string, i integer, n number, b boolean, q quantity, x int-or-string, * anything,
o any object, ``[T`` list of T, ``{T`` map of T, ``=name`` a definition.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tools.data.sources import Source, provenance, python_package, render, write

ROOT = "kubernetes_validate/kubernetes-json-schema"
REF = "#/$defs/"
PREFIXES = (
    "io.k8s.api.",
    "io.k8s.apimachinery.pkg.apis.",
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.kube-aggregator.pkg.apis.",
)
SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "s",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "s",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "o",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "o",
}
OBJECT_META = REF + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

Definitions = dict[str, dict[str, Any]]


def minors(source: Source) -> list[int]:
    """Minors with a strict set, newest first."""
    names = (re.fullmatch(r"v1\.(\d+)\.0-local-strict", folder.name) for folder in source.root.iterdir())
    return sorted((int(name[1]) for name in names if name), reverse=True)


def file_of(minor: int) -> str:
    return f"v1.{minor}.0-local-strict/_definitions.json"


def short(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def code(schema: dict[str, Any], definitions: Definitions) -> str:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        if name in SPECIAL:
            return SPECIAL[name]
        return _named(name, definitions[name])
    kinds = schema.get("type", [])
    kind = kinds if isinstance(kinds, str) else next((k for k in kinds if k != "null"), "")
    if kind == "array":
        return "[" + code(schema.get("items", {}), definitions)
    if kind == "object":
        values = schema.get("additionalProperties")
        return "{" + code(values, definitions) if isinstance(values, dict) else "o"
    return SCALARS.get(kind, "*")


def _named(name: str, definition: dict[str, Any]) -> str:
    if "properties" in definition:
        return "=" + short(name)
    return "o" if "object" in definition.get("type", ()) else "*"


def compact(definitions: Definitions) -> Definitions:
    found: Definitions = {}
    for name, definition in definitions.items():
        if "properties" not in definition:
            continue
        if short(name) in found:
            raise ValueError(f"two definitions are called {short(name)}")
        fields = {field: code(schema, definitions) for field, schema in definition["properties"].items()}
        found[short(name)] = {"fields": fields, "required": sorted(definition.get("required", []))}
    return found


def kinds_of(definitions: Definitions) -> dict[str, str]:
    """``apps/v1 Deployment`` to its definition, for every kind that is stored as an object."""
    return {
        f"{kind['group']}/{kind['version']} {kind['kind']}".removeprefix("/"): short(name)
        for name, definition in definitions.items()
        for kind in definition.get("x-kubernetes-group-version-kind", [])
        if definition.get("properties", {}).get("metadata", {}).get("$ref") == OBJECT_META
    }


def merge(newer: Definitions, older: Definitions) -> None:
    for name, definition in older.items():
        if name not in newer:
            newer[name] = definition
            continue
        newer[name]["fields"] = definition["fields"] | newer[name]["fields"]


def reachable(definitions: Definitions, roots: set[str]) -> Definitions:
    seen: set[str] = set()
    waiting = sorted(roots)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            codes = definitions[name]["fields"].values()
            waiting += [c.lstrip("[{")[1:] for c in codes if c.lstrip("[{").startswith("=")]
    return {name: definitions[name] for name in sorted(seen)}


def slim(definition: dict[str, Any]) -> dict[str, Any]:
    return definition if definition["required"] else {"fields": definition["fields"]}


def main() -> None:
    source = python_package("kubernetes-validate", ROOT)
    versions = minors(source)
    merged: Definitions = {}
    kinds: dict[str, str] = {}
    for minor in versions:
        definitions = json.loads(source.text(file_of(minor)))["$defs"]
        merge(merged, compact(definitions))
        kinds = kinds_of(definitions) | kinds
    for name in kinds.values():  # what the API server writes is not the author's to get right
        if "status" in merged[name]["fields"]:
            merged[name]["fields"]["status"] = "*"
    kept = reachable(merged, set(kinds.values()))
    table = {
        "definitions": {name: slim(definition) for name, definition in kept.items()},
        "kinds": kinds,
        "provenance": [provenance(source, [file_of(m) for m in versions], newest=f"1.{versions[0]}")],
        "releases": [f"1.{versions[-1]}", f"1.{versions[0]}"],
    }
    write("k8s_schema.json", render(table, {"definitions", "kinds"}))


if __name__ == "__main__":
    main()
