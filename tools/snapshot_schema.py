"""The JSON Schema of snapshots, generated from their types."""

from __future__ import annotations

from inspect import cleandoc

import msgspec

from auditor.sources.snapshot import SCHEMA_VERSION, Snapshot


def schema_bytes() -> bytes:
    """The schema as the committed file holds it."""
    (root,), definitions = msgspec.json.schema_components([Snapshot], ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["description"] = cleandoc(definition["description"])
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:auditor:snapshot:{SCHEMA_VERSION}",
        "title": "auditor snapshot",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
