"""Make ``auditor/data/keda.json``: which metadata keys each KEDA trigger type reads, and how.

The rules are read from the struct tags of KEDA's scalers (``keda:"name=…,order=…"``), which KEDA itself
executes. Its generated ``scalers-schema.json`` says "string" for every type and lists alternative names
(``address;addresses``) as if each were required, so it serves as a cross-check only.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from tools.data.sources import Source, go_module, provenance, render, write

KEDA = ("github.com/kedacore/keda/v2", "v2.21.0")
BUILDER = "pkg/scaling/scalers_builder.go"
SCHEMA = "schema/generated/scalers-schema.json"
SCALERS = "pkg/scalers"

INTEGERS = {"int", "int8", "int16", "int32", "int64", "uint32", "uint64"}
NUMBERS = {"float32", "float64"}
ORDERS = {"triggerMetadata": "m", "resolvedEnv": "e", "authParams": "a"}
LISTS = {"enum": "allowed", "exclusiveSet": "exclusive"}
TEXTS = {"default", "deprecated", "deprecatedAnnounce", "separator"}

# Test double, not a scaler that anybody deploys.
NOT_FOR_USERS = {"external-mock"}


class Field(NamedTuple):
    name: str
    go_type: str
    tag: str


class Struct(NamedTuple):
    fields: list[Field]
    is_scaler: bool


def structs_of(text: str) -> dict[str, Struct]:
    found = {}
    for name, body in re.findall(r"(?ms)^type (\w+) struct \{\n(.*?)^\}", text):
        fields = [field for line in body.splitlines() if (field := _field(line))]
        found[name] = Struct(fields, re.search(r"(?mi)^\s*triggerIndex\s", body) is not None)
    return found


def _field(line: str) -> Field | None:
    found = re.match(r'\s*(?:(\w+)\s+)?([*\[\]\w.]+)\s+`keda:"([^"]*)"`', line)
    return Field(found[1] or "", found[2], found[3]) if found else None


def kind_of(go_type: str, named: dict[str, str]) -> str:
    """Our word for a Go type: string, int, uint, number, bool, duration, list, int-list, map or query."""
    bare = named.get(go_type.lstrip("*"), go_type.lstrip("*"))
    if bare in INTEGERS:
        return "uint" if bare.startswith("uint") else "int"
    if bare in NUMBERS:
        return "number"
    if bare.startswith("[]"):
        return "int-list" if bare[2:] in INTEGERS else "list"
    special = {"time.Duration": "duration", "url.Values": "query", "bool": "bool"}
    return special.get(bare, "map" if bare.startswith("map[") else "string")


def parameter(field: Field, named: dict[str, str], parent_optional: bool) -> dict[str, Any] | None:
    """One row from a struct tag; None for a nested struct, which has no name of its own."""
    row: dict[str, Any] = {"kind": kind_of(field.go_type, named), "optional": parent_optional}
    for part in field.tag.split(","):
        key, _, value = part.partition("=")
        key, value = key.strip(), value.strip()
        if key == "name":
            row["names"] = value.split(";")
        elif key == "order":
            row["order"] = "".join(ORDERS[place.strip()] for place in value.split(";"))
        elif key == "optional":
            row["optional"] = parent_optional or value in ("", "true")
        elif key in LISTS:
            row[LISTS[key]] = value.split(";")
        elif key == "range":
            row["range"] = value or "-"
        elif key in TEXTS:
            row[key] = value or key
        elif key:
            raise ValueError(f"unknown part {key!r} in KEDA's tag {field.tag!r}")
    if not row["optional"]:
        del row["optional"]
    return row if "names" in row else None


def parameters(
    struct: Struct, others: dict[str, Struct], named: dict[str, str], optional: bool
) -> list[dict[str, Any]]:
    rows = []
    for field in struct.fields:
        row = parameter(field, named, optional)
        if row is not None:
            rows.append(row)
        else:
            inner = others[field.go_type.lstrip("*").rsplit(".", 1)[-1]]
            rows += parameters(inner, others, named, optional or "optional" in field.tag)
    return rows


# Keys that scalers read past their struct tags, by the helper whose call betrays them. The keys
# themselves are read from the helper's source below.
HELPERS = {
    "aws/aws_common.go": r"GetAwsAuthorization|NewSigV4RoundTripper|aws\.",
    "gcp/gcp_common.go": r"\bgcp\.",
    "azure/azure_cloud_environment.go": r"\bazure\.",
}
DIRECT = re.compile(r'[tT]riggerMetadata\["(\w+)"\]|\bmetadata\["(\w+)"\]')


def extra_keys(text: str, helpers: dict[str, str]) -> set[str]:
    keys = set(_direct_keys(text))
    for file, call in HELPERS.items():
        if re.search(call, text):
            keys |= set(_direct_keys(helpers[file]))
            keys |= set(re.findall(r'Default\w+Key string = "(\w+)"', helpers[file]))
    keys |= set(re.findall(r'ParseEnvironmentProperty\(\w+, "(\w+)"', text))
    if "handleBackwardsCompatibility" in text:
        keys |= set(re.findall(r'(?m)^\t\t"(\w+)":\s+"\w+",$', text))
    return keys


def _direct_keys(text: str) -> list[str]:
    return [one or other for one, other in DIRECT.findall(text)]


def prefixes(text: str) -> list[str]:
    """Key prefixes that a scaler accepts with any ending (sumologic's ``query.A``)."""
    names = re.findall(r"CutPrefix\(key, (\w+)\)", text)
    return [value for name in names for value in re.findall(rf'{name}\s*=\s*"([^"]+)"', text)]


def sources_of(keda: Source) -> dict[str, str]:
    root = keda.root / SCALERS
    files = sorted(file for file in root.rglob("*.go") if not file.name.endswith("_test.go"))
    return {str(file.relative_to(root)): file.read_text("utf-8") for file in files}


def scalers(keda: Source) -> dict[str, dict[str, Any]]:
    texts = sources_of(keda)
    named = {n: t for text in texts.values() for n, t in re.findall(r"(?m)^type (\w+) (\[?\]?\w+)$", text)}
    others = {
        name: struct
        for text in texts.values()
        for name, struct in structs_of(text).items()
        if struct.fields and not struct.is_scaler
    }
    helpers = {file: texts[file] for file in HELPERS}
    found = {}
    cases = re.findall(r'case "([\w-]+)":\s+return scalers\.(\w+)\(', keda.text(BUILDER))
    for trigger, maker in cases:
        if trigger in NOT_FOR_USERS:
            continue
        text = next(text for text in texts.values() if re.search(rf"(?m)^func {maker}\(", text))
        struct = next(s for s in structs_of(text).values() if s.is_scaler and s.fields)
        found[trigger] = _scaler(text, parameters(struct, others, named, False), helpers)
    return found


def _scaler(text: str, rows: list[dict[str, Any]], helpers: dict[str, str]) -> dict[str, Any]:
    tagged = {name for row in rows for name in row["names"] if "m" in row.get("order", "")}
    return {
        "rows": rows,
        "extra": sorted(extra_keys(text, helpers) - tagged),
        "prefixes": prefixes(text),
        "open": "originalMetadata" in text,  # hands every key on to an external scaler
    }


def cross_check(found: dict[str, dict[str, Any]], schema: dict[str, Any]) -> None:
    """Raise when KEDA's own generated schema names other types or keys than we read."""
    theirs = {s["type"]: {p["name"] for p in s["parameters"]} for s in schema["scalers"]}
    for trigger in NOT_FOR_USERS:
        theirs.pop(trigger, None)
    ours = {trigger: {name for row in s["rows"] for name in row["names"]} for trigger, s in found.items()}
    differing = {t: ours.get(t, set()) ^ theirs.get(t, set()) for t in ours.keys() | theirs.keys()}
    wrong = {trigger: sorted(names) for trigger, names in differing.items() if names}
    if wrong:
        raise ValueError(f"KEDA's schema and its struct tags differ: {wrong}")


def main() -> None:
    keda = go_module(*KEDA)
    found = scalers(keda)
    cross_check(found, json.loads(keda.text(SCHEMA)))
    files = sorted(str(Path(SCALERS) / file) for file in sources_of(keda))
    table = {
        "also_read": {t: {k: s[k] for k in ("extra", "prefixes", "open") if s[k]} for t, s in found.items()},
        "provenance": [provenance(keda, [BUILDER, *files])],
        "scalers": {trigger: s["rows"] for trigger, s in found.items()},
    }
    write("keda.json", render(table, {"also_read", "scalers"}))


if __name__ == "__main__":
    main()
